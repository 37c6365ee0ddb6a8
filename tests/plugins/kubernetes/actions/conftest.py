"""The plugin's client on the simulated cluster, with its sources running into a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.facts import StoreFacts
from console.model import InstanceId
from console.plugin import Act, Join, Poll, Reach, Table, Watch
from console.store import Store
from plugins.kubernetes.client import contexts
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.config import Settings
from plugins.kubernetes.panes import PANES
from plugins.kubernetes.simulator import ManualClock, Simulator, serve
from plugins.kubernetes.simulator.kinds import Kind
from plugins.kubernetes.sources import SOURCES
from tests.values import fetched

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Live:
    """A client, and the store that its sources fill."""

    api: Api
    store: Store
    instance: InstanceId
    simulator: Simulator
    clock: ManualClock

    @property
    def facts(self) -> StoreFacts:
        return self.store.facts(self.instance)

    def row(self, pane: str, key: str) -> Any:
        table: Table[Any] = next(one.table for one in PANES if one.name == pane)
        return self.facts.rows(table)[key]

    async def act(self, pane: str, action: str, key: str, answers: Mapping[str, str] | None = None) -> str:
        """Do an action of a pane to one of its rows."""
        found = next(one for one in PANES if one.name == pane)
        code = next(one for one in found.actions if one.id == action)
        return await code.run(Act(self.api, self.facts, answers or {}), self.row(pane, key))

    def stored(self, kind: Kind, key: str) -> dict[str, Any]:
        """An object as the simulated server holds it."""
        entry = self.simulator.world.store.get(kind, key)
        assert entry is not None, key
        return entry.body

    async def settle(self) -> None:
        await asyncio.sleep(0)
        for _ in range(6):
            await self.store.publish()


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    """Every source of the plugin, complete, over the reference cluster."""
    clock = ManualClock()
    simulator = await serve(tmp_path, clock=clock)
    instance = contexts.discover(Settings(kubeconfig=(str(simulator.kubeconfig),)))[0]
    api = contexts.connect(instance, Reach(clock=SYSTEM_CLOCK, version="0"))
    store = Store()
    tasks: list[asyncio.Task[None]] = []
    for source in SOURCES:
        rows = store.rows(instance.id, source.table)
        if isinstance(source, Join):
            store.attach(instance.id, source)
        elif isinstance(source, Watch):
            tasks.append(asyncio.ensure_future(source.follow(api, rows)))
        else:
            rows.begin()
            rows.add(await fetched(source, api))
            rows.end()
    made = Live(api, store, instance.id, simulator, clock)
    try:
        await _filled(made, tasks)
        yield made
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        await api.aclose()
        await simulator.close()


async def _filled(live: Live, tasks: list[asyncio.Task[None]]) -> None:
    """Wait until every list is complete; a source that ends is a failure."""
    watched = [source.table for source in SOURCES if isinstance(source, Watch | Poll)]
    async with asyncio.timeout(PATIENCE):
        while not all(live.facts.snapshot(table).complete for table in watched):
            done, _ = await asyncio.wait(tasks, timeout=0.02, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    await live.settle()
