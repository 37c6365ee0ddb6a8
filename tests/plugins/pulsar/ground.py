"""A client of a simulated cluster, facts over rows that a test gives, and the answers of real servers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from console.clock import SYSTEM_CLOCK
from console.model import InstanceId, Snapshot, SourceState
from console.plugin import Index, Reach, Table
from plugins.pulsar import config
from plugins.pulsar.client import Client, connect
from plugins.pulsar.simulator import Served, cluster

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


class Rows:
    """Facts of one instance; `now` is what the test says."""

    def __init__(self, tables: Mapping[Table[Any], Sequence[Any]], now: float = 0.0) -> None:
        self._tables = {table: {table.key(row): row for row in rows} for table, rows in tables.items()}
        self.instance = InstanceId("pulsar", "test")
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


def client_of(served: Served, tmp_path: Path, token: str = "sesame", **more: Any) -> Client:
    """The cluster as a person would name it: one broker, all bookies, a token in a file."""
    file = tmp_path / "token"
    file.write_text(f"{token}\n", encoding="utf-8")
    table = {
        "name": "test",
        "admin": [served.url("broker-0")],
        "bookies": [served.url(one) for one in served.world.bookies],
        "token_file": str(file),
        **more,
    }
    return connect(config.discover(config.configure({"instances": [table]}))[0], Reach(SYSTEM_CLOCK, "0"))


@asynccontextmanager
async def opened(tmp_path: Path, **more: Any) -> AsyncGenerator[tuple[Served, Client]]:
    """A simulated cluster and a client of it."""
    served = await cluster()
    client = client_of(served, tmp_path, **more)
    try:
        yield served, client
    finally:
        await client.aclose()
        await served.close()
