"""Time as a parameter: everything that waits or stamps takes a Clock, so that hours test in milliseconds."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time, monotonic time (both in seconds) and sleep."""

    def now(self) -> float:
        """Seconds since the epoch, for stamps that people read."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that nobody sets, for durations and leases."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
