"""Nodes that are not ready: which pods will not terminate, why, and what only a person may do about it."""

from __future__ import annotations

from typing import Any

from console.plugin import Target
from plugins.kubernetes.checks.verdict import pods
from tests.plugins.kubernetes.checks.judging import DECIDE, UNKNOWN, about, cluster, judged
from tests.plugins.kubernetes.rows import World, node, pod, replica

OFF = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}


def world(ready: str, **spec: Any) -> World:
    made = cluster().put("nodes", node("n1", ready=ready, **spec))
    made.put("daemonsets", {"metadata": {"name": "agent", "namespace": "ns"}})
    made.put("pods", replica("web-1"), replica("web-2", "n2"), pod("agent-1", owner="DaemonSet/agent"))
    return made


def test_pods_of_a_silent_node_will_not_terminate_and_the_taint_is_explained() -> None:
    (reason,) = about(judged(world("Unknown")), "nodes")
    assert reason.answer is UNKNOWN
    assert "n1 is not heard since 13 min: nobody would confirm that its pods have stopped" in reason.text
    assert "1 pod (web-1) would stay Terminating" in reason.text
    assert "kubectl taint nodes n1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute" in reason.text
    assert "That is never done from here" in reason.text
    told = {each.subject.name: each for each in pods(world("Unknown").facts, Target("drain", ("n1",)))}  # type: ignore[arg-type]
    assert told["web-1"].answer is UNKNOWN
    assert "will not terminate: the kubelet of n1 is silent" in told["web-1"].reasons[-1].text
    assert told["agent-1"].reasons == ()


def test_a_node_that_somebody_declared_off_is_a_decision() -> None:
    made = world("Unknown", taints=[OFF])
    (reason,) = about(judged(made), "nodes")
    assert (reason.answer, reason.decision) == (DECIDE, "dead-node")
    assert "1 pod (web-1) would be deleted and their volumes detached without its word" in reason.text
    told = {each.subject.name: each for each in pods(made.facts, Target("drain", ("n1",)))}  # type: ignore[arg-type]
    assert [one.decision for one in told["web-1"].reasons] == ["dead-node"]


def test_a_kubelet_that_speaks_and_is_not_ready_is_a_decision_with_its_own_words() -> None:
    made = node("n1", ready="False")
    made["status"]["conditions"][0]["message"] = "container runtime is down"
    (reason,) = about(judged(cluster().put("nodes", made)), "nodes")
    assert (reason.answer, reason.decision) == (DECIDE, "not-ready")
    assert "n1 is not ready since 13 min (container runtime is down): its kubelet speaks" in reason.text
