"""Joins kept up to date: which subjects a change touches, rebuilt in slices. Plugin code is called behind the fence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from console.model import InstanceId, Snapshot, SourceState
from console.plugin import EVERY, Join
from console.rows import Keeper, Listener, Rows

R = TypeVar("R")
S = TypeVar("S")


class Joined(Generic[S, R]):
    """Keeps the rows of one `Join` up to date: collects touched subjects, rebuilds them in slices."""

    def __init__(self, store: Keeper, instance: InstanceId, join: Join[S, R]) -> None:
        self.join = join
        self.rows: Rows[R] = store.rows(instance, join.table)
        self._store = store
        self._facts = store.facts(instance)
        self._where = f"{instance}/{join.table.name}"
        self._subjects: Rows[S] = store.rows(instance, join.of)
        self._made: dict[str, tuple[str, ...]] = {}
        self._pending: dict[str, None] = dict.fromkeys(self._subjects.live)
        self._unhook: list[tuple[Rows[Any], Listener[Any]]] = []
        self._inputs: list[Rows[Any]] = [self._subjects]
        self._conditions: list[tuple[SourceState, bool, str]] = []
        self._listen(self._subjects, self._of_subject)
        for touch in join.touches:
            table = store.rows(instance, touch.table)
            self._inputs.append(table)
            self._listen(table, self._listener(touch.subjects))

    def _listen(self, rows: Rows[Any], listener: Listener[Any]) -> None:
        rows.listeners.append(listener)
        self._unhook.append((rows, listener))

    def _of_subject(self, old: S | None, new: S | None) -> None:
        row = new if new is not None else old
        if row is not None:
            self._pending[self.join.of.key(row)] = None

    def _listener(self, subjects: Callable[[Any, Any], Iterable[str]]) -> Listener[Any]:
        def touched(old: object, new: object) -> None:
            for row in (old, new):
                if row is not None:
                    for key in self._store.fence.call(f"{self._where} touch", (), subjects, row, self._facts):
                        if key == EVERY:
                            self._pending.update(dict.fromkeys(self._subjects.live))
                        else:
                            self._pending[key] = None

        return touched

    def work(self, until: float) -> bool:
        """Rebuild pending subjects until this monotonic time; True when none is left."""
        while self._pending:
            key, _ = self._pending.popitem()  # the last, for a dictionary emptied from its front is searched anew
            self._rebuild(key)
            if self._store.clock.monotonic() >= until:
                break
        return not self._pending

    def _rebuild(self, key: str) -> None:
        subject = self._subjects.live.get(key)
        made: tuple[R, ...] = ()
        if subject is not None:
            made = self._store.fence.call(self._where, (), self._build, subject)
        keys = tuple(self.join.table.key(row) for row in made)
        gone = set(self._made.get(key, ())) - set(keys)
        if keys:
            self._made[key] = keys
        else:
            self._made.pop(key, None)
        if made or gone:
            self.rows.change(made, gone)

    def _build(self, subject: S) -> tuple[R, ...]:
        return tuple(self.join.build(subject, self._facts))

    def settle(self) -> None:
        """Take over the worst state of the inputs once everything pending was rebuilt."""
        states = [rows.snapshot for rows in self._inputs]
        self._judge_again([(s.state, s.complete, s.note) for s in states])
        broken = next((s for s in states if s.state in {SourceState.STALE, SourceState.FORBIDDEN}), None)
        primary = states[0]
        if broken is not None and (broken is primary or primary.complete):
            state = broken.state if broken is primary else primary.state
            note = "" if broken is primary else f"without {self._name_of(broken)}: {broken.error}"
            if state in {SourceState.STALE, SourceState.FORBIDDEN}:
                self.rows.failed(state, broken.error)
                return
            self.rows.note(note)
        else:
            self.rows.note(next((s.note for s in states if s.note), ""))
        settled = all(s.complete or s.state is SourceState.FORBIDDEN for s in states) and primary.complete
        if settled and not self.rows.snapshot.complete:
            self.rows.end()
        elif primary.taken_at > self.rows.snapshot.taken_at and (settled or self.rows.snapshot.complete):
            self.rows.heard()

    def _judge_again(self, conditions: list[tuple[SourceState, bool, str]]) -> None:
        """A build may judge by what is missing: when an input becomes complete, stale or forbidden, all are rebuilt."""
        if conditions != self._conditions:
            self._conditions = conditions
            self._pending.update(dict.fromkeys(self._subjects.live))
            self._store.dirty(self.rows)

    def _name_of(self, snapshot: Snapshot[Any]) -> str:
        return next(rows.table.name for rows in self._inputs if rows.snapshot is snapshot)

    def close(self) -> None:
        for rows, listener in self._unhook:
            rows.listeners.remove(listener)
