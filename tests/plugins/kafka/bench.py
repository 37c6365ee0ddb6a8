"""A simulated cluster and the plugin's client before it, with nothing left behind: no thread, no socket."""

from __future__ import annotations

import asyncio
import gc
import ssl
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from console.clock import SYSTEM_CLOCK
from console.plugin import ServerSet, Stream
from plugins.kafka.client import Client
from plugins.kafka.config import Cluster, Found, configure
from plugins.kafka.simulator import Simulator, World, cluster, reference
from tests.plugins.rabbitmq.ground import Socket

PATIENCE = 90.0
"""Seconds that a slow machine may take for what happens within one."""


@asynccontextmanager
async def simulated(
    world: World | None = None, *, release: tuple[int, ...] = (4, 1), tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Simulator]:
    """Three brokers on loopback, with what the sandbox shows."""
    simulator = await cluster(world or reference(World(now=time.time)), release=release, tls=tls)
    try:
        yield simulator
    finally:
        await simulator.close()


@asynccontextmanager
async def client(port: int, platform: Any = None, **keys: Any) -> AsyncGenerator[Client]:
    """The client of a cluster that is named with these keys; closed, with its threads gone and its sockets closed.

    With a platform it is as if it were found there.
    """
    cluster = named(port, **keys)
    made = Client(replace(cluster, found=Found("kafka", "x")) if platform else cluster, platform, SYSTEM_CLOCK)
    try:
        yield made
    finally:
        await made.aclose()
        await until(lambda: not threads(), "a thread of the library stays")
        gc.collect()  # a socket that is left warns now, which fails this test and not another one


class Inside:
    """A platform that has nothing but a way to every name: to the same port of this machine."""

    async def sets(self) -> Sequence[ServerSet]:
        return ()

    async def dial(self, _host: str, port: int) -> Stream:
        return Socket(*await asyncio.open_connection("127.0.0.1", port))


def named(port: int, **keys: Any) -> Cluster:
    """A cluster as the configuration names it."""
    table = {"name": "bad", "bootstrap": [f"127.0.0.1:{port}"], **keys}
    return configure({"instances": [table]}).clusters[0]


def threads() -> list[str]:
    """Of the library, that are alive."""
    return [one.name for one in threading.enumerate() if one.name.startswith("kafka-io")]


async def until(is_so: Callable[[], Any], what: str) -> None:
    """Wait until something is so; it may be awaitable."""
    end = time.monotonic() + PATIENCE
    while True:
        so = is_so()
        if await so if hasattr(so, "__await__") else so:
            return
        assert time.monotonic() < end, what
        await asyncio.sleep(0.05)
