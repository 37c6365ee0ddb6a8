"""The scripted faults by name: what goes wrong in a demo or a test, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from plugins.kubernetes.simulator.access import VIEWER, Rights, view_of
from plugins.kubernetes.simulator.cluster import Cluster
from plugins.kubernetes.simulator.kinds import BUDGETS, VOLUMES
from plugins.kubernetes.simulator.transport import Transport

Object = dict[str, Any]


@dataclass(slots=True)
class Stage:
    """What a scenario may touch."""

    cluster: Cluster
    rights: Rights
    transport: Transport
    token: str

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something in so many seconds of the world's time."""
        self.cluster.world.clock.after(seconds, act)


_SCRIPTS: dict[str, tuple[str, Callable[[Stage], None]]] = {}


def _scenario(name: str, line: str) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    def keep(script: Callable[[Stage], None]) -> Callable[[Stage], None]:
        _SCRIPTS[name] = (line, script)
        return script

    return keep


@_scenario("node-lost", "node2 dies after ten seconds: unreachable, its members unready, evicted after five minutes")
def _node_lost(stage: Stage) -> None:
    stage.after(10, lambda: stage.cluster.stop_node("node2"))


@_scenario("budget-blocked", "a bookie is down already, so the budget of the bookies allows no eviction")
def _budget_blocked(stage: Stage) -> None:
    stage.cluster.crash("pulsar/pulsar-bookie-2")


@_scenario("disk-gone", "the directories of node1's volumes are gone: its members will not start again")
def _disk_gone(stage: Stage) -> None:
    store = stage.cluster.world.store
    stage.cluster.lose_disk(
        *(volume.name for volume in store.each(VOLUMES) if volume.name.endswith("-0") and "pulsar" in volume.name)
    )


@_scenario("api-flap", "every minute the API server refuses connections for fifteen seconds")
def _api_flap(stage: Stage) -> None:
    def down() -> None:
        _later(stage.transport.cut(refuse=True))
        stage.after(15, up)

    def up() -> None:
        _later(stage.transport.restore())
        stage.after(45, down)

    stage.after(20, down)


_RUNNING: set[asyncio.Task[None]] = set()


def _later(work: Any) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _RUNNING.add(task)
    task.add_done_callback(_RUNNING.discard)


async def settled() -> None:
    """Return when what scenarios have begun on the socket is done."""
    await asyncio.gather(*_RUNNING)


@_scenario("api-slow", "every answer takes two seconds")
def _api_slow(stage: Stage) -> None:
    stage.cluster.world.faults.delay = 2.0


@_scenario("token-expired", "the credential of the kubeconfig is refused after thirty seconds")
def _token_expired(stage: Stage) -> None:
    def expire() -> None:
        stage.cluster.world.faults.token_expired = True

    stage.after(30, expire)


@_scenario("gone-410", "every minute the history is dropped: watches and pages from before it end with 410")
def _gone(stage: Stage) -> None:
    def drop() -> None:
        stage.cluster.world.store.forget_history()
        stage.cluster.world.end_watches()
        stage.after(60, drop)

    stage.after(15, drop)


@_scenario("forbidden", "a viewer of the namespaces kafka and redis: no nodes, no lists of the whole cluster")
def _forbidden(stage: Stage) -> None:
    stage.rights.tokens[stage.token] = VIEWER
    stage.rights.rules[VIEWER.groups[0]] = view_of("kafka", "redis")


@_scenario("throttled", "the first forty requests after ten seconds are answered 429 with Retry-After")
def _throttled(stage: Stage) -> None:
    def throttle() -> None:
        stage.cluster.world.faults.throttle = 40

    stage.after(10, throttle)


@_scenario("crashloop", "a ZooKeeper, a bookie and an application crash again and again")
def _crashloop(stage: Stage) -> None:
    stage.cluster.crash("pulsar/pulsar-zookeeper-1", "pulsar/pulsar-bookie-2", "kafka/kafka-prometheus-0")


@_scenario("pending-pods", "node1 is cordoned and its members were deleted: they wait for its volumes")
def _pending(stage: Stage) -> None:
    cluster = stage.cluster
    cluster.cordon("node1")
    cluster.delete_pods("pulsar/pulsar-zookeeper-0", "pulsar/pulsar-bookie-0")


@_scenario("two-budgets", "the Kafka brokers have two budgets: their eviction is refused with 500")
def _two_budgets(stage: Stage) -> None:
    first = stage.cluster.world.store.get(BUDGETS, "kafka/my-cluster-kafka")
    if first is not None:
        meta = {"name": "my-cluster-kafka-second", "namespace": "kafka", "labels": dict(first.labels)}
        spec = first.draft()["spec"]
        stage.cluster.world.create(BUDGETS, {"metadata": meta, "spec": spec})


@_scenario("old-server", "the server calls itself v1.25.4 and knows no streaming lists")
def _old_server(stage: Stage) -> None:
    stage.cluster.world.version = "v1.25.4"


SCENARIOS: Mapping[str, str] = MappingProxyType({name: line for name, (line, _) in _SCRIPTS.items()})


def play(name: str, stage: Stage) -> None:
    """Start a scenario."""
    _SCRIPTS[name][1](stage)
