"""Verdict vectors: room elsewhere, the control plane, what cannot be known, and the recorded cluster."""

from __future__ import annotations

from typing import Any

import pytest

from console.model import Answer, Reason, SourceState
from console.plugin import Target
from plugins.kubernetes.checks.verdict import READS, verdict
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.checks.judging import DECIDE, NO, SAFE, UNKNOWN, about, cluster, judged
from tests.plugins.kubernetes.rows import (
    LAB,
    World,
    lab,
    local_volume,
    node,
    pod,
    replica,
    using,
)


def _hungry(name: str, cpu: str, on: str = "n1", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}]
    return replica(name, on, of=name, spec={"containers": containers, **spec})


def test_a_pod_that_fits_nowhere_is_no_with_need_and_have() -> None:
    world = cluster("n1", "n2").put("pods", _hungry("big", "3"), _hungry("there", "2", "n2"))
    found = about(judged(world), "room elsewhere")
    assert [reason.answer for reason in found] == [NO]
    assert found[0].text == (
        "1 of 1 like ns/big find no room: needs 3 cores and 1Gi, the roomiest of 1 has 2 and 15Gi left"
    )


def test_pods_that_fit_one_by_one_but_not_together_are_counted() -> None:
    world = cluster("n1", "n2").put("pods", *(_hungry(f"b{n}", "1500m") for n in range(3)))
    found = [reason for reason in about(judged(world), "room elsewhere") if reason.answer is NO]
    assert len(found) == 1
    assert "1 and 14Gi left" in found[0].text


def test_taints_selectors_and_affinities_leave_no_node() -> None:
    tainted = node("n2", taints=[{"key": "dedicated", "value": "pulsar", "effect": "NoSchedule"}])
    world = World().put(
        "nodes", node("n1"), tainted, node("n3", unschedulable=True), node("n4", labels={"disk": "hdd"})
    )
    world.put("pods", _hungry("picky", "1", nodeSelector={"disk": "ssd"}))
    text = about(judged(world), "room elsewhere")[0].text
    assert "no node can take it" in text
    assert "1 with taint dedicated=pulsar:NoSchedule" in text
    assert "1 with another node selector" in text
    world.put("nodes", node("n5", labels={"disk": "ssd"}))
    assert about(judged(world), "room elsewhere")[0].answer is SAFE


def test_a_network_volume_holds_a_pod_in_its_zone() -> None:
    world = World().put("nodes", *(node(name, labels={"zone": zone}) for name, zone in (("n1", "a"), ("n2", "b"))))
    volume, claim = local_volume("data", "unused")
    volume["spec"] |= {"local": None, "csi": {"driver": "disk"}}
    volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0] |= {
        "key": "zone",
        "values": ["a"],
    }
    world.put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
    world.put("pods", replica("web-1", spec=using("data")), replica("web-2", "n2"))
    assert "1 with no way to its volume" in about(judged(world), "room elsewhere")[0].text


def test_a_full_node_by_number_of_pods_takes_none() -> None:
    full = node("n2")
    full["status"]["allocatable"]["pods"] = "1"
    world = World().put("nodes", node("n1"), full).put("pods", replica("web-1"), replica("web-2", "n2"))
    assert about(judged(world), "room elsewhere")[0].answer is NO


# ------------------------------------------------------------------------------------------------------ control plane


def _static(component: str, on: str, **more: Any) -> dict[str, Any]:
    meta = {"labels": {"component": component}, "annotations": {"kubernetes.io/config.mirror": "x"}}
    return pod(f"{component}-{on}", on, meta=meta, **more)


@pytest.mark.parametrize(
    ("masters", "sick", "answer", "words"),
    [
        (1, 0, NO, "0 of 1 members would be left, quorum 1"),
        (2, 0, NO, "1 of 2 members would be left, quorum 2"),
        (3, 0, SAFE, "2 of 3 members would be left, quorum 2"),
        (3, 1, NO, "1 of 3 members would be left, quorum 2"),
        (5, 1, SAFE, "3 of 5 members would be left, quorum 3"),
    ],
)
def test_the_quorum_of_etcd_decides_about_a_control_plane_node(
    masters: int, sick: int, answer: Answer, words: str
) -> None:
    names = [f"n{n + 1}" for n in range(masters)]
    world = cluster(*names).put("pods", *(_static("etcd", n, ready=i < masters - sick) for i, n in enumerate(names)))
    found = about(judged(world), "etcd")
    assert [reason.answer for reason in found] == [answer]
    assert words in found[0].text


def test_the_last_api_server_does_not_go() -> None:
    world = cluster().put("pods", _static("kube-apiserver", "n1"))
    assert [reason.answer for reason in about(judged(world), "control plane")] == [NO]
    world.put("pods", _static("kube-apiserver", "n2"))
    assert judged(world).answer is SAFE


# ------------------------------------------------------------------------------------------------ what cannot be known


def test_an_unknown_node_and_one_that_is_not_heard_are_unknown() -> None:
    assert judged(cluster(), "nowhere").leading == Reason(
        UNKNOWN, "nodes", "there is no node nowhere", judged(cluster(), "nowhere").reasons[0].subject
    )
    world = cluster().put("nodes", node("n1", ready="Unknown"))
    assert "nobody would confirm" in judged(world).reasons[0].text


@pytest.mark.parametrize("table", READS, ids=lambda table: table.name)
def test_a_table_that_is_old_or_forbidden_makes_the_verdict_unknown(table: Any) -> None:
    for state in (SourceState.STALE, SourceState.FORBIDDEN):
        world = cluster()
        world.store.rows(LAB, table).failed(state, "no answer")
        found = judged(world)
        assert found.answer is UNKNOWN
        assert [reason.topic for reason in found.reasons] == [table.name]
        assert "no answer" in found.reasons[0].text


def test_a_table_that_shows_only_some_namespaces_makes_the_verdict_unknown() -> None:
    world = cluster()
    world.store.rows(LAB, tables.PODS).note("only namespaces kafka")
    assert judged(world).answer is UNKNOWN


def test_tables_that_were_never_read_make_the_verdict_unknown() -> None:
    world = cluster()
    world.store.forget(LAB)
    found = verdict(world.store.facts(LAB), Target("drain", ("n1",)))  # type: ignore[arg-type]
    assert {reason.topic for reason in found.reasons} == {table.name for table in READS}


# ---------------------------------------------------------------------------------------------------- the recorded lab


def test_the_reference_cluster_says_why_its_nodes_are_what_they_are() -> None:
    world = lab()
    master = judged(world, "k8s-master1")
    assert (master.answer, master.leading.text if master.leading else "") == (
        NO,
        "etcd: 0 of 1 members would be left, quorum 1",
    )
    first = judged(world, "node1")
    assert first.answer is DECIDE
    texts = [reason.text for reason in first.reasons if reason.decision == "stays-pending"]
    assert any(text.startswith("pulsar-zookeeper 2 of 3 while node1 is out: pulsar-zookeeper-0") for text in texts)
    assert any(text.startswith("pulsar-bookie 2 of 3 while node1 is out: pulsar-bookie-0") for text in texts)
    assert any("quorum of pulsar/pulsar-zookeeper: 2 of 3" in reason.text for reason in first.reasons)
