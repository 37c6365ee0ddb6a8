"""Which cells are new or changed, and for how long they are shown so. Time is injected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.clock import Clock

MARKED_FOR = 3.0
"""Seconds for which new and changed cells are marked."""
MANY = 200
"""More new rows at once are a list that arrives, not news."""


class Freshness:
    """Changed cells by row key, each until it expires."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, tuple[float, frozenset[int]]] = {}

    def mark(self, changed: Mapping[str, frozenset[int]], added: Iterable[str], columns: int) -> None:
        """Cells of changed rows by column number, and rows that are new."""
        until = self._clock.monotonic() + MARKED_FOR
        for key, cells in changed.items():
            if cells:
                self._until[key] = (until, cells | self.columns(key))
        new = list(added)
        if len(new) <= MANY:
            everything = frozenset(range(columns))
            self._until.update((key, (until, everything)) for key in new)

    def columns(self, key: str) -> frozenset[int]:
        """Columns of a row that are marked now."""
        known = self._until.get(key)
        return known[1] if known is not None else frozenset()

    def due(self) -> float | None:
        """Seconds until the next mark expires; None where there is none."""
        if not self._until:
            return None
        return max(0.0, min(until for until, _ in self._until.values()) - self._clock.monotonic())

    def expire(self) -> None:
        """Forget marks whose time is over, together with those that end within half a second, to paint once."""
        horizon = self._clock.monotonic() + 0.5
        self._until = {key: mark for key, mark in self._until.items() if mark[0] > horizon}
