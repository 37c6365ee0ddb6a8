"""Answers that several tables share, or that seldom change: remembered for seconds, asked for once at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

from console.clock import Clock

T = TypeVar("T")


class Kept:
    """By key; a failure is not remembered, so that the next one who asks tries again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, seconds: float, make: Callable[[], Awaitable[T]]) -> T:
        """The value, not older than `seconds`; made by one caller while the others wait for it."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._values.get(key)
            if known is not None and self._clock.monotonic() - known[0] < seconds:
                return cast("T", known[1])
            value = await make()
            self._values[key] = (self._clock.monotonic(), value)
            return value

    def now(self) -> float:
        """Seconds of the clock by which ages are measured."""
        return self._clock.monotonic()

    def last(self, key: Hashable) -> Any:
        """What was remembered, however old; None where nothing was."""
        known = self._values.get(key)
        return known[1] if known is not None else None

    def age(self, key: Hashable) -> float | None:
        """Seconds since it was made."""
        known = self._values.get(key)
        return self._clock.monotonic() - known[0] if known is not None else None

    def forget(self, *keys: Hashable) -> None:
        """Something changed it: ask again."""
        for key in keys:
            self._values.pop(key, None)
