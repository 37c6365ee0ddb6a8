"""Health of the exporter: what it tells against what brokers tell, and what it does when it does not answer."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from console.clock import SYSTEM_CLOCK
from console.errors import BadAnswer
from console.model import NodeName, Ref
from console.plugin import Facts, Found, Reach, Server, ServerSet, Stream
from console.simulating import Folder, Route
from plugins.kafka import checks, doctor, exporter, sources
from plugins.kafka.client import Client, connect
from plugins.kafka.config import Cluster, configure
from plugins.kafka.config import Found as Place
from plugins.kafka.exporter import Look, Told, Truth
from plugins.kafka.finding import search
from plugins.kafka.model.rows import EXPORTER, Resource
from plugins.kafka.panes.cluster import RESOURCES_PANE
from plugins.kafka.simulator import Simulator, World, cluster, reference, sandbox
from plugins.kafka.simulator.exporter import MEMBER, Exporter, metrics
from plugins.kubernetes.simulator import ManualClock, serve
from plugins.kubernetes.simulator.neighbours import Neighbours
from tests.contracts.ground import reached
from tests.plugins.rabbitmq.ground import Socket

LABELS = {"strimzi.io/cluster": "my-cluster", "strimzi.io/name": "my-cluster-kafka-exporter"}
DEPLOYED = ServerSet("kafka", "my-cluster-kafka-exporter", "Deployment", LABELS, replicas=1)
TRUTH = Truth(3, {"orders": 100, "audit": 5}, 2)
TRUE = Told(3, {"orders": 100.0, "audit": 5.0}, 4, 40, 4000)


class Platform:
    """One Deployment whose pod is the simulated exporter, and no resource of Strimzi's."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.one: ServerSet | None = DEPLOYED
        self.ready = True

    async def sets(self) -> Sequence[ServerSet]:
        return [self.one] if self.one else []

    async def servers(self, of: ServerSet) -> Sequence[Server]:
        return [Server(Ref("pod", f"{of.name}-x", "kafka"), NodeName("n"), "exporter.pod.kafka.svc", ready=self.ready)]

    async def dial(self, host: str, port: int) -> Stream:
        to = self.port if host == "exporter.pod.kafka.svc" else port
        return Socket(*await __import__("asyncio").open_connection("127.0.0.1", to))


class Stood:
    """The simulated parts of one test, and the client before them."""

    def __init__(self, simulator: Simulator, played: Exporter, platform: Platform, client: Client) -> None:
        self.simulator, self.played, self.platform, self.client = simulator, played, platform, client

    async def row(self) -> Resource | None:
        """Asked anew, as a minute later."""
        self.client.exporter.forget()
        found = list(await self.client.exporter.get())
        return found[0] if found else None


@asynccontextmanager
async def standing() -> AsyncGenerator[Stood]:
    world = reference(World(now=time.time))
    for topic in world.topics.values():
        topic.rate = 0.0
    simulator = await cluster(world)
    played = Exporter(world)
    await played.listen([MEMBER])
    platform = Platform(played.ports[MEMBER])
    named = Cluster("x", (("127.0.0.1", simulator.port(0)),), found=Place("kafka", "my-cluster"))
    client = Client(named, cast("Any", platform), SYSTEM_CLOCK)
    try:
        yield Stood(simulator, played, platform, client)
    finally:
        await client.aclose()
        await played.close()
        await simulator.close()


async def chunks(text: bytes, size: int) -> AsyncGenerator[bytes]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_metrics_are_counted_however_they_are_cut(size: int) -> None:
    world = reference(World())
    for number in range(3):
        world.brokers[number] = __import__("plugins.kafka.simulator.world", fromlist=["x"]).Broker(number, "h", 1)
    world.look()
    text = metrics(world)
    told = await exporter.told_in(chunks(text, size))
    assert told.brokers == 3
    assert told.ends == {"orders": 24000.0, "payments": 2700.0, "audit": 900.0, "ledger": 240.0}
    assert told.lags == 6 + 6 + 3 + 3
    assert told.bytes == len(text)
    assert told.series == sum(not line.startswith(b"#") for line in text.splitlines())


async def test_metrics_that_never_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "LONGEST", 1000)
    with pytest.raises(BadAnswer, match="longer than"):
        await exporter.told_in(chunks(b"a_metric 1\n" * 100, 64))


async def test_what_is_no_number_or_no_name_is_harmless() -> None:
    text = b"kafka_brokers{} many\nkafka_brokers 1e400\n\xff\xfe 1\nkafka_brokers\n"
    text += b'kafka_topic_partition_current_offset{topic="a\x1b[2J"} 1e400\n'
    told = await exporter.told_in(chunks(text, 5))
    assert told.ends == {"a\ufffd[2J": 0.0}
    assert told.brokers == 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (TRUE, ""),
        (replace(TRUE, brokers=None), "tells nothing of Kafka in 40 series"),
        (replace(TRUE, brokers=2), "sees 2 of 3 brokers"),
        (replace(TRUE, ends={}), "no partition, though there are 2 topics"),
        (replace(TRUE, lags=0), "no lag, though 2 groups have offsets"),
    ],
)
def test_one_look_is_held_against_the_brokers(told: Told, words: str) -> None:
    found = exporter.wrong(TRUTH, told)
    assert words in found
    assert bool(found) == bool(words)


def looks(*pairs: tuple[int, float]) -> list[Look]:
    """Truth and what was told of one topic."""
    return [Look(replace(TRUTH, ends={"orders": truth}), replace(TRUE, ends={"orders": told})) for truth, told in pairs]


@pytest.mark.parametrize(
    ("pairs", "old"),
    [
        ([(100, 100.0), (100, 100.0), (100, 100.0)], False),  # nothing came
        ([(100, 100.0), (110, 110.0), (120, 120.0)], False),  # it follows
        ([(100, 110.0), (110, 110.0), (110, 110.0)], False),  # came before the first scrape
        ([(100, 100.0), (110, 100.0)], False),  # perhaps it came while it was asked
        ([(100, 100.0), (110, 100.0), (120, 100.0)], True),
        ([(100, 100.0), (100, 100.0), (120, 100.0)], True),
        ([(100, 100.0), (110, 90.0), (120, 90.0)], False),
    ],
)
def test_offsets_that_stand_still_are_old_only_if_something_came_after(
    pairs: list[tuple[int, float]],
    old: bool,  # noqa: FBT001
) -> None:
    assert bool(exporter.stale(looks(*pairs))) is old


async def test_a_true_one_is_ready_and_asked_once_a_minute() -> None:
    async with standing() as stood:
        [row] = list(await stood.client.exporter.get())
        await stood.client.exporter.get()
        assert stood.played.asked == 1
        [check] = [one for one in await doctor.examine(stood.client) if one.topic.endswith("exporter")]
    assert (row.kind, row.name, row.state, row.why) == (EXPORTER, "my-cluster-kafka-exporter", "Ready", "")
    assert "of 3 brokers" in row.detail
    assert check.found is Found.OK
    assert list(checks.resource(cast("Facts", None), row, 0.0)) == []


@pytest.mark.parametrize(
    ("fault", "words"), [("silent", "tells nothing of Kafka"), ("hang", "no whole answer within"), ("half", "middle")]
)
async def test_one_that_fails_is_said_and_a_finding(fault: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if fault == "hang":
        monkeypatch.setattr(exporter, "WITHIN", 0.5)
    async with standing() as stood:
        stood.played.fault = fault
        row = await stood.row()
        assert row is not None
        assert row.state == "NotReady"
        assert words in row.why
        [finding] = checks.resource(cast("Facts", None), row, 0.0)
        [check] = [one for one in await doctor.examine(stood.client) if one.topic.endswith("exporter")]
    assert finding.id == "kafka.exporter"
    assert words in finding.title
    assert check.found is Found.MISSING


async def test_one_that_repeats_itself_is_old_after_three_looks() -> None:
    async with standing() as stood:
        await stood.row()
        stood.played.fault = "old"
        row = None
        for _ in range(2):
            stood.simulator.world.topics["orders"].partitions[0].end += 10
            row = await stood.row()
        assert row is not None
        assert row.why == "its offsets of 1 topics stand still, though 10 messages came (orders)"


async def test_one_without_pods_is_said_and_none_is_no_row() -> None:
    async with standing() as stood:
        stood.platform.ready = False
        row = await stood.row()
        assert row is not None
        assert row.why == "none of its 1 pods is ready"
        stood.platform.one = replace(DEPLOYED, replicas=0)
        row = await stood.row()
        assert row is not None
        assert row.why == "it is scaled to none"
        stood.platform.one = replace(DEPLOYED, labels={**LABELS, "strimzi.io/cluster": "another"})
        assert await stood.row() is None


async def test_nothing_is_compared_while_no_broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing() as stood:
        monkeypatch.setattr("plugins.kafka.client.wire.CONNECT_WITHIN", 0.5)
        await stood.simulator.close()
        row = await stood.row()
    assert row is not None
    assert (row.state, row.why) == ("Ready", "")


def test_it_is_no_resource_that_can_be_paused() -> None:
    row = Resource(EXPORTER, "kafka", "x", "Ready", observed=0)
    for action in RESOURCES_PANE.actions:
        assert action.when is not None
        assert action.when(row, cast("Facts", None)) == "it is a part of the Kafka resource"
        assert action.rights is not None
        assert list(action.rights(row)) == []
    seen = next(column for column in RESOURCES_PANE.columns if column.title == "SEEN")
    assert seen.cell is not None
    assert seen.cell(row, 0.0).text == "-"


def test_a_route_may_lead_to_pods_whose_names_are_not_known() -> None:
    route = Route("kafka", "exporter-*", 9404, 1)
    assert route.leads("kafka", "exporter-5d9c-x", 9404)
    assert not route.leads("kafka", "export", 9404)
    assert not route.leads("kafka", "exporter-5d9c-x", 9405)
    assert Route("kafka", "a-0", 1, 1).leads("kafka", "a-0", 1)
    assert not Route("kafka", "a-0", 1, 1).leads("kafka", "a-01", 1)


async def test_the_sandbox_has_one_behind_its_pod(tmp_path: Path) -> None:
    platform = await serve(tmp_path, clock=ManualClock())
    platform.world.neighbours = Neighbours(Folder(tmp_path))
    played = await sandbox(Folder(tmp_path))
    try:
        async with reached(platform.kubeconfig) as hosting:
            [instance] = await search(configure({}), hosting)
            client = connect(instance, Reach(SYSTEM_CLOCK, "0", hosting))
            try:
                [row] = list(await sources.resources(client))
            finally:
                await client.aclose()
    finally:
        await played.close()
        await platform.close()
    assert (row.kind, row.state, row.why) == (EXPORTER, "Ready", "")
