"""The promises of Kafka, kept by the simulator of a new release; tests/lab runs the same bodies on real brokers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import pytest

from console.clock import SYSTEM_CLOCK
from plugins.kafka.client import Client
from plugins.kafka.config import Cluster
from plugins.kafka.simulator import World, cluster, reference
from tests.contracts.kafka.promises import PROMISES


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.__name__)
async def test_the_simulator_keeps_it(promise: Callable[[Client], Awaitable[None]]) -> None:
    simulator = await cluster(reference(World(now=time.time)))
    client = Client(Cluster("simulated", (("127.0.0.1", simulator.port(0)),)), None, SYSTEM_CLOCK)
    try:
        await promise(client)
        assert simulator.unknown == []
    finally:
        await client.aclose()
        await simulator.close()
