"""A topic is followed: what was written before, then each message as it comes, also over a change of leaders."""

from __future__ import annotations

import time
from typing import cast

import pytest

from console.plugin import Facts, LogQuery
from plugins.kafka import acts, sources, tailing
from plugins.kafka.client import wire
from plugins.kafka.model.rows import Topic
from plugins.kafka.simulator import World, topic
from tests.contracts.kafka.promises import act
from tests.plugins.kafka.bench import client, simulated


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_WITHIN", 60.0)
    monkeypatch.setattr(wire, "WITHIN", 60.0)
    monkeypatch.setattr(tailing, "EVERY", 0.01)


async def test_a_topic_is_followed_from_its_last_messages_on() -> None:
    world = World(now=time.time)
    async with simulated(world) as simulator, client(simulator.port(0)) as asking:
        world.topics["t"] = topic("t", 2)
        world.look()
        row = Topic("t", partitions=2)
        for n in range(4):
            await acts.produce(act(asking, value=f"before-{n}", key="-", partition=str(n % 2)), row)
        assert list(tailing.of_topic(row, cast("Facts", None))) == ["t", "t/0", "t/1"]
        lines = tailing.follow(asking, row, LogQuery(source="t", tail=2))
        assert {(await anext(lines)).rpartition(" ")[2] for _ in range(2)} == {"before-2", "before-3"}
        assert await anext(lines) == "-- new messages of 2 partitions from here"
        await acts.produce(act(asking, value="after", key="k", partition="1"), row)
        assert (await anext(lines)).endswith("k {by: pilothouse}: after")
        part = world.topics["t"].partitions[1]
        part.written.clear()
        part.start = part.end = 100  # everything was deleted, and others wrote meanwhile
        assert (await anext(lines)).startswith("-- ")
        await acts.produce(act(asking, value="later", key="-", partition="1"), row)
        assert (await anext(lines)).endswith("later")


async def test_one_partition_is_read_and_the_log_ends_where_nobody_follows() -> None:
    world = World(now=time.time)
    world.topics["t"] = topic("t", 2)
    async with simulated(world) as simulator, client(simulator.port(0)) as asking:
        for n in range(3):
            await acts.produce(act(asking, value=f"m{n}", key="-", partition=str(n % 2)), Topic("t"))
        rows = {row.key: row for row in await sources.partitions(asking)}
        query = LogQuery(source="t/0", follow=False)
        lines = [line async for line in tailing.follow(asking, rows["t/0"], query)]
        assert [line.rpartition(" ")[2] for line in lines] == ["m0", "m2"]
