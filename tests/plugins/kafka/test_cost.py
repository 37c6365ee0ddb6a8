"""What a cycle of all groups costs the brokers: counted by the simulator, whatever the client says of itself."""

from __future__ import annotations

import time

import pytest

from plugins.kafka import sources
from plugins.kafka.client import wire
from plugins.kafka.simulator import World, topic
from plugins.kafka.simulator.world import Group
from tests.plugins.kafka.bench import client, simulated

TOPICS, PARTITIONS, GROUPS = 200, 10, 500
MOST = 10
"""Requests a broker and cycle."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked twice because the machine is slow."""
    for name in ("CONNECT_WITHIN", "WITHIN", "HEDGE"):
        monkeypatch.setattr(wire, name, 120.0)


async def test_all_lags_of_two_thousand_partitions_and_five_hundred_groups_cost_ten_requests_a_broker() -> None:
    world = World(now=time.time)
    for n in range(TOPICS):
        world.topics[f"t-{n}"] = topic(f"t-{n}", PARTITIONS, end=100)
    for n in range(GROUPS):
        of = f"t-{n % TOPICS}"
        world.groups[f"g-{n}"] = Group(f"g-{n}", {(of, number): 60.0 for number in range(PARTITIONS)})
    async with simulated(world) as simulator, client(simulator.port(0)) as asking:
        await sources.groups(asking)
        simulator.seen.clear()
        asking.metadata.forget()
        asking.latest.forget()
        rows = list(await sources.groups(asking))
        spent = dict.fromkeys(world.brokers, 0)
        for (number, _), count in simulator.seen.items():
            spent[number] += count
    assert len(rows) == GROUPS
    assert {row.behind for row in rows} == {40 * PARTITIONS}
    assert max(spent.values()) <= MOST, spent
