"""Facts over rows that a test gives, and a client of a simulated group."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from console.clock import SYSTEM_CLOCK, Clock
from console.model import InstanceId, Snapshot, SourceState
from console.plugin import Index, Instance, Reach, Table
from plugins.redis import config
from plugins.redis.client import Client, connect
from plugins.redis.model.rows import MASTERS, MEMBERS, SENTINELS
from plugins.redis.simulator import Simulator, cluster


class Rows:
    """Facts of one instance; `now` is what the test says."""

    def __init__(self, tables: Mapping[Table[Any], Sequence[Any]], now: float = 0.0) -> None:
        self._tables = {table: {table.key(row): row for row in rows} for table, rows in tables.items()}
        self.instance = InstanceId("redis", "test")
        self.now = now

    def snapshot(self, table: Table[Any]) -> Snapshot[Any]:
        return Snapshot(self.rows(table), SourceState.LIVE, complete=True)

    def rows(self, table: Table[Any]) -> Mapping[str, Any]:
        return self._tables.get(table, {})

    def get(self, table: Table[Any], key: str) -> Any:
        return self.rows(table).get(key)

    def by(self, index: Index[Any], key: str) -> Sequence[Any]:
        return [row for row in self.rows(index.table).values() if key in tuple(index.keys(row))]

    def others(self, system: str) -> Sequence[Any]:
        return ()


async def rows_of(client: Client) -> Rows:
    return Rows(
        {
            MASTERS: list(await client.masters()),
            MEMBERS: list(await client.members()),
            SENTINELS: list(await client.sentinels()),
        }
    )


def instance_of(simulator: Simulator, **more: Any) -> Instance:
    """The group as a person would name it in the configuration: by its Sentinels alone."""
    at = [f"127.0.0.1:{place.port}" for name, place in simulator.places.items() if name.startswith("sentinel")]
    settings = config.configure({"instances": [{"name": "test", "sentinels": at, "timeout": 20.0, **more}]})
    return config.discover(settings)[0]


@asynccontextmanager
async def client_of(simulator: Simulator, *, clock: Clock = SYSTEM_CLOCK, **more: Any) -> AsyncGenerator[Client]:
    client = connect(instance_of(simulator, **more), Reach(clock, "0"))
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def group(version: str = "7.0.15", context: ssl.SSLContext | None = None) -> AsyncGenerator[Simulator]:
    simulator = await cluster(version=version, context=context)
    try:
        yield simulator
    finally:
        await simulator.close()
