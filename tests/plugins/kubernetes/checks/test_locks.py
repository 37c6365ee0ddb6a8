"""Locks of other tools: honoured in the verdict, shown as who has a node; what is not there is no lock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.model import Answer
from plugins.kubernetes.checks.locks import holders
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.locks import kured_locks
from tests.clock import FakeClock
from tests.plugins.kubernetes.checks.judging import DECIDE, NO, SAFE, UNKNOWN, about, cluster, judged
from tests.plugins.kubernetes.rows import LAB, World, node, replica

NOW = FakeClock().now()


def told(world: World, *nodes: str) -> list[tuple[Answer, str]]:
    return [(reason.answer, reason.text) for reason in about(judged(world, *nodes), "locks")]


def stamp(ago: float) -> str:
    import datetime

    return datetime.datetime.fromtimestamp(NOW - ago, tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def maintenance(on: str, **status: Any) -> dict[str, Any]:
    meta = {"name": f"m-{on}", "creationTimestamp": stamp(600)}
    return {"metadata": meta, "spec": {"nodeName": on, "reason": "new disk"}, "status": status}


def lease(on: str, ago: float, holder: str = "node-maintenance") -> dict[str, Any]:
    spec = {"holderIdentity": holder, "renewTime": stamp(ago), "leaseDurationSeconds": 3600}
    return {"metadata": {"name": f"node-{on}", "namespace": "medik8s-leases"}, "spec": spec}


def kured(*on: str, text: str = "", ttl: int = 0, ago: float = 120) -> dict[str, Any]:
    """Kured's DaemonSet with its lock; several nodes as newer versions write them."""
    each = [{"nodeID": one, "metadata": {"unschedulable": False}, "created": stamp(ago), "TTL": ttl} for one in on]
    value = text or json.dumps(each[0] if len(each) == 1 else {"maxOwners": 2, "locks": each})
    annotations = {"weave.works/kured-node-lock": value} if each or text else {}
    return {"metadata": {"name": "kured", "namespace": "ns", "annotations": annotations}}


def test_nothing_is_locked_where_nothing_is_there() -> None:
    assert told(cluster()) == []
    assert told(cluster().put("daemonsets", kured())) == []


def test_medik8s_in_maintenance_holds_its_node_and_concerns_the_others() -> None:
    world = cluster().put("nodemaintenances", maintenance("n1", phase="Running", drainProgress=40))
    ((answer, text),) = told(world)
    assert answer is NO
    assert text.startswith("medik8s holds n1 since 10 min: NodeMaintenance m-n1 (new disk, Running, 40 % drained)")
    ((answer, text),) = told(world, "n2")
    assert (answer, "medik8s works on n1" in text) == (DECIDE, True)
    assert about(judged(world, "n2"), "locks")[0].decision == "foreign-lock"


@pytest.mark.parametrize(
    ("ago", "holder", "answers"),
    [(60, "node-maintenance", [NO]), (3601, "node-maintenance", [DECIDE]), (60, "", [])],
)
def test_a_lease_of_medik8s_holds_until_it_runs_out(ago: float, holder: str, answers: list[Answer]) -> None:
    world = cluster().put("medik8s-leases", lease("n1", ago, holder))
    assert [answer for answer, _ in told(world)] == answers


def test_kured_s_lock_on_its_daemon_set() -> None:
    world = cluster().put("daemonsets", kured("n1"))
    assert [answer for answer, _ in told(world)] == [NO]
    assert "kured holds n1 since 2 min: DaemonSet ns/kured" in told(world)[0][1]
    assert [answer for answer, _ in told(world, "n2")] == [DECIDE]
    several = cluster().put("daemonsets", kured("n1", "n2"))
    assert [answer for answer, _ in told(several, "n2")] == [DECIDE, NO]


def test_kured_s_lock_that_has_run_out_is_a_decision_and_one_that_cannot_be_read_unknown() -> None:
    minute = 60 * 10**9
    world = cluster().put("daemonsets", kured("n1", ttl=minute))
    assert told(world) == [
        (DECIDE, "DaemonSet ns/kured of kured on n1 ran out 1 min ago (kured reboots it)"),
    ]
    assert [answer for answer, _ in told(cluster().put("daemonsets", kured(text="{broken")))] == [UNKNOWN]
    for text in ("[]", '{"locks": [{}]}', '{"nodeID": "n1", "created": "yesterday"}'):
        assert [lock.node for lock in kured_locks(text, "ns/kured")] == ["?"]


@pytest.mark.parametrize(
    ("key", "effect", "answer", "words"),
    [
        ("ToBeDeletedByClusterAutoscaler", "NoSchedule", NO, "cluster-autoscaler has tainted n1"),
        ("DeletionCandidateOfClusterAutoscaler", "PreferNoSchedule", DECIDE, "it may delete the node soon"),
        ("karpenter.sh/disrupted", "NoSchedule", NO, "karpenter has tainted n1"),
        ("medik8s.io/drain", "NoSchedule", NO, "medik8s has tainted n1"),
    ],
)
def test_taints_of_autoscalers(key: str, effect: str, answer: Answer, words: str) -> None:
    world = cluster().put("nodes", node("n1", taints=[{"key": key, "effect": effect}]))
    ((found, text),) = told(world)
    assert (found, words in text) == (answer, True)
    assert told(world, "n2") == []


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("weave.works/kured-reboot-in-progress", NO),
        ("cluster-autoscaler.kubernetes.io/scale-down-disabled", SAFE),
        ("upgrade.cattle.io/plan", DECIDE),
    ],
)
def test_marks_on_the_node(key: str, answer: Answer) -> None:
    marked = node("n1")
    marked["metadata"]["annotations"] = {key: "true"}
    assert [found for found, _ in told(cluster().put("nodes", marked))] == [answer]


@pytest.mark.parametrize(
    "annotations",
    [{"karpenter.sh/do-not-disrupt": "true"}, {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}],
)
def test_pods_that_ask_not_to_be_disturbed_are_a_decision(annotations: dict[str, str]) -> None:
    world = cluster().put("pods", replica("web-1", meta={"annotations": annotations}), replica("web-2", "n2"))
    (reason,) = about(judged(world), "locks")
    assert (reason.answer, reason.decision) == (DECIDE, "do-not-disrupt")
    assert f"ns/web-1 ({next(iter(annotations))}" in reason.text


def test_locks_that_cannot_be_read_are_unknown() -> None:
    world = cluster()
    world.store.rows(LAB, tables.LOCKS).note("nodemaintenances: no right to list")
    assert judged(world).answer is UNKNOWN


def test_who_has_a_node() -> None:
    world = cluster().put("nodemaintenances", maintenance("n1")).put("daemonsets", kured("n1", "n2"))
    world.put("medik8s-leases", lease("n3", 4000))
    held = {name: holders(row, world.facts) for name, row in world.facts.rows(tables.NODES).items()}
    assert held == {"n1": ("kured", "medik8s"), "n2": ("kured",), "n3": ()}
