"""A client of a simulated ensemble, and facts over its rows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from console.clock import SYSTEM_CLOCK, Clock
from console.model import InstanceId, Snapshot, SourceState
from console.plugin import Index, Reach, Table
from plugins.zookeeper import config
from plugins.zookeeper.client import Client, connect
from plugins.zookeeper.model.rows import MEMBERS, RINGS
from plugins.zookeeper.simulator import Simulator, ensemble


class Rows:
    """Facts of one ensemble."""

    def __init__(self, tables: Mapping[Table[Any], Sequence[Any]]) -> None:
        self._tables = {table: {table.key(row): row for row in rows} for table, rows in tables.items()}
        self.instance = InstanceId("zookeeper", "test")
        self.now = 0.0

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
    return Rows({MEMBERS: list(await client.members()), RINGS: list(await client.rings())})


@asynccontextmanager
async def client_of(simulator: Simulator, *, clock: Clock = SYSTEM_CLOCK, **more: Any) -> AsyncGenerator[Client]:
    """The ensemble as a person would name it in the configuration."""
    table: dict[str, Any] = {"name": "test", "servers": [f"127.0.0.1:{port}" for port in simulator.ports.values()]}
    if simulator.admin:
        table["admin"] = [f"127.0.0.1:{port}" for port in simulator.admin.values()]
    settings = config.configure({"instances": [{**table, "timeout": 20.0, **more}]})
    client = connect(config.discover(settings)[0], Reach(clock, "0"))
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def running(voters: int = 3, **more: Any) -> AsyncGenerator[Simulator]:
    simulator = await ensemble(voters, **more)
    try:
        yield simulator
    finally:
        await simulator.close()
