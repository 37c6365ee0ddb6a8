from __future__ import annotations

import stat

from plugins.kubernetes.simulator import ManualClock
from plugins.kubernetes.simulator.kinds import BUDGETS, CLAIMS, NODES, PODS, STATEFUL_SETS, VOLUMES
from plugins.kubernetes.simulator.reference.build import reference
from plugins.kubernetes.simulator.reference.load import scale
from tests.plugins.kubernetes.simulator.conftest import Wire


def test_everything_runs_where_the_topology_puts_it() -> None:
    store = reference(ManualClock()).world.store
    phases = {pod.key: pod.status["phase"] for pod in store.each(PODS)}
    assert set(phases.values()) == {"Running", "Succeeded"}
    assert [key.rpartition("-")[0] for key, phase in phases.items() if phase == "Succeeded"] == [
        "pulsar/pulsar-bookie-init",
        "pulsar/pulsar-pulsar-init",
    ]
    for n in range(3):
        for key, node in (
            (f"pulsar/pulsar-zookeeper-{n}", f"node{n + 1}"),
            (f"pulsar/pulsar-bookie-{n}", f"node{n + 1}"),
            (f"kafka/my-cluster-kafka-{n}", f"k8s-node{n + 1}"),
            (f"redis/my-redis-redis-ha-server-{n}", f"k8s-node{n + 1}"),
        ):
            pod = store.get(PODS, key)
            assert pod is not None
            assert pod.spec["nodeName"] == node
    bookie = store.get(PODS, "pulsar/pulsar-bookie-1")
    assert bookie is not None
    assert bookie.status["podIP"] == "10.244.63.90"


def test_volumes_budgets_and_sets_have_settled() -> None:
    store = reference(ManualClock()).world.store
    assert {claim.status["phase"] for claim in store.each(CLAIMS)} == {"Bound"}
    assert {volume.status["phase"] for volume in store.each(VOLUMES)} == {"Bound"}
    pinned = [volume.name for volume in store.each(VOLUMES) if "nodeAffinity" in volume.spec]
    assert len(pinned) == 9
    assert all(pdb.status["disruptionsAllowed"] == 1 for pdb in store.each(BUDGETS))
    assert all(sts.status["readyReplicas"] == sts.spec["replicas"] for sts in store.each(STATEFUL_SETS))
    assert store.count(NODES) == 7


def test_two_builds_of_one_seed_are_the_same_and_another_seed_differs() -> None:
    def fingerprint(seed: int) -> list[tuple[str, str]]:
        return [(pod.key, pod.uid) for pod in reference(ManualClock(), seed=seed).world.store.each(PODS)]

    assert fingerprint(7) == fingerprint(7)
    assert fingerprint(7) != fingerprint(8)


def test_nothing_is_planned_closer_than_the_next_heartbeat_when_the_world_rests() -> None:
    clock = ManualClock()
    reference(clock)
    clock.advance(1)
    beat = clock.next_due()
    assert beat is not None
    clock.advance(beat - clock.now() + 1)
    due = clock.next_due()
    assert due is not None
    assert due - clock.now() == 9


def test_scale_makes_as_many_nodes_and_pods_as_asked() -> None:
    cluster = scale(ManualClock(), nodes=20, pods=1_000)
    store = cluster.world.store
    assert store.count(NODES) == 20
    assert store.count(PODS) == 1_000
    assert {pod.status["phase"] for pod in store.each(PODS)} == {"Running"}


async def test_the_kubeconfig_is_for_its_owner_alone_and_the_token_is_asked_for(wire: Wire) -> None:
    file = wire.simulator.kubeconfig
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert wire.simulator.token in file.read_text()
    refused = await wire.http.get("/api/v1/nodes", headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401
    assert refused.json()["reason"] == "Unauthorized"
    nobody = await wire.http.get("/api/v1/nodes", headers={"Authorization": ""})
    assert nobody.status_code == 403
    assert 'User "system:anonymous" cannot list resource "nodes"' in nobody.json()["message"]
