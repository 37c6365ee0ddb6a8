"""Joins say what the rows say together, and a change builds only what it touches."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from console.model import Answer, SourceState
from console.plugin import Facts, Join, Target
from plugins.kubernetes.checks.verdict import verdict
from plugins.kubernetes.joins import JOINS
from plugins.kubernetes.joins.events import GROUPS
from plugins.kubernetes.joins.nodes import NODE_VIEWS, STANDINGS
from plugins.kubernetes.joins.services import VIEWS as SERVICES
from plugins.kubernetes.joins.stateful import MISSING, STATEFUL
from plugins.kubernetes.joins.storage import VIEWS as VOLUMES
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.usage import Metrics, Summary
from tests.plugins.kubernetes.rows import (
    LAB,
    World,
    lab,
    local_volume,
    member,
    node,
    pod,
    replica,
    row,
    stateful_set,
    using,
)


def joined(world: World) -> World:
    """Attach every join, with the polled tables complete as well."""
    world.fill(tables.METRICS, ())
    world.fill(tables.SUMMARIES, ())
    for join in JOINS:
        world.store.attach(LAB, join)
    return world


async def settled(world: World) -> World:
    for _ in range(5):
        await world.store.publish()
    assert not world.store.fence.breakages
    return world


@contextmanager
def counted(world: World, table: Any) -> Generator[list[str], None, None]:
    """Keys of the subjects that are built while inside."""
    built: list[str] = []
    kept = world.store._joins[LAB, table]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    join = kept.join

    def build(subject: Any, facts: Facts) -> Any:
        built.append(join.of.key(subject))
        return join.build(subject, facts)

    kept.join = Join(join.table, join.of, build, join.touches)
    yield built
    kept.join = join


async def test_the_views_of_the_recorded_nodes_are_those_of_the_verdict() -> None:
    world = await settled(joined(lab()))
    views = world.facts.rows(NODE_VIEWS)
    assert set(views) == set(world.facts.rows(tables.NODES))
    for name, view in views.items():
        assert view.verdict == verdict(world.facts, Target("drain", (view.node.name,)))  # type: ignore[arg-type]
        assert view.pods == sum(not one.finished for one in world.facts.by(tables.PODS_BY_NODE, name))
    assert (views["node1"].local, views["node1"].local_size) == (3, 120 * 2**30)
    assert "pulsar-zookeeper-0" in views["node1"].members
    assert views["node1"].renewed is not None


async def test_use_comes_from_metrics_before_the_kubelet_s_summary() -> None:
    world = joined(World().put("nodes", node("n1"), node("n2")))
    world.fill(tables.METRICS, [Metrics("n1", 100, 200, None)])
    world.fill(tables.SUMMARIES, [Summary("n1", 1, 2), Summary("n2", 3, 4)])
    views = (await settled(world)).facts.rows(NODE_VIEWS)
    assert (views["n1"].cpu_used, views["n1"].memory_used) == (100, 200)
    assert (views["n2"].cpu_used, views["n2"].memory_used) == (3, 4)


async def test_a_pod_that_changes_builds_its_own_node_and_no_other() -> None:
    world = World().put("nodes", *(node(f"n{n}") for n in range(1, 9)))
    world.put("pods", *(replica(f"web-{n}", f"n{n}") for n in range(1, 9)))
    await settled(joined(world))
    with counted(world, STANDINGS) as built:
        world.put("pods", replica("web-3", "n3", meta={"labels": {"app": "web", "new": "label"}}))
        await settled(world)
    assert set(built) == {"n3"}


async def test_a_member_that_changes_builds_its_own_set_and_no_other() -> None:
    world = World().put("nodes", node("n1"))
    world.put("statefulsets", stateful_set("a"), stateful_set("b"))
    world.put("pods", member(0, "n1", of="a"), member(0, "n1", of="b"))
    await settled(joined(world))
    with counted(world, STATEFUL) as built:
        world.put("pods", member(0, "n1", of="a", ready=False))
        await settled(world)
    assert set(built) == {"ns/StatefulSet/a"}


async def test_a_cordon_of_one_node_is_seen_in_the_verdicts_of_others() -> None:
    world = World().put("nodes", node("n1"), node("n2")).put("pods", replica("web-1"), replica("web-2", "n2"))
    await settled(joined(world))
    assert world.facts.rows(NODE_VIEWS)["n1"].verdict.answer is Answer.SAFE
    world.put("nodes", node("n2", unschedulable=True))
    await settled(world)
    found = world.facts.rows(NODE_VIEWS)["n1"].verdict
    assert found.answer is Answer.NO
    assert found == verdict(world.facts, Target("drain", ("n1",)))  # type: ignore[arg-type]


async def test_a_table_that_becomes_old_makes_every_verdict_unknown_and_its_return_undoes_that() -> None:
    world = await settled(joined(World().put("nodes", node("n1"))))
    assert world.facts.rows(NODE_VIEWS)["n1"].verdict.answer is Answer.SAFE
    world.store.rows(LAB, tables.BUDGETS).failed(SourceState.FORBIDDEN, "no right to list budgets")
    await settled(world)
    assert "no right to list budgets" in world.facts.rows(NODE_VIEWS)["n1"].verdict.reasons[0].text
    world.fill(tables.BUDGETS, ())
    await settled(world)
    assert world.facts.rows(NODE_VIEWS)["n1"].verdict.answer is Answer.SAFE


async def test_a_set_is_a_tree_in_ordinal_order_with_missing_members() -> None:
    world = World().put("statefulsets", stateful_set(replicas=12))
    world.put("pods", *(member(number, "n1") for number in range(12) if number != 3))
    rows = (await settled(joined(world))).facts.rows(STATEFUL)
    keys = sorted(rows)
    assert rows[keys[0]].parent is None
    assert [rows[key].name for key in keys[1:]] == [f"zk-{number}" for number in range(12)]
    assert {rows[key].parent for key in keys[1:]} == {"ns/StatefulSet/zk"}
    assert rows[keys[4]].status == MISSING
    assert rows[keys[0]].status == "degraded"


async def test_the_recorded_sets_show_nodes_claims_and_budgets() -> None:
    rows = (await settled(joined(lab()))).facts.rows(STATEFUL)
    bookie = rows["pulsar/StatefulSet/pulsar-bookie/000001/pulsar-bookie-1"]
    assert bookie.pod is not None
    assert (bookie.pod.node, bookie.hosts, len(bookie.volumes)) == ("node2", ("node2",), 2)
    assert bookie.revision == "new"
    assert [one.name for one in rows["pulsar/StatefulSet/pulsar-bookie"].budgets] == ["pulsar-bookie"]


async def test_volumes_are_joined_with_claim_pod_and_node() -> None:
    world = World().put("nodes", node("n1", unschedulable=True)).put("pods", member(0, "n1", spec=using("data")))
    volume, claim = local_volume("data", "n1")
    lone = {"metadata": {"name": "lone", "namespace": "ns"}, "spec": {}, "status": {"phase": "Pending"}}
    world.put("persistentvolumes", volume).put("persistentvolumeclaims", claim, lone)
    rows = (await settled(joined(world))).facts.rows(VOLUMES)
    assert set(rows) == {"pv/pv-data", "pvc/ns/lone"}
    one = rows["pv/pv-data"]
    assert (one.pods, one.host, one.host_state, one.claim_key) == (("zk-0",), "n1", "Ready,cordoned", "ns/data")
    assert rows["pvc/ns/lone"].phase == "Pending"


@pytest.mark.parametrize("volume_first", [True, False])
async def test_a_claim_leaves_its_own_line_when_its_volume_comes(volume_first: bool) -> None:  # noqa: FBT001
    world = await settled(joined(World()))
    volume, claim = local_volume("data", "n1")
    steps = [("persistentvolumes", volume), ("persistentvolumeclaims", claim)]
    for kind, thing in steps if volume_first else reversed(steps):
        world.put(kind, thing)
        await settled(world)
    assert set(world.facts.rows(VOLUMES)) == {"pv/pv-data"}
    world.drop(tables.STORAGE, "pv/pv-data")
    await settled(world)
    assert set(world.facts.rows(VOLUMES)) == {"pvc/ns/data"}


async def test_a_volume_whose_node_is_gone_says_so() -> None:
    world = World().put("nodes", node("n1")).put("persistentvolumes", local_volume("data", "n1")[0])
    await settled(joined(world))
    world.drop(tables.NODES, "n1")
    await settled(world)
    assert world.facts.rows(VOLUMES)["pv/pv-data"].host_state == "gone"


async def test_an_endpoint_in_two_slices_counts_once() -> None:
    target = {"kind": "Pod", "name": "p"}
    slices = [
        {
            "metadata": {"name": f"s-{n}", "namespace": "ns", "labels": {"kubernetes.io/service-name": "s"}},
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}, "targetRef": target}],
        }
        for n, address in enumerate(("10.0.0.1", "fd00::1"))
    ]
    world = World().put("services", {"metadata": {"name": "s", "namespace": "ns"}, "spec": {"selector": {"a": "b"}}})
    rows = (await settled(joined(world.put("endpointslices", *slices)))).facts.rows(SERVICES)
    assert rows["ns/s"].ready == 1


def _event(name: str, at: str, *, kind: str = "Normal", times: int = 1) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": "ns", "name": "p"}
    stamp = f"2023-11-14T{at}:00Z"
    return {
        "metadata": {"name": name, "namespace": "ns"},
        "involvedObject": about,
        "type": kind,
        "reason": name,
        "count": times,
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
    }


async def test_events_are_one_line_a_subject_warnings_first_that_stays_while_more_come() -> None:
    world = World().put("events", _event("old", "10:00"), _event("bad", "11:00", kind="Warning", times=3))
    await settled(joined(world))
    (before,) = world.facts.rows(GROUPS).values()
    assert (before.leading.reason, before.times, before.warnings) == ("bad", 4, 1)
    world.put("events", _event("new", "12:00"))
    await settled(world)
    (after,) = world.facts.rows(GROUPS).values()
    assert after.key == before.key
    assert [event.reason for event in after.events] == ["bad", "new", "old"]
    world.drop(tables.EVENTS, "ns/old")
    await settled(world)
    (left,) = world.facts.rows(GROUPS).values()
    assert [event.reason for event in left.events] == ["bad", "new"]
    world.drop(tables.EVENTS, "ns/bad", "ns/new")
    await settled(world)
    assert not world.facts.rows(GROUPS)


async def test_rooms_of_a_large_cluster_change_seldom() -> None:
    from plugins.kubernetes.joins import nodes as joins

    world = World().put("nodes", node("n1", cpu="160"), node("n2", cpu="160"))
    one = row("pods", pod("x"))
    world.fill(tables.PODS, [])
    names = [f"p-{n}" for n in range(2100)]
    world.put("pods", *(pod(name, "n1", spec={"containers": [{"name": "c"}]}) for name in names))
    await settled(joined(world))
    before = world.facts.rows(joins.ROOMS)["n1"]
    world.put("pods", pod("small", "n1"))
    await settled(world)
    assert one.shape.cpu == 100
    assert world.facts.rows(STANDINGS)["n1"].cpu == 100
    assert before.cpu == 160_000
    assert world.facts.rows(joins.ROOMS)["n1"].cpu == 150_000
    world.put("pods", pod("smaller", "n1"))
    with counted(world, NODE_VIEWS) as built:
        await settled(world)
    assert set(built) == {"n1"}


async def test_a_lock_of_another_tool_is_seen_at_once_in_verdict_and_holder() -> None:
    world = await settled(joined(World().put("nodes", node("n1"), node("n2"))))
    assert world.facts.rows(NODE_VIEWS)["n1"].verdict.answer is Answer.SAFE
    world.put("nodemaintenances", {"metadata": {"name": "m"}, "spec": {"nodeName": "n1", "reason": "disk"}})
    await settled(world)
    views = world.facts.rows(NODE_VIEWS)
    assert (views["n1"].held, views["n1"].verdict.answer) == (("medik8s",), Answer.NO)
    assert (views["n2"].held, views["n2"].verdict.answer) == ((), Answer.DECIDE)
    world.drop(tables.LOCKS, "medik8s/NodeMaintenance m")
    await settled(world)
    assert world.facts.rows(NODE_VIEWS)["n1"].held == ()


async def test_endpoints_build_a_node_anew_only_where_they_answer_a_webhook() -> None:
    def ends(service: str, *on: str) -> dict[str, Any]:
        head = {"name": f"{service}-1", "namespace": "ns", "labels": {"kubernetes.io/service-name": service}}
        return {"metadata": head, "endpoints": [{"addresses": ["10.0.0.1"], "nodeName": name} for name in on]}

    world = World().put("nodes", *(node(f"n{n}") for n in range(1, 6)))
    rule = {"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods"]}
    client = {"service": {"namespace": "ns", "name": "hook"}}
    hook = {"name": "h", "clientConfig": client, "rules": [rule]}
    world.put("validatingwebhookconfigurations", {"metadata": {"name": "h"}, "webhooks": [hook]})
    world.put("endpointslices", ends("hook", "n1", "n2"), ends("web", "n3"))
    await settled(joined(world))
    with counted(world, STANDINGS) as built:
        world.put("endpointslices", ends("web", "n4"))
        await settled(world)
        assert built == []
        world.put("endpointslices", ends("hook", "n2", "n5"))
        await settled(world)
    assert set(built) == {"n1", "n2", "n5"}
