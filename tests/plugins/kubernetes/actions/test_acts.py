"""Plain actions against the simulated cluster: what they send, and that they name exactly the object that was seen."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from console.errors import Conflict, NotFound, Rejected
from console.plugin import Act, LogQuery
from plugins.kubernetes.client import abilities, acts
from plugins.kubernetes.model import tables
from plugins.kubernetes.panes import PANES
from plugins.kubernetes.simulator.kinds import DEPLOYMENTS, NODES, PODS, SECRETS, STATEFUL_SETS, VOLUMES
from tests.plugins.kubernetes.actions.conftest import Live
from tests.values import replace


async def test_cordon_leaves_who_when_and_why_and_uncordon_takes_it_away(live: Live) -> None:
    said = await live.act("nodes", "cordon", "k8s-node1", {"reason": "kernel update"})
    assert said == "k8s-node1 is cordoned"
    node = live.stored(NODES, "k8s-node1")
    assert node["spec"]["unschedulable"] is True
    notes = node["metadata"]["annotations"]
    assert notes["pilothouse/reason"] == "kernel update"
    assert notes["pilothouse/cordoned-by"]
    assert notes["pilothouse/cordoned-at"].endswith("Z")
    await live.act("nodes", "uncordon", "k8s-node1")
    node = live.stored(NODES, "k8s-node1")
    assert not node["spec"].get("unschedulable")
    assert "pilothouse/" not in str(node["metadata"].get("annotations"))


async def test_a_pod_is_deleted_with_the_grace_that_was_answered(live: Live) -> None:
    key = "default/debug-shell"
    assert await live.act("pods", "delete", key, {"grace": "7"}) == "debug-shell is asked to stop"
    assert live.stored(PODS, key)["metadata"]["deletionGracePeriodSeconds"] == 7


async def test_another_pod_of_the_same_name_is_not_touched(live: Live) -> None:
    seen = msgspec.structs.replace(live.facts.rows(tables.PODS)["default/debug-shell"], uid="00000000-gone")
    for doing in (acts.delete_pod, acts.kill_pod):
        with pytest.raises(Conflict):
            await doing(Act(live.api, live.facts), seen)
    assert "deletionTimestamp" not in live.stored(PODS, "default/debug-shell")["metadata"]


async def test_an_eviction_goes_through_and_a_second_one_is_refused_in_the_budget_s_words(live: Live) -> None:
    assert await live.act("pods", "evict", "pulsar/pulsar-zookeeper-0") == "pulsar-zookeeper-0 is evicted"
    with pytest.raises(Rejected, match=r"not now: .*disruption budget"):
        await live.act("pods", "evict", "pulsar/pulsar-zookeeper-1")


async def test_workloads_and_sets_are_scaled_within_bounds(live: Live) -> None:
    await live.act("workloads", "scale", "default/Deployment/httpbin", {"replicas": "3"})
    assert live.stored(DEPLOYMENTS, "default/httpbin")["spec"]["replicas"] == 3
    await live.act("stateful", "scale", "pulsar/StatefulSet/pulsar-toolset", {"replicas": "0"})
    assert live.stored(STATEFUL_SETS, "pulsar/pulsar-toolset")["spec"]["replicas"] == 0
    for answer in ("-1", "many", ""):
        with pytest.raises(Rejected):
            await live.act("workloads", "scale", "default/Deployment/httpbin", {"replicas": answer})


async def test_a_rollout_restart_stamps_the_template(live: Live) -> None:
    await live.act("workloads", "restart", "default/Deployment/httpbin")
    template = live.stored(DEPLOYMENTS, "default/httpbin")["spec"]["template"]
    assert template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].endswith("Z")


async def test_a_token_is_revoked(live: Live) -> None:
    assert await live.act("tokens", "revoke", "forevr") == "bootstrap-token-forevr is deleted"
    assert live.simulator.world.store.get(SECRETS, "kube-system/bootstrap-token-forevr") is None


async def released(live: Live) -> str:
    """A volume whose claim is gone; its key in the pane."""
    ref = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "shop", "name": "old", "uid": "gone"}
    spec: dict[str, Any] = {"claimRef": ref, "hostPath": {"path": "/data"}, "persistentVolumeReclaimPolicy": "Retain"}
    spec |= {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    item = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "kept"}, "spec": spec}
    live.simulator.cluster.add(item)
    live.clock.advance(5)
    pane = next(one for one in PANES if one.name == "volumes")
    async with asyncio.timeout(10):
        while not (found := [row for row in live.facts.rows(pane.table).values() if row.name == "kept"]) or (
            found[0].phase != "Released"
        ):
            await asyncio.sleep(0.02)
            await live.settle()
    return pane.table.key(found[0])


async def test_a_released_volume_is_freed_after_what_is_cleared_was_shown(live: Live) -> None:
    key = await released(live)
    free = next(action for pane in PANES if pane.name == "volumes" for action in pane.actions if action.id == "free")
    (ask,) = free.asks(live.row("volumes", key), live.facts)
    assert "claim shop/old (uid gone)" in ask.help
    bound = next(row for row in live.facts.rows(tables.STORAGE).values() if row.phase == "Bound")
    assert "only a Released volume" in str(free.when(live.row("volumes", tables.storage_key(bound)), live.facts))
    with pytest.raises(Rejected, match="nothing was changed"):
        await live.act("volumes", "free", key, {"clear": "no"})
    assert "no longer tied to shop/old" in await live.act("volumes", "free", key, {"clear": "yes"})
    assert "claimRef" not in live.stored(VOLUMES, "kept")["spec"]
    with pytest.raises(Rejected, match="not what was shown"):
        await live.act("volumes", "free", key, {"clear": "yes"})


async def test_what_was_deleted_meanwhile_is_told_not_ignored(live: Live) -> None:
    await live.act("tokens", "revoke", "forevr")
    with pytest.raises(NotFound):
        await live.act("tokens", "revoke", "forevr")


async def test_a_log_comes_as_lines(live: Live) -> None:
    pod = live.facts.rows(tables.PODS)["pulsar/pulsar-toolset-0"]
    query = LogQuery(f"pulsar-toolset-0/{pod.shape.containers[-1].name}", follow=False, tail=2)
    lines = [line async for line in abilities.follow_pod(live.api, pod, query)]
    assert len(lines) == 2
    named = [line async for line in abilities.follow_named(live.api, "pulsar", replace(query, tail=1))]
    assert named == lines[-1:]
