"""The newest rows of every source, their deltas, indexes and joins. One event loop, no locks: rows are immutable.

    source -> Rows.change -> (indexes, touched subjects) -> pump: joins in slices -> Snapshot + Delta -> subscribers

The pump publishes at most four times a second, but for what an empty screen waits for (the first rows of a list, and
its end), and holds the loop for at most `SLICE` seconds at a time; nothing runs while nothing changes. The store
refuses I/O and knows no system.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, cast

from console.clock import SYSTEM_CLOCK, Clock
from console.facts import StoreFacts
from console.fence import Fence
from console.joins import Joined
from console.model import Delta, InstanceId, Snapshot, SourceState
from console.plugin import Join, Table
from console.rows import IDLE, Rows, Subscriber

R = TypeVar("R")

PUBLISH_EVERY = 0.25
SLICE = 0.003
_LOOK = 0.02


class Store:
    """All tables of all instances, and the pump that publishes them."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK, fence: Fence | None = None) -> None:
        self.clock = clock
        self.fence = fence or Fence()
        self.instances: list[InstanceId] = []
        self._rows: dict[tuple[InstanceId, Table[Any]], Rows[Any]] = {}
        self._joins: dict[tuple[InstanceId, Table[Any]], Joined[Any, Any]] = {}
        self._facts: dict[InstanceId, StoreFacts] = {}
        self._dirty: dict[Rows[Any], None] = {}
        self._soon: dict[Rows[Any], None] = {}
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._published = asyncio.Event()

    def rows(self, instance: InstanceId, table: Table[R]) -> Rows[R]:
        """The rows of a table, empty until a source fills them."""
        found = self._rows.get((instance, table))
        if found is None:
            found = self._rows[instance, table] = Rows(self, instance, table)
        return cast("Rows[R]", found)

    def facts(self, instance: InstanceId) -> StoreFacts:
        if instance not in self._facts:
            self._facts[instance] = StoreFacts(self, instance)
        return self._facts[instance]

    def attach(self, instance: InstanceId, join: Join[Any, Any]) -> None:
        """Start to keep a join; its inputs are fed by whoever wants them."""
        if (instance, join.table) not in self._joins:
            self._joins[instance, join.table] = Joined(self, instance, join)
            self._wake.set()

    def detach(self, instance: InstanceId, table: Table[Any]) -> None:
        """Stop keeping a join; its rows go."""
        joined = self._joins.pop((instance, table), None)
        if joined is not None:
            joined.close()
            self._rows.pop((instance, table), None)

    def forget(self, instance: InstanceId) -> None:
        """Drop everything of an instance that was left (another context was chosen)."""
        for key in [key for key in self._joins if key[0] == instance]:
            self.detach(*key)
        for key in [key for key in self._rows if key[0] == instance]:
            gone = self._rows.pop(key)
            self._dirty.pop(gone, None)
            self._soon.pop(gone, None)
        self._facts.pop(instance, None)
        if instance in self.instances:
            self.instances.remove(instance)

    def announce(self) -> None:
        """Something else than rows changed (an instance came): wake whoever waits for a publication."""
        self._wake.set()

    def dirty(self, rows: Rows[Any], *, soon: bool = False) -> None:
        self._dirty[rows] = None
        self._wake.set()
        if soon:
            self._soon[rows] = None
            self._hurry.set()

    async def changed(self) -> None:
        """Return after the next publication."""
        await self._published.wait()

    async def ready(self, instance: InstanceId, tables: Iterable[Table[Any]], within: float) -> list[str]:
        """Wait until each table was listed once, or failed; the failures in words. The tables must be wanted."""
        deadline = self.clock.monotonic() + within
        open_tables = {table.name: table for table in tables}
        problems: list[str] = []
        while open_tables:
            for name, table in list(open_tables.items()):
                snapshot = self.rows(instance, table).snapshot
                if snapshot.complete and snapshot.state is SourceState.LIVE:
                    del open_tables[name]
                elif snapshot.state in {SourceState.STALE, SourceState.FORBIDDEN} and snapshot.error != IDLE:
                    problems.append(f"{name}: {snapshot.error}")
                    del open_tables[name]
            left = deadline - self.clock.monotonic()
            if open_tables and left <= 0:
                return [*problems, *(f"{name}: no answer in {within:.0f} s" for name in open_tables)]
            if open_tables:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _LOOK)):
                        await self.changed()
        if self._dirty:  # whoever waits for all of it need not wait for the next round of paints too
            await self.publish()
        return problems

    async def pump(self) -> None:
        """Publish until cancelled: first rows and the end of a list at once, all else in rounds."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds())
            group.create_task(self._firsts())

    async def _firsts(self) -> None:
        while True:
            await self._hurry.wait()
            self._hurry.clear()
            soon, self._soon = self._soon, {}
            for rows in soon:
                rows.publish()
            self._tell()

    async def _rounds(self) -> None:
        last = -PUBLISH_EVERY
        while True:
            await self._wake.wait()
            pause = last + PUBLISH_EVERY - self.clock.monotonic()
            if pause > 0:
                await self.clock.sleep(pause)
            last = self.clock.monotonic()
            await self.publish()

    async def publish(self) -> None:
        """One round: joins in slices, then every table that changed."""
        self._wake.clear()
        while not self._work(self.clock.monotonic() + SLICE):  # noqa: ASYNC110 - lets keys and paints in between
            await asyncio.sleep(0)
        for joined in self._joins.values():
            joined.settle()
        dirty, self._dirty = self._dirty, {}
        until = self.clock.monotonic() + SLICE
        for rows in dirty:
            rows.publish()
            if self.clock.monotonic() >= until:
                await asyncio.sleep(0)
                until = self.clock.monotonic() + SLICE
        self._tell()

    def _tell(self) -> None:
        published, self._published = self._published, asyncio.Event()
        published.set()

    def _work(self, until: float) -> bool:
        # Joins may read joins: those attached first are inputs of later ones, so two rounds in order settle them.
        done = True
        for joined in self._joins.values():
            done = joined.work(until) and done
        return done


class View(Generic[R]):
    """What a pane holds: the snapshot, the deltas, and the demand that keeps its source running until `close`."""

    def __init__(self, store: Store, instance: InstanceId, table: Table[R], release: Callable[[], None]) -> None:
        self.instance = instance
        self.table = table
        self.facts = store.facts(instance)
        self._rows = store.rows(instance, table)
        self._release = release
        self._stops: list[Callable[[], None]] = []

    @property
    def snapshot(self) -> Snapshot[R]:
        """The newest published snapshot; its age and state are current."""
        return self._rows.snapshot

    def subscribe(self, callback: Subscriber[R]) -> Callable[[], None]:
        """Call back with every published change; once soon, with everything that is there as added."""
        subscribers = self._rows.subscribers

        def first() -> None:
            subscribers.append(callback)
            snapshot = self._rows.snapshot
            callback(snapshot, Delta(added=frozenset(snapshot.rows)))

        handle = asyncio.get_running_loop().call_soon(first)

        def stop() -> None:
            handle.cancel()
            if callback in subscribers:
                subscribers.remove(callback)

        self._stops.append(stop)
        return stop

    def close(self) -> None:
        for stop in self._stops:
            stop()
        self._release()
