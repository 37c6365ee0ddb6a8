"""The first handful of findings. Ids are stable; thresholds are in seconds and said where they are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from console.format import duration
from console.model import Finding, NodeName, Ref, Severity
from console.plugin import Facts, Rule
from plugins.kubernetes.checks.fates import pinned
from plugins.kubernetes.checks.scheduling import reasons
from plugins.kubernetes.checks.words import listed, pod_ref
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.sets import STATEFUL_KINDS
from plugins.kubernetes.model.tokens import Token
from plugins.kubernetes.model.volumes import Claim, Volume

_SOON, _LONG = 60.0, 300.0
_CRASHING = frozenset({"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "Error", "OOMKilled"})
_PULLING = frozenset({"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"})


def not_ready(facts: Facts, node: Node, now: float) -> Iterable[Finding]:
    """N1: a node that is not Ready, for a minute; critical after five if members of sets stand on it."""
    since = node.ready_since
    if node.ready is True or (since is not None and now - since < _SOON):
        return
    members = [
        pod.name
        for pod in facts.by(tables.PODS_BY_NODE, node.name)
        if pod.owner is not None and pod.owner.kind in STATEFUL_KINDS
    ]
    long = since is None or now - since >= _LONG
    severity = Severity.CRITICAL if members and long else Severity.HIGH if members or long else Severity.WARNING
    said = next((c for c in node.conditions if c.type == "Ready"), None)
    evidence = [f"{said.reason}: {said.message}"] if said else ["the node has no Ready condition"]
    if members:
        evidence.append(f"members there: {listed(members, 6)}")
    yield Finding(
        "kubernetes.N1",
        severity,
        Ref("node", node.name, uid=node.uid),
        f"{node.name} is {node.state}",
        tuple(evidence),
        "look at its kubelet; if the machine is off for certain, say so by the taint node.kubernetes.io/out-of-service",
        NodeName(node.name),
        since,
    )


def pressure(_facts: Facts, node: Node, _now: float) -> Iterable[Finding]:
    """N3: memory, disk or pid pressure, or no network."""
    if not node.troubles:
        return
    yield Finding(
        "kubernetes.N3",
        Severity.WARNING,
        Ref("node", node.name, uid=node.uid),
        f"{node.name} has {listed(node.troubles)}",
        tuple(f"{c.type}: {c.message}" for c in node.conditions if c.type != "Ready" and c.status == "True"),
        "free what is short, or drain the node",
        NodeName(node.name),
        max((c.since for c in node.conditions if c.status == "True" and c.type != "Ready" and c.since), default=None),
    )


def crashing(_facts: Facts, pod: Pod, _now: float) -> Iterable[Finding]:
    """P1 (containers that keep ending) and P2 (images that cannot be had)."""
    status = pod.status.removeprefix("Init:")
    pulls = status in _PULLING
    if pod.finished or (not pulls and not (status in _CRASHING and pod.restarts)):
        return
    evidence: list[str] = []
    for one in pod.containers:
        if one.last_reason:
            code = f", exit code {one.last_exit}" if one.last_exit is not None else ""
            often = "once" if one.restarts == 1 else f"{one.restarts} times"
            evidence.append(f"{one.name}: ended {often}, last {one.last_reason}{code}")
        if one.reason and one.message:
            evidence.append(f"{one.name}: {one.message}")
    yield Finding(
        "kubernetes.P2" if pulls else "kubernetes.P1",
        Severity.HIGH if pod.owner is not None and pod.owner.kind in STATEFUL_KINDS else Severity.WARNING,
        pod_ref(pod),
        f"{pod.key}: {pod.status}",
        tuple(evidence),
        "check the image's name and the registry" if pulls else "read the previous log (l, then p)",
        NodeName(pod.node),
        pod.ready_since,
    )


def unschedulable(facts: Facts, pod: Pod, now: float) -> Iterable[Finding]:
    """P5, and V6 where it is the volume that holds the pod: then the node it waits for is named."""
    if not pod.unschedulable or now - pod.created < _SOON:
        return
    parts = tuple(f"{count} node{'' if count == 1 else 's'}: {why}" for count, why in reasons(pod.message))
    held = pinned(pod, facts)
    hosts = sorted({host for volume in held for host in volume.hosts})
    if hosts:
        yield _waits(pod, hosts, facts, parts, held)
        return
    yield Finding(
        "kubernetes.P5",
        Severity.WARNING,
        pod_ref(pod),
        f"{pod.key} finds no node",
        parts or (pod.message,),
        "make room, or change what it asks for",
        since=pod.created,
    )


def _waits(pod: Pod, hosts: list[str], facts: Facts, parts: tuple[str, ...], held: tuple[Volume, ...]) -> Finding:
    nodes = {host: facts.get(tables.NODES, host) for host in hosts}
    gone = [host for host, node in nodes.items() if node is None]
    states = [f"{host} is {node.state if node else 'gone'}" for host, node in nodes.items()]
    paths = [f"{volume.name} lies on {', '.join(volume.hosts)} in {volume.path}" for volume in held]
    return Finding(
        "kubernetes.V6",
        Severity.HIGH if gone else Severity.WARNING,
        pod_ref(pod),
        f"{pod.key} waits for {listed(hosts)}",
        (*states, *paths, *parts),
        "bring the node back under this name, or give the volume up" if gone else "bring the node back and uncordon it",
        NodeName(hosts[0]),
        pod.created,
    )


def orphaned(facts: Facts, volume: Volume | Claim, _now: float) -> Iterable[Finding]:
    """V5: a volume in use whose node is not there any more."""
    nodes = facts.snapshot(tables.NODES)
    if isinstance(volume, Claim) or not volume.local or volume.phase != "Bound" or not nodes.complete:
        return
    if any(facts.get(tables.NODES, host) is not None for host in volume.hosts):
        return
    yield Finding(
        "kubernetes.V5",
        Severity.HIGH,
        Ref("persistentvolume", volume.name, uid=volume.uid),
        f"{volume.name} lies on {listed(volume.hosts)}, which is gone",
        (f"{volume.source} {volume.path}", f"claim {volume.claim}"),
        "join the node again under the same name; the data is on its disk",
        NodeName(volume.hosts[0]),
    )


def unsatisfiable(_facts: Facts, budget: Budget, _now: float) -> Iterable[Finding]:
    """B1: a budget that never lets a pod go, so that a drain can never end."""
    if not budget.unsatisfiable:
        return
    yield Finding(
        "kubernetes.B1",
        Severity.WARNING,
        Ref("poddisruptionbudget", budget.name, budget.namespace, budget.uid),
        f"{budget.key} never lets a pod go",
        (f"{budget.demand} of {budget.expected} pods, {budget.healthy} healthy",),
        "allow one to be away (maxUnavailable 1), or add a replica",
    )


def everlasting(_facts: Facts, token: Token, now: float) -> Iterable[Finding]:
    """C5: a join token that never expires, or not within a day."""
    if token.valid and token.expires is not None and token.expires - now <= 86_400:  # noqa: PLR2004 - a day
        return
    left = "never expires" if token.expires is None else f"expires in {duration(token.expires - now)}"
    yield Finding(
        "kubernetes.C5",
        Severity.INFO,
        Ref("token", token.id, "kube-system", token.uid),
        f"bootstrap token {token.id} {left if token.valid else 'has an expiry that cannot be read'}",
        (f"groups {listed(token.groups)}", f"usages {listed(token.usages)}"),
        "revoke it (:tokens) and mint short ones when they are needed",
        since=token.created,
    )


def _all() -> Iterator[Rule[Any]]:
    yield Rule("kubernetes.N1", Severity.CRITICAL, tables.NODES, not_ready)
    yield Rule("kubernetes.N3", Severity.WARNING, tables.NODES, pressure)
    yield Rule("kubernetes.P1", Severity.WARNING, tables.PODS, crashing)
    yield Rule("kubernetes.P5", Severity.WARNING, tables.PODS, unschedulable)
    yield Rule("kubernetes.V5", Severity.HIGH, tables.STORAGE, orphaned)
    yield Rule("kubernetes.B1", Severity.WARNING, tables.BUDGETS, unsatisfiable)
    yield Rule("kubernetes.C5", Severity.INFO, tables.TOKENS, everlasting)


RULES: tuple[Rule[Any], ...] = tuple(_all())
