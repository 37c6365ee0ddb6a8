"""Recorded objects of a real API server, and the odd cases that it does not have."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plugins.kubernetes.model.budgets import scaled, wanted
from plugins.kubernetes.model.usage import PodMetricsWire, PodUse, SummaryWire, pod_use_row, summary_row
from plugins.kubernetes.model.volumes import Volume
from tests.plugins.kubernetes.rows import DATA, KINDS, budget, local_volume, node, recorded, row


@pytest.mark.parametrize("kind", [kind for kind in KINDS if (DATA / f"{kind}.json").exists()])
def test_every_recorded_object_becomes_one_row_with_a_key_of_its_own(kind: str) -> None:
    things = recorded(kind)
    keys = {KINDS[kind][0].key(row(kind, thing)) for thing in things}
    assert len(keys) == len(things) > 0


def test_nodes_say_state_roles_pool_and_room() -> None:
    rows = {one.name: one for one in (row("nodes", thing) for thing in recorded("nodes"))}
    assert rows["node1"].state == "Ready"
    assert rows["node1"].roles == ("pulsar",)
    assert rows["node1"].pool == "pulsar"
    assert (rows["node1"].cpu, rows["node1"].memory, rows["node1"].pods) == (15500, 62 * 2**30, 250)
    assert rows["k8s-master1"].control_plane
    assert not rows["k8s-master1"].pool


def test_a_node_whose_kubelet_is_not_heard_is_unknown_and_a_cordon_is_said() -> None:
    lost = row("nodes", node("n1", ready="Unknown", unschedulable=True))
    assert lost.ready is None
    assert lost.state == "Unknown,cordoned"
    assert not lost.usable
    assert row("nodes", node("n2", ready="False")).state == "NotReady"


def test_marks_on_nodes_say_who_holds_them() -> None:
    thing = node("n1", unschedulable=True)
    thing["metadata"]["annotations"] = {
        "pilothouse/cordoned-by": "oncall from bastion",
        "weave.works/kured-node-lock": "{}",
        "other": "x",
    }
    made = row("nodes", thing)
    assert [(mark.name, mark.by) for mark in made.marks] == [
        ("pilothouse/cordoned-by", "pilothouse"),
        ("weave.works/kured-node-lock", "kured"),
    ]


def test_a_set_knows_its_rules_and_a_pod_set_has_one_form_with_it() -> None:
    made = {one.name: one for one in (row("statefulsets", thing) for thing in recorded("statefulsets"))}
    zookeeper = made["pulsar-zookeeper"]
    assert (zookeeper.key, zookeeper.replicas, zookeeper.policy) == (
        "pulsar/StatefulSet/pulsar-zookeeper",
        3,
        "OrderedReady",
    )
    assert zookeeper.templates[0].size == 20 * 2**30
    assert not zookeeper.rolling
    wire: dict[str, Any] = {
        "metadata": {"name": "kafka", "namespace": "k"},
        "spec": {"pods": [{}, {}]},
        "status": {"readyPods": 1},
    }
    pod_set = row("strimzipodsets", wire)
    assert (pod_set.key, pod_set.replicas, pod_set.ready) == ("k/StrimziPodSet/kafka", 2, 1)


@pytest.mark.parametrize(
    ("kind", "spec", "status", "word"),
    [
        ("deployments", {"replicas": 2}, {"readyReplicas": 2, "updatedReplicas": 2}, "ok"),
        ("deployments", {"replicas": 2}, {"readyReplicas": 1, "updatedReplicas": 2}, "degraded"),
        ("deployments", {"replicas": 2}, {"readyReplicas": 2, "updatedReplicas": 1}, "rolling"),
        ("deployments", {"replicas": 0}, {}, "scaled to 0"),
        ("deployments", {"paused": True}, {"readyReplicas": 1, "updatedReplicas": 1}, "paused"),
        (
            "deployments",
            {},
            {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]},
            "stuck",
        ),
        ("daemonsets", {}, {"desiredNumberScheduled": 3, "numberReady": 0, "updatedNumberScheduled": 3}, "down"),
        ("jobs", {"completions": 2}, {"active": 1}, "running"),
        ("jobs", {}, {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1}, "complete"),
        ("jobs", {}, {"conditions": [{"type": "Failed", "status": "True", "message": "too often"}]}, "failed"),
        ("jobs", {"suspend": True}, {}, "suspended"),
        ("cronjobs", {"schedule": "* * * * *"}, {"active": [{"name": "x"}]}, "running"),
    ],
)
def test_a_workload_has_one_word_for_how_it_is(
    kind: str, spec: dict[str, Any], status: dict[str, Any], word: str
) -> None:
    assert row(kind, {"metadata": {"name": "w", "namespace": "n"}, "spec": spec, "status": status}).status == word


def test_a_local_volume_is_bound_to_its_host_and_a_zonal_one_is_not() -> None:
    volume = row("persistentvolumes", local_volume("data", "n1", "/disk")[0])
    assert isinstance(volume, Volume)
    assert (volume.hosts, volume.source, volume.path, volume.claim) == (("n1",), "local", "/disk", "ns/data")
    thing = local_volume("data", "n1")[0]
    thing["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]["key"] = "zone"
    assert row("persistentvolumes", thing).hosts == ()


@pytest.mark.parametrize(
    ("value", "total", "count"), [(2, 3, 2), ("50%", 3, 2), ("33%", 3, 1), ("100%", 7, 7), ("0%", 7, 0), ("junk", 4, 4)]
)
def test_percentages_of_budgets_are_rounded_up(value: int | str, total: int, count: int) -> None:
    assert scaled(value, total) == count


@pytest.mark.parametrize(
    ("spec", "expected", "healthy"),
    [
        ({"maxUnavailable": 1}, 3, 2),
        ({"maxUnavailable": "34%"}, 3, 1),
        ({"maxUnavailable": 0}, 3, 3),
        ({"minAvailable": 2, "maxUnavailable": None}, 3, 2),
        ({"minAvailable": "50%", "maxUnavailable": None}, 3, 2),
        ({"maxUnavailable": None}, 3, 1),
    ],
)
def test_what_a_budget_wants_healthy(spec: dict[str, Any], expected: int, healthy: int) -> None:
    assert (
        wanted(row("poddisruptionbudgets", budget("b", "a", healthy=3, desired=2, allowed=1, spec=spec)), expected)
        == healthy
    )


def test_a_budget_says_why_it_blocks() -> None:
    def blocked(**more: Any) -> str:
        return row(
            "poddisruptionbudgets", budget("b", "a", **{"healthy": 3, "desired": 2, "allowed": 1, **more})
        ).blocked

    assert blocked() == ""
    assert blocked(healthy=2, allowed=0) == "needs 2 healthy, has 2"
    assert "never lets one go" in blocked(spec={"maxUnavailable": 0}, allowed=0)
    assert "not judged yet" in blocked(status={"observedGeneration": 0})
    failed = [{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "no such scale"}]
    assert blocked(allowed=0, status={"conditions": failed}) == "no such scale"


def test_a_token_row_never_holds_its_secret() -> None:
    for thing in recorded("secrets"):
        made = row("secrets", thing)
        secret = thing["data"]["token-secret"]
        assert secret not in repr(made)
        assert made.id in made.name
    by_id = {one.id: one for one in (row("secrets", thing) for thing in recorded("secrets"))}
    assert by_id["forevr"].forever
    assert not by_id["labday"].forever
    assert by_id["labday"].usages == ("authentication", "signing")


def test_a_token_with_an_unreadable_expiry_is_not_taken_for_an_everlasting_one() -> None:
    thing = {"metadata": {"name": "bootstrap-token-abc"}, "data": {"expiration": "c29vbg==", "token-id": "%%%"}}
    made = row("secrets", thing)
    assert (made.id, made.valid, made.forever) == ("abc", False, False)


def test_both_generations_of_events_are_read() -> None:
    about = {"kind": "Pod", "namespace": "n", "name": "p"}
    old = {"metadata": {"name": "e", "namespace": "n"}, "involvedObject": about, "type": "Warning", "count": 3}
    old |= {"firstTimestamp": "2023-11-14T22:00:00Z", "lastTimestamp": "2023-11-14T22:13:20Z"}
    made = row("events", old)
    assert (made.about, made.times, made.last, made.warning) == ("Pod n/p", 3, 1_700_000_000.0, True)
    new = {
        "metadata": {"name": "e", "namespace": "n"},
        "involvedObject": about,
        "eventTime": "2023-11-14T22:00:00.000000Z",
    }
    new |= {"series": {"count": 5, "lastObservedTime": "2023-11-14T22:13:20.000000Z"}, "type": "Normal"}
    made = row("events", new)
    assert (made.times, made.last, made.warning) == (5, 1_700_000_000.0, False)


def test_a_summary_gives_use_disks_and_the_fill_of_claims() -> None:
    wire = msgspec.json.decode((DATA / "summary.json").read_bytes(), type=SummaryWire)
    made = summary_row("node1", wire)
    assert made.cpu == 858
    assert made.disk is not None
    assert 0 < (made.disk.share or 0) < 1
    assert {one.claim for one in made.claims} >= {"pulsar/pulsar-zookeeper-data-pulsar-zookeeper-0"}
    assert summary_row("n", SummaryWire()).disk is None


def test_services_and_their_endpoints() -> None:
    balancer = {
        "metadata": {"name": "s", "namespace": "n"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 31970}]},
    }
    made = row("services", balancer)
    assert made.pending
    assert made.ports == ("80:31970/TCP",)
    slices = [row("endpointslices", thing) for thing in recorded("endpointslices")]
    zookeeper = next(one for one in slices if one.service == "pulsar/pulsar-zookeeper")
    assert {end.pod for end in zookeeper.endpoints if end.ready} == {f"pulsar/pulsar-zookeeper-{n}" for n in range(3)}


@pytest.mark.parametrize(
    ("cpu", "memory", "used"),
    [("1000001n", "3Ki", (2, 3072)), ("250m", "1Mi", (250, 2**20)), ("0", "0", (0, 0)), ("2", "5", (2000, 5))],
)
def test_use_of_a_pod_is_rounded_up_as_every_quantity_is(cpu: str, memory: str, used: tuple[int, int]) -> None:
    thing = {
        "metadata": {"name": "zk-0", "namespace": "ns"},
        "containers": [{"usage": {"cpu": cpu, "memory": memory}}, {"usage": {"cpu": "1m", "memory": "1Ki"}}],
    }
    found = pod_use_row(msgspec.json.decode(msgspec.json.encode(thing), type=PodMetricsWire))
    assert found == PodUse("ns/zk-0", used[0] + 1, used[1] + 1024)
