"""The simulated world's time: one clock that also calls back, so that an idle world costs nothing.

Everything that will happen later is one entry in one heap; a live clock holds a single timer of the event loop for
the earliest of them. A manual clock is moved by tests and runs what falls due on the way, in order. Nothing here
polls.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from time import time as wall_time

Callback = Callable[[], None]


class Due:
    """One thing that will happen at `when`, unless cancelled."""

    __slots__ = ("callback", "order", "when")

    def __init__(self, when: float, order: int, callback: Callback) -> None:
        self.when, self.order, self.callback = when, order, callback

    def __lt__(self, other: Due) -> bool:
        return (self.when, self.order) < (other.when, other.order)

    def cancel(self) -> None:
        """Make it do nothing; the heap forgets it when its time comes."""
        self.callback = _nothing


def _nothing() -> None:
    """What a cancelled entry does."""


class Clock:
    """Seconds since the epoch, and things to do at a time. Callbacks are short, synchronous and run in order."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Seconds since the epoch."""
        raise NotImplementedError

    def monotonic(self) -> float:
        """The same seconds: nobody sets this clock."""
        return self.now()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of this clock."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self.after(seconds, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            due.cancel()

    def at(self, when: float, callback: Callback) -> Due:
        """Do `callback` at `when` (seconds since the epoch), or at once if that is past."""
        due = Due(when, next(self._order), callback)
        heapq.heappush(self._heap, due)
        if self._heap[0] is due:
            self.arm()
        return due

    def after(self, seconds: float, callback: Callback) -> Due:
        """Do `callback` in so many seconds."""
        return self.at(self.now() + seconds, callback)

    def arm(self) -> None:
        """The earliest entry changed; a live clock moves its timer."""

    def run_due(self, until: float) -> None:
        """Do what is due by `until`, also what that adds."""
        while self._heap and self._heap[0].when <= until:
            due = heapq.heappop(self._heap)
            self.reached(due.when)
            due.callback()

    def reached(self, when: float) -> None:
        """Time is now `when`, as far as the callback that runs next can tell."""

    def next_due(self) -> float | None:
        """When the next thing will happen; None when nothing will."""
        return self._heap[0].when if self._heap else None

    def adopt(self, other: Clock) -> None:
        """Take over what another clock was to do, as far in the future as it was there."""
        shift = self.now() - other.now()
        for due in other.take():
            self.at(due.when + shift, due.callback)

    def take(self) -> list[Due]:
        """Give away all that was to come, in order."""
        taken, self._heap = sorted(self._heap), []
        return taken

    def close(self) -> None:
        """Forget all that was to come."""
        self._heap.clear()


class LiveClock(Clock):
    """Real time, or a multiple of it, driven by one timer of the running event loop."""

    def __init__(self, *, speed: float = 1.0) -> None:
        super().__init__()
        self._speed = speed
        self._started = wall_time()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Wall time, stretched by the speed since the start."""
        return self._started + (wall_time() - self._started) * self._speed

    def arm(self) -> None:
        """Set the one timer to the earliest entry."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            wait = max(0.0, (self._heap[0].when - self.now()) / self._speed)
            self._timer = asyncio.get_running_loop().call_later(wait, self._wake)

    def _wake(self) -> None:
        self._timer = None
        try:
            self.run_due(self.now())
        finally:
            self.arm()

    def close(self) -> None:
        """Forget all that was to come, and the timer."""
        super().close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class ManualClock(Clock):
    """Time that stands still until `advance`; everything due on the way happens at its own time."""

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        super().__init__()
        self._now = start

    def now(self) -> float:
        """Where `advance` has brought it."""
        return self._now

    def reached(self, when: float) -> None:
        """Stand at the time of the entry that runs."""
        self._now = max(self._now, when)

    def jump(self, when: float) -> None:
        """Be at another time without anything happening: what was to come keeps its distance."""
        shift = when - self._now
        for due in self._heap:
            due.when += shift
        self._now = when

    def advance(self, seconds: float) -> None:
        """Move on and do all that falls due, in order."""
        until = self._now + seconds
        self.run_due(until)
        self._now = until


def stamp(when: float) -> str:
    """RFC 3339 in whole seconds, as metav1.Time is written."""
    return _whole(int(when))


@lru_cache(maxsize=64)
def _whole(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_stamp(when: float) -> str:
    """RFC 3339 with six decimals, as metav1.MicroTime is written."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time; ValueError when it is none."""
    return datetime.fromisoformat(text).timestamp()
