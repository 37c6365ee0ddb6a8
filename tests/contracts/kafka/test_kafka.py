"""The promises of Kafka, kept by simulated clusters of today and of old, and by the real ones of the lab."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

import pytest

from console.clock import SYSTEM_CLOCK
from console.plugin import Reach
from plugins.kafka.client import Client, connect
from plugins.kafka.config import Cluster, configure
from plugins.kafka.finding import search
from plugins.kafka.simulator import World, cluster, reference
from tests.contracts.ground import reached
from tests.contracts.kafka.moving import MOVES
from tests.contracts.kafka.promises import OLD, TODAYS, Promise

SIMULATED = {"simulated 4.1": (4, 1), "simulated 2.8": (2, 8)}
REAL = {"kafka": "kafka/my-cluster", "kafka-2.8": "kafka-2-8/old-kafka"}
"""By the lab's name: how the console calls it."""
_LAB, _OLDER = pytest.mark.lab, pytest.mark.older("kafka-2.8")
SIDES = (
    ("simulated 4.1", (*TODAYS, *MOVES), ()),
    ("simulated 2.8", (*OLD, *MOVES), ()),
    ("kafka", (*TODAYS, *MOVES), (_LAB,)),
    ("kafka-2.8", (*OLD, *MOVES), (_LAB, _OLDER)),
)


@pytest.fixture
async def client(request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    """The plugin's own: of a simulated cluster that is named, or of a real one, found through its platform."""
    side: str = request.param
    if side in SIMULATED:
        world = World(now=time.time, authorizer=SIMULATED[side] > (3,))
        simulator = await cluster(reference(world), release=SIMULATED[side])
        named = Client(Cluster("simulated", (("127.0.0.1", simulator.port(0)),)), None, SYSTEM_CLOCK)
        try:
            yield named
            assert simulator.unknown == []
        finally:
            await named.aclose()
            await simulator.close()
        return
    request.getfixturevalue("staged")(side)
    async with reached(request.getfixturevalue("lab").kubeconfig) as hosting:
        instance = next(one for one in await search(configure({}), hosting) if one.id.name == REAL[side])
        found = connect(instance, Reach(SYSTEM_CLOCK, "0", hosting))
        try:
            yield found
        finally:
            await found.aclose()


@pytest.mark.parametrize(
    ("client", "promise"),
    [
        pytest.param(side, promise, marks=marks, id=f"{side}-{promise.__name__}")
        for side, promises, marks in SIDES
        for promise in promises
    ],
    indirect=["client"],
)
async def test_it_is_kept(client: Client, promise: Promise) -> None:
    await promise(client)
