"""The sources over the simulated cluster: rows of every kind come, joins are built, and nothing is degraded."""

from __future__ import annotations

import pytest

from console.errors import NotFound
from console.model import NodeName, SourceState
from console.plugin import Join, Target
from plugins.kubernetes import polling
from plugins.kubernetes.checks.verdict import verdict
from plugins.kubernetes.joins.nodes import NODE_VIEWS
from plugins.kubernetes.model import tables
from plugins.kubernetes.simulator.kinds import PODS
from plugins.kubernetes.sources import SOURCES
from tests.plugins.kubernetes.actions.conftest import Live


async def test_every_source_is_complete_and_says_nothing_of_being_degraded(live: Live) -> None:
    for source in SOURCES:
        snapshot = live.facts.snapshot(source.table)
        assert snapshot.complete, source.table.name
        assert (snapshot.state, snapshot.note) == (SourceState.LIVE, ""), source.table.name
    assert not live.store.fence.breakages


async def test_rows_are_those_of_the_server(live: Live) -> None:
    held = set(live.simulator.world.store.entries(PODS))
    assert set(live.facts.rows(tables.PODS)) == held
    kinds = {row.kind for row in live.facts.rows(tables.WORKLOADS).values()}
    assert {"Deployment", "DaemonSet", "Job"} <= kinds
    assert len(live.facts.rows(tables.HEARTBEATS)) == len(live.facts.rows(tables.NODES))


async def test_what_pods_use_is_the_sum_of_their_containers_and_nothing_without_the_metrics_api(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = live.facts.rows(tables.POD_USE)
    running = {key for key, pod in live.facts.rows(tables.PODS).items() if pod.phase == "Running"}
    assert set(used) == running
    broker = used["kafka/my-cluster-kafka-0"]
    assert broker.cpu > 0
    assert broker.memory > 2**20

    async def absent(*_: object, **__: object) -> None:
        raise NotFound("the server has no such path")

    monkeypatch.setattr(live.api, "list", absent)
    assert list(await polling.pod_use(live.api)) == []


async def test_a_verdict_is_the_same_in_the_pane_and_in_a_plan(live: Live) -> None:
    for name, view in live.facts.rows(NODE_VIEWS).items():
        assert view.verdict == verdict(live.facts, Target("drain", (NodeName(name),)))


def test_every_source_stands_after_what_it_is_joined_from() -> None:
    assert sum(isinstance(source, Join) for source in SOURCES) >= 6
