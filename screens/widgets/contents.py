"""What a table shows: the rows of the newest snapshot, scoped, filtered and sorted, brought up to date in slices.

Pure but for the stopwatch of a slice. Knows no widget: its owner calls `work` until it is done, and repaints.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from console.filtering import EVERYTHING, Filter
from console.model import Delta, Snapshot
from console.plugin import Pane
from screens.widgets.order import Order, Rank
from screens.widgets.reading import Reader, RowSubject
from screens.widgets.tree import TreeOrder

R = TypeVar("R")
SLICE = 0.002
"""Seconds for which the event loop may be held."""


class Contents(Generic[R]):
    """Rows, order and the settings that decide both. `snapshot` is the newest one, also while paused."""

    def __init__(self, reader: Reader[R], now: Callable[[], float]) -> None:
        pane: Pane[R] = reader.pane
        self.reader = reader
        self.snapshot: Snapshot[R] = Snapshot()
        self.rows: Mapping[str, R] = {}
        self.filter: Filter = EVERYTHING
        self.scope: Mapping[str, str] = {}
        self.faults_only = False
        self.paused = False
        self.sort, self.descending = _sort_of(pane)
        self.order: Order[R] = TreeOrder(self._own) if pane.parent is not None else Order(self._rank)
        self._now = now
        self._before: Mapping[str, R] = {}
        self._pending: set[str] = set()
        self._work: Iterator[None] | None = None
        self._ageing: frozenset[int] = frozenset()
        self.folded: frozenset[str] = frozenset()
        """Rows of a tree that a person collapsed, whether they are there or not."""

    def row(self, key: str) -> R | None:
        """A row by its key; one that is gone stays until the order let go of it."""
        return self.rows.get(key, self._before.get(key))

    @property
    def behind(self) -> int:
        """How many rows changed since the pause began."""
        return len(self._pending) if self.paused else 0

    @property
    def busy(self) -> bool:
        return self._work is not None

    def take(self, snapshot: Snapshot[R], delta: Delta) -> None:
        """A new publication; call `work` afterwards."""
        self.snapshot = snapshot
        self._pending |= delta.touched

    def touch(self, keys: Iterable[str]) -> None:
        """What the sort depends on changed beside these rows; call `work` afterwards."""
        self._pending.update(keys)

    def pause(self, *, paused: bool) -> None:
        """Keep the rows as they are, or go on with the newest."""
        self.paused = paused

    def limit(
        self,
        *,
        line: Filter | None = None,
        scope: Mapping[str, str] | None = None,
        faults_only: bool | None = None,
    ) -> None:
        """Change what is shown; None leaves a setting as it is."""
        self.filter = self.filter if line is None else line
        self.scope = self.scope if scope is None else dict(scope)
        self.faults_only = self.faults_only if faults_only is None else faults_only
        self.rebuild()

    def parent(self, key: str) -> str | None:
        """The row above this one in a tree."""
        row = self.row(key)
        return None if row is None else self.reader.parent(row)

    @property
    def folds(self) -> bool:
        """Whether rows can be collapsed now: what a filter finds is shown wherever it stands."""
        return isinstance(self.order, TreeOrder) and not self.filter and not self.faults_only

    def is_folded(self, key: str) -> bool:
        """Whether a person collapsed this row."""
        return key in self.folded

    def fold(self, keys: Iterable[str], *, folded: bool) -> None:
        """Hide what stands beneath these rows, or show it again; call `work` afterwards."""
        self.folded = self.folded.union(keys) if folded else self.folded.difference(keys)
        self.rebuild()

    @property
    def parents(self) -> list[str]:
        """Rows beneath which others stand."""
        return [key for key in self.order if self.order.below(key)]

    def sort_by(self, column: int, *, descending: bool) -> None:
        self.sort, self.descending = column, descending
        self.rebuild()

    def rebuild(self) -> None:
        """Place all rows anew; what was under way is dropped, for it is done again."""
        if not self.paused:
            self._before, self.rows = self.rows, self.snapshot.rows
            self._pending = set()
        self._ageing = self.reader.ageing(self.rows, self._now()) if self.filter else frozenset()
        if isinstance(self.order, TreeOrder):
            self.order.folded = self.folded if self.folds else frozenset()
        self._work = self.order.rebuild(self.rows)

    def work(self, budget: float = SLICE) -> bool:
        """Go on for at most `budget` seconds; True when nothing is left to do."""
        deadline = time.perf_counter() + budget
        while self._work is not None or self._next():
            assert self._work is not None  # noqa: S101 - `_next` just set it
            for _ in self._work:
                if time.perf_counter() >= deadline:
                    return False
            self._work = None
            self._before = {}
        return True

    def _next(self) -> bool:
        if self.paused or not self._pending:
            return False
        touched, self._pending = self._pending, set()
        self._before, self.rows = self.rows, self.snapshot.rows
        self._work = self.order.renew(self.rows, touched)
        return True

    def _accepts(self, key: str, row: R) -> bool:
        if self.faults_only and not self.reader.fault(row):
            return False
        if self.scope:
            facets = self.reader.facets(row)
            if any(facets.get(name) != value for name, value in self.scope.items()):
                return False
        return not self.filter or self.filter.accepts(RowSubject(self.reader, key, row, self._now(), self._ageing))

    def _rank(self, key: str, row: R) -> Rank | None:
        if not self._accepts(key, row):
            return None
        return self.reader.rank(self.sort, key, row, descending=self.descending)

    def _own(self, key: str, row: R) -> tuple[str | None, Rank, bool]:
        rank = self.reader.rank(self.sort, key, row, descending=self.descending)
        return self.reader.parent(row), rank, self._accepts(key, row)


def _sort_of(pane: Pane[R]) -> tuple[int, bool]:
    """The column by which a pane is sorted first; `-TITLE` turns it round."""
    title = pane.sort.removeprefix("-")
    index = next((at for at, column in enumerate(pane.columns) if column.title == title), 0)
    return index, pane.sort.startswith("-")
