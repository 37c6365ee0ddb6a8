"""Nodes that are not ready: a plan of their own, for a pod is gone only when its kubelet says that it has stopped.

A kubelet that speaks and says "not ready" may still stop pods. One that is silent confirms nothing: its pods stay
Terminating for ever, and their volumes attached, until the node is back, or a person who knows that the machine is off
says so with the taint `node.kubernetes.io/out-of-service`. That taint is explained here and never set: on a machine
that still runs it makes two writers of one volume.
"""

from __future__ import annotations

from collections.abc import Iterator

from console.format import duration
from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.fates import EVICTED, Fate
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed, pod_ref, pods
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.pods import Pod

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
DEAD_NODE, NOT_READY = "dead-node", "not-ready"
_TOPIC = "nodes"


def node_reasons(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """Nodes that are not there, not heard, or not ready."""
    for name in sorted(stand.nodes):
        node = facts.get(tables.NODES, name)
        if node is None:
            yield Reason(Answer.UNKNOWN, _TOPIC, f"there is no node {name}", Ref("node", name))
        elif node.ready is False:
            yield _not_ready(node, facts.now)
        elif node.ready is None:
            leaving = [pod for pod, its in stand.pods if pod.node == name and (its in EVICTED or its is Fate.LEAVING)]
            yield _silent(node, leaving, facts.now)


def confirms(pod: Pod, facts: Facts) -> Reason | None:
    """What keeps a pod of a silent node from ever being gone; None where its kubelet speaks."""
    node = facts.get(tables.NODES, pod.node)
    if node is None or node.ready is not None:
        return None
    if _declared_off(node):
        text = f"is deleted without its kubelet's word: {pod.node} carries the out-of-service taint"
        return Reason(Answer.DECIDE, "kubelet", text, pod_ref(pod), DEAD_NODE)
    text = f"will not terminate: the kubelet of {pod.node} is silent, nobody confirms that it has stopped"
    return Reason(Answer.UNKNOWN, "kubelet", text, pod_ref(pod))


def _not_ready(node: Node, now: float) -> Reason:
    said = next((one for one in node.conditions if one.type == "Ready"), None)
    why = f" ({said.message or said.reason})" if said is not None else ""
    text = f"{node.name} is not ready{_since(node, now)}{why}: its kubelet speaks, so pods stop if its runtime works"
    return Reason(Answer.DECIDE, _TOPIC, text, Ref("node", node.name, uid=node.uid), NOT_READY)


def _silent(node: Node, leaving: list[Pod], now: float) -> Reason:
    """Which pods will not terminate and why, and what only a person may do about it."""
    subject, name = Ref("node", node.name, uid=node.uid), node.name
    count = f"{pods(len(leaving))} ({listed([pod.name for pod in leaving])})" if leaving else "no pods"
    if _declared_off(node):
        text = (
            f"{name} is not heard{_since(node, now)} and carries the out-of-service taint: somebody says that it is "
            f"off, so {count} would be deleted and their volumes detached without its word"
        )
        return Reason(Answer.DECIDE, _TOPIC, text, subject, DEAD_NODE)
    text = (
        f"{name} is not heard{_since(node, now)}: nobody would confirm that its pods have stopped, so {count} would "
        f"stay Terminating. Bring it back; or, only when the machine is surely off (power, not the network), say so: "
        f"`kubectl taint nodes {name} {OUT_OF_SERVICE}=nodeshutdown:NoExecute`. The cluster then deletes its pods and "
        "detaches their volumes; if it still runs, two pods write one volume. That is never done from here; take the "
        "taint off before the node comes back"
    )
    return Reason(Answer.UNKNOWN, _TOPIC, text, subject)


def _declared_off(node: Node) -> bool:
    return any(taint.key == OUT_OF_SERVICE for taint in node.taints)


def _since(node: Node, now: float) -> str:
    return f" since {duration(now - node.ready_since)}" if node.ready_since else ""
