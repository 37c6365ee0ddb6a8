from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from console.model import Finding, Severity
from plugins.kubernetes.checks.rules import RULES
from plugins.kubernetes.checks.scheduling import reasons
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.rows import World, budget, local_volume, member, node, pod, recorded, using

NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


def found(world: World, now: float = NOW) -> Sequence[Finding]:
    return [
        finding
        for rule in RULES
        for row in world.facts.rows(rule.reads).values()
        for finding in rule.check(world.facts, row, now)
    ]


def ids(world: World, now: float = NOW) -> list[str]:
    return [finding.id for finding in found(world, now)]


def test_a_healthy_recorded_cluster_has_only_the_findings_that_are_true_of_it() -> None:
    from tests.plugins.kubernetes.rows import lab

    world = lab()
    now = world.facts.rows(tables.NODES)["node1"].created + 3600
    assert [(one.id, one.subject.name) for one in found(world, now)] == [("kubernetes.C5", "forevr")]


@pytest.mark.parametrize(
    ("after", "there", "severity"),
    [
        (30, (), None),
        (90, (), Severity.WARNING),
        (400, (), Severity.HIGH),
        (90, (0,), Severity.HIGH),
        (400, (0,), Severity.CRITICAL),
    ],
)
def test_n1_grows_with_time_and_with_members_on_the_node(
    after: float, there: tuple[int, ...], severity: Severity | None
) -> None:
    world = World().put("nodes", node("n1", ready="Unknown"))
    world.put("pods", *(member(number, "n1") for number in there))
    since = world.facts.rows(tables.NODES)["n1"].ready_since
    assert since is not None
    assert [one.severity for one in found(world, since + after)] == ([severity] if severity is not None else [])


def test_n3_names_the_pressure() -> None:
    thing = node("n1")
    thing["status"]["conditions"].append({"type": "DiskPressure", "status": "True", "message": "disk is full"})
    (one,) = found(World().put("nodes", thing))
    assert one.id == "kubernetes.N3"
    assert "disk pressure" in one.title
    assert one.evidence == ("DiskPressure: disk is full",)


def _stuck(reason: str, *, restarts: int = 3, last: dict[str, Any] | None = None) -> dict[str, Any]:
    state = {
        "name": "main",
        "restartCount": restarts,
        "state": {"waiting": {"reason": reason, "message": "back-off 40s"}},
        "lastState": last or {},
    }
    return pod("web-1", owner="ReplicaSet/web", ready=False, status={"containerStatuses": [state]})


def test_p1_tells_the_last_end_and_p2_the_image() -> None:
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2023-11-14T22:00:00Z"}}
    (one,) = found(World().put("pods", _stuck("CrashLoopBackOff", last=last)))
    assert one.id == "kubernetes.P1"
    assert one.evidence == ("main: ended 3 times, last OOMKilled, exit code 137", "main: back-off 40s")
    (once,) = found(World().put("pods", _stuck("CrashLoopBackOff", restarts=1, last=last)))
    assert once.evidence[0] == "main: ended once, last OOMKilled, exit code 137"
    assert ids(World().put("pods", _stuck("ImagePullBackOff", restarts=0))) == ["kubernetes.P2"]


def _pending(message: str, **more: Any) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return member(0, "", ready=False, status={"phase": "Pending", "conditions": [condition]}, **more)


def test_p5_counts_the_scheduler_s_reasons() -> None:
    world = World().put("pods", _pending("0/7 nodes are available: 3 Insufficient cpu, 4 node(s) were unschedulable."))
    (one,) = found(world)
    assert one.id == "kubernetes.P5"
    assert one.evidence == ("4 nodes: cordoned", "3 nodes: too little CPU free")
    assert ids(world, now=world.facts.rows(tables.PODS)["ns/zk-0"].created + 10) == []


def test_v6_names_the_node_and_the_path_that_a_pod_waits_for() -> None:
    volume, claim = local_volume("data", "n1", "/disk/zk")
    world = World().put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
    world.put("nodes", node("n1", unschedulable=True))
    world.put("pods", _pending("0/1 nodes are available: 1 node(s) were unschedulable.", spec=using("data")))
    (one,) = found(world)
    assert (one.id, one.node, one.severity) == ("kubernetes.V6", "n1", Severity.WARNING)
    assert one.evidence[:2] == ("n1 is Ready,cordoned", "pv-data lies on n1 in /disk/zk")
    world.drop(tables.NODES, "n1")
    assert sorted(ids(world)) == ["kubernetes.V5", "kubernetes.V6"]


def test_b1_is_a_budget_that_never_lets_a_pod_go() -> None:
    never = budget("b", "a", healthy=3, desired=3, allowed=0, spec={"maxUnavailable": 0}, status={"expectedPods": 3})
    fine = budget("c", "a", healthy=2, desired=2, allowed=0, status={"expectedPods": 3})
    assert ids(World().put("poddisruptionbudgets", never, fine)) == ["kubernetes.B1"]


def test_c5_never_tells_a_secret() -> None:
    world = World().put("secrets", *recorded("secrets"))
    for one in found(world):
        assert "fedcba" not in repr(one)


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("", ()),
        ("something else", ()),
        (
            (
                "0/7 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
                "2 node(s) had volume node affinity conflict, 4 Insufficient memory. preemption: "
                "0/7 nodes are available: 3 Preemption is not helpful for scheduling, 4 No preemption victims found."
            ),
            (
                (4, "too little memory free"),
                (2, "its volume lies on another node"),
                (1, "taint node-role.kubernetes.io/control-plane"),
            ),
        ),
        ("0/2 nodes are available: 2 node(s) felt odd.", ((2, "felt odd"),)),
    ],
)
def test_the_scheduler_s_message_is_taken_apart(message: str, parts: tuple[tuple[int, str], ...]) -> None:
    assert reasons(message) == parts
