"""Who wants which rows, and what feeds them: a source runs while somebody wants it, and a while longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from console.clock import Clock
from console.errors import UsageError
from console.fence import Fence
from console.model import InstanceId, SourceState
from console.plugin import Client, Join, Source, Table
from console.poller import Poller
from console.rows import IDLE
from console.store import Store

LINGER = 120.0
"""Seconds that a source runs on after nobody wants it, so that going back and forth costs no new list."""
AGAIN = 2.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until all are over. What they raise is not told.

    Libraries may lose a cancellation that meets an answer (seen with a token that expired), so it is said again to who
    goes on: else who waits for its end would wait for ever.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=AGAIN)
        for task in done:
            if not task.cancelled():
                task.exception()


class _Demand(Struct):
    """Who wants one table of one instance, and what feeds it."""

    wanted: int = 0
    visible: int = 0
    poller: Poller | None = None
    task: asyncio.Task[None] | None = None
    inputs: list[Want] = field(default_factory=list["Want"])
    linger: asyncio.TimerHandle | None = None


class Want:
    """A demand that keeps a source running until `close`; somebody looks at it, or it works in the background."""

    def __init__(self, demand: _Demand, *, visible: bool, changed: Callable[[], None]) -> None:
        self._demand = demand
        self._changed = changed
        self._visible = visible
        self._closed = False
        demand.wanted += 1
        demand.visible += visible

    def look(self, *, visible: bool) -> None:
        """Say whether somebody looks at it now."""
        if not self._closed and visible is not self._visible:
            self._demand.visible += 1 if visible else -1
            self._visible = visible
            self._changed()

    def close(self) -> None:
        """The demand ends; closing twice is harmless."""
        if not self._closed:
            self.look(visible=False)
            self._closed = True
            self._demand.wanted -= 1
            self._changed()


class Demands:
    """Counts demand for each table of each instance and starts or stops what feeds it."""

    def __init__(
        self,
        store: Store,
        *,
        sources: Callable[[InstanceId], Mapping[Table[Any], Source]],
        client: Callable[[InstanceId], Awaitable[Client]],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._store = store
        self._clock: Clock = store.clock
        self._fence: Fence = store.fence
        self._sources = sources
        self._client = client
        self._start = start
        self._demands: dict[tuple[InstanceId, Table[Any]], _Demand] = {}

    def want(self, instance: InstanceId, table: Table[Any], *, visible: bool = False) -> Want:
        """Keep a source running in the background until the want is closed."""
        key = (instance, table)
        demand = self._demands.setdefault(key, _Demand())
        want = Want(demand, visible=visible, changed=lambda: self._weigh(key, demand))
        if demand.linger is not None:
            demand.linger.cancel()
            demand.linger = None
        if demand.task is None and not demand.inputs:
            self._feed(key, demand)
        self._weigh(key, demand)
        return want

    def _weigh(self, key: tuple[InstanceId, Table[Any]], demand: _Demand) -> None:
        looked_at = demand.visible > 0
        for want in demand.inputs:
            want.look(visible=looked_at)
        if demand.poller is not None:
            if looked_at and not demand.poller.looked_at:
                demand.poller.wake()
            demand.poller.looked_at = looked_at
        if demand.wanted <= 0 and demand.linger is None and self._demands.get(key) is demand:
            demand.linger = asyncio.get_running_loop().call_later(LINGER, self._drop, key)

    def _feed(self, key: tuple[InstanceId, Table[Any]], demand: _Demand) -> None:
        instance, table = key
        source = self._sources(instance).get(table)
        if source is None:
            raise UsageError(f"{instance} has no source for {table.name}")
        if isinstance(source, Join):
            for needed in (source.of, *(touch.table for touch in source.touches)):
                if needed is not table:
                    demand.inputs.append(self.want(instance, needed))
            self._store.attach(instance, source)
            return
        rows = self._store.rows(instance, table)
        demand.poller = Poller(source, rows, clock=self._clock, fence=self._fence)
        demand.task = self._start(self._run(instance, demand.poller))

    async def _run(self, instance: InstanceId, poller: Poller) -> None:
        while True:
            try:
                client = await self._client(instance)
            except Exception as error:  # noqa: BLE001 - a plugin's connect may raise anything
                poller.rows.failed(SourceState.STALE, str(error))
                await self._clock.sleep(5.0)
            else:
                await poller.run(client)

    def _drop(self, key: tuple[InstanceId, Table[Any]]) -> None:
        demand = self._demands.get(key)
        if demand is not None and demand.wanted <= 0:
            self._start(self._stop(key))

    async def _stop(self, key: tuple[InstanceId, Table[Any]]) -> None:
        demand = self._demands.pop(key, None)
        if demand is None:
            return
        if demand.linger is not None:
            demand.linger.cancel()
        if demand.task is not None:
            await end((demand.task,))
            self._store.rows(*key).failed(SourceState.STALE, IDLE)
        if demand.inputs:
            self._store.detach(*key)
            for want in demand.inputs:
                want.close()

    def wake(self, instance: InstanceId) -> None:
        """Try every source of an instance again now (reload key)."""
        for (owner, _), demand in self._demands.items():
            if owner == instance and demand.poller is not None:
                demand.poller.wake()

    def feeds(self, instance: InstanceId) -> bool:
        """Whether any of the instance's sources runs."""
        return any(owner == instance and demand.poller is not None for (owner, _), demand in self._demands.items())

    async def leave(self, instance: InstanceId) -> None:
        """Stop everything that feeds an instance."""
        for key in [key for key in self._demands if key[0] == instance]:
            await self._stop(key)
