"""The rows of one table: live dictionary, pending delta, indexes, listeners and the published snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from msgspec.structs import replace

from console.clock import Clock
from console.fence import Fence
from console.model import Delta, InstanceId, Snapshot, SourceState
from console.plugin import Facts, Index, Table

R = TypeVar("R")
Subscriber = Callable[[Snapshot[R], Delta], None]
Listener = Callable[[R | None, R | None], None]
IDLE = "nobody looked at it"
"""Why rows are old whose source was stopped because nobody wanted them: no failure, once they are wanted again."""


class Keeper(Protocol):
    """What rows, joins and facts need of the store that keeps them."""

    clock: Clock
    fence: Fence
    instances: list[InstanceId]

    def rows(self, instance: InstanceId, table: Table[R]) -> Rows[R]: ...

    def facts(self, instance: InstanceId) -> Facts: ...

    def dirty(self, rows: Rows[Any], *, soon: bool = False) -> None:
        """These rows have something to publish; `soon`: somebody waits for it before an empty screen."""
        ...


class Rows(Generic[R]):
    """One table of one instance: live rows, the pending delta, indexes and listeners. Implements `plugin.Feed`."""

    def __init__(self, store: Keeper, instance: InstanceId, table: Table[R]) -> None:
        self.table = table
        self.instance = instance
        self.live: dict[str, R] = {}
        self.snapshot: Snapshot[R] = Snapshot()
        self.subscribers: list[Subscriber[R]] = []
        self.listeners: list[Listener[R]] = []
        self._store = store
        self._indexes: dict[Index[R], dict[str, dict[str, None]]] = {}
        self._added: set[str] = set()
        self._changed: set[str] = set()
        self._removed: set[str] = set()
        self._seen: set[str] | None = None
        self._meta = False
        self._listed_at = 0.0

    # -- Feed

    def begin(self) -> None:
        self._seen = set()
        self._listed_at = self._store.clock.monotonic()

    def add(self, rows: Iterable[R]) -> None:
        self.change(rows)
        if self._added and not self.snapshot.rows:
            self._store.dirty(self, soon=True)

    def end(self) -> None:
        if self._seen is not None:
            for key in self.live.keys() - self._seen:
                self._drop(key)
        took = self._store.clock.monotonic() - self._listed_at if self._seen is not None else self.snapshot.took
        self._seen = None
        self._mark(complete=True, took=took)
        if self._meta:
            self._store.dirty(self, soon=True)

    def change(self, rows: Iterable[R] = (), gone: Iterable[str] = ()) -> None:
        for row in rows:
            self._put(row)
        for key in gone:
            self._drop(key)
        self._mark()

    def heard(self) -> None:
        self._mark()

    def note(self, text: str) -> None:
        if text != self.snapshot.note:
            self.snapshot = replace(self.snapshot, note=text)
            self._touch_meta()

    # -- state changes that the poller reports

    def failed(self, state: SourceState, error: str) -> None:
        """The source gave no answer: rows stay, `error` says why, `since` when it began."""
        self._seen = None
        if self.snapshot.state is state and self.snapshot.error == error:
            return
        since = self.snapshot.since if self.snapshot.state is state else self._store.clock.now()
        self.snapshot = replace(self.snapshot, state=state, error=error, since=since)
        self._touch_meta()

    def _mark(self, *, complete: bool = False, took: float | None = None) -> None:
        """The source answered just now."""
        now, old = self._store.clock.now(), self.snapshot
        state = SourceState.LIVE if complete or old.complete else SourceState.LOADING
        changed = state is not old.state or bool(old.error) or complete > old.complete
        self.snapshot = replace(
            old,
            state=state,
            taken_at=now,
            error="",
            since=old.since if state is old.state else now,
            took=old.took if took is None else took,
            complete=complete or old.complete,
        )
        if changed:
            self._touch_meta()
        elif self._added or self._changed or self._removed:
            self._store.dirty(self)

    def _touch_meta(self) -> None:
        self._meta = True
        self._store.dirty(self)

    # -- rows

    def _put(self, row: R) -> None:
        key = self.table.key(row)
        if self._seen is not None:
            self._seen.add(key)
        old = self.live.get(key)
        if old == row:
            return
        self.live[key] = row
        if old is None and key not in self._removed:
            self._added.add(key)
        elif key not in self._added:
            self._removed.discard(key)
            self._changed.add(key)
        if self._indexes or self.listeners:
            self._moved(key, old, row)

    def _drop(self, key: str) -> None:
        old = self.live.pop(key, None)
        if old is None:
            return
        self._changed.discard(key)
        if key in self._added:
            self._added.discard(key)
        else:
            self._removed.add(key)
        if self._indexes or self.listeners:
            self._moved(key, old, None)

    def _moved(self, key: str, old: R | None, new: R | None) -> None:
        for index, buckets in self._indexes.items():
            _reindex(buckets, key, () if old is None else index.keys(old), () if new is None else index.keys(new))
        for listener in self.listeners:
            listener(old, new)

    def by(self, index: Index[R], key: str) -> Sequence[R]:
        """Rows of one index bucket; the index is built when it is first asked for."""
        buckets = self._indexes.get(index)
        if buckets is None:
            buckets = self._indexes[index] = {}
            for row_key, row in self.live.items():  # flat, for it is done for every row at once
                for each in index.keys(row):
                    bucket = buckets.get(each)
                    if bucket is None:
                        bucket = buckets[each] = {}
                    bucket[row_key] = None
        live = self.live
        return [live[row_key] for row_key in buckets.get(key, ())]

    # -- publishing

    def publish(self) -> None:
        """Freeze what changed since the last call and tell the subscribers."""
        delta = Delta(frozenset(self._added), frozenset(self._changed), frozenset(self._removed))
        if not delta and not self._meta:
            return
        self._added, self._changed, self._removed, self._meta = set(), set(), set(), False
        rows = MappingProxyType(dict(self.live)) if delta else self.snapshot.rows
        self.snapshot = replace(self.snapshot, rows=rows, generation=self.snapshot.generation + 1)
        for subscriber in tuple(self.subscribers):
            try:
                subscriber(self.snapshot, delta)
            except Exception as error:  # noqa: BLE001 - one broken pane must not silence the others
                self._store.fence.caught(f"subscriber of {self.instance}/{self.table.name}", error)


def _reindex(buckets: dict[str, dict[str, None]], row_key: str, old: Iterable[str], new: Iterable[str]) -> None:
    old_keys, new_keys = set(old), set(new)
    for key in old_keys - new_keys:
        bucket = buckets[key]
        del bucket[row_key]
        if not bucket:
            del buckets[key]
    for key in new_keys - old_keys:
        buckets.setdefault(key, {})[row_key] = None
