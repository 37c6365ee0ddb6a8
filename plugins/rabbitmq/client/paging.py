"""Long lists a page at a time, without a burst: the first time at once, later at most one page every 1.25 seconds.

A server that is slow is left alone for three times as long as it took. Lists shift while they are read: where their
length changed meanwhile, a row that was there before and was not met is given once more, and is gone the next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from console.clock import Clock

BETWEEN = 1.25
"""Seconds from page to page: 0.8 requests a second for as long as a list takes."""
_REST = 3.0
_SLICE = 100
"""Rows that are made at once: some 2 ms, between which keys are answered."""
W_co = TypeVar("W_co", covariant=True)
W = TypeVar("W")
R = TypeVar("R")


class Page(Protocol[W_co]):
    """What all paged answers have."""

    @property
    def items(self) -> Sequence[W_co]: ...

    @property
    def page_count(self) -> int: ...

    @property
    def total_count(self) -> int: ...


class Listing(Generic[R]):
    """One list of one instance, read again and again; `key` tells its rows apart."""

    def __init__(self, clock: Clock, key: Callable[[R], str]) -> None:
        self._clock = clock
        self._key = key
        self._last: dict[str, R] = {}
        self._lent: frozenset[str] = frozenset()

    async def pages(self, ask: Callable[[int], Awaitable[Page[W]]], row: Callable[[W], R]) -> AsyncIterator[list[R]]:
        """The rows of every page; `ask(number)` gives a page, from 1 on."""
        seen: dict[str, R] = {}
        lengths: set[int] = set()
        number, count = 1, 1
        while number <= count:
            began = self._clock.monotonic()
            page = await ask(number)
            took = self._clock.monotonic() - began
            rows = list[R]()
            for start in range(0, len(page.items), _SLICE):
                rows += [row(one) for one in page.items[start : start + _SLICE]]
                await asyncio.sleep(0)
            seen.update((self._key(one), one) for one in rows)
            lengths.add(page.total_count)
            yield rows
            number, count = number + 1, page.page_count
            if self._last and number <= count:
                await self._clock.sleep(max(BETWEEN, _REST * took))
        missed = {key: one for key, one in self._last.items() if key not in seen and key not in self._lent}
        self._lent = frozenset(missed) if len(lengths) > 1 else frozenset()
        if self._lent:
            yield list(missed.values())
        self._last = seen
