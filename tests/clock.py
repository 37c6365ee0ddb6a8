"""A clock that tests turn by hand: hours of waiting take no time, in the order in which they would have ended.

It keeps the protocol of console.clock. Nothing moves unless a test says so: `advance(seconds)` to move on,
`drive(awaitable)` to move on whenever the awaited work does nothing but sleep.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_TURNS = 20  # turns of the loop that a woken task gets to reach its next sleep
_IO_SECONDS = 0.01  # real time that one look at real I/O may take


class FakeClock:
    """Wall and monotonic time in seconds; both move only by `advance` and `drive`."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def set_wall(self, now: float) -> None:
        """Somebody sets the machine's date; durations must not notice."""
        self._now = now

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been moved on by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move on, waking every sleeper at its own moment."""
        end = self._monotonic + seconds
        await self.settle()
        while (due := self._next_due()) is not None and due <= end:
            self._move_to(due)
            await self.settle()
        self._move_to(end)
        await self.settle()

    async def drive(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; the clock moves on by itself whenever all that is left is sleep."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await self.settle()
            if task.done():
                break
            due = self._next_due()
            if due is None:
                await asyncio.wait({task}, timeout=_IO_SECONDS)
            else:
                self._move_to(due)
        return await task

    async def settle(self) -> None:
        """Let every task run until it waits for something."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    def _next_due(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():  # cancelled while asleep
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _move_to(self, moment: float) -> None:
        if moment > self._monotonic:
            self._now += moment - self._monotonic
            self._monotonic = moment
        while (due := self._next_due()) is not None and due <= moment:
            heapq.heappop(self._sleepers)[2].set_result(None)


class Inline(ThreadPoolExecutor):
    """Work for threads that is done at once: real time that a thread takes would be time that the clock runs ahead.

    Not for work that waits for something of the loop.
    """

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # as an executor: it is the one who waits for the result that meets it
            done.set_exception(error)
        return done
