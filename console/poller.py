"""The loop that feeds one source. It has no exit but cancellation: failure is a value on the pane, then another try.

Back-off doubles from 0.8 s to 30 s with jitter, and is reset by success; Retry-After is honoured; a person can wake it.
A missing right is asked for again once a minute, since rights are granted while we run.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterable
from typing import Any

from console.clock import Clock
from console.errors import Absent, ConsoleError, Forbidden, Throttled
from console.fence import Fence
from console.model import SourceState
from console.plugin import Poll, Watch
from console.rows import Rows

FIRST_DELAY, LONGEST_DELAY, FORBIDDEN_DELAY, ABSENT_DELAY = 0.8, 30.0, 60.0, 60.0
SHARE = 4
"""A source rests at least so many times as long as its answer took: a server that is slow is asked less often."""
_log = logging.getLogger("pilothouse.poller")


def reason_first(error: ConsoleError) -> str:
    """The error for a title line, whose end is cut: why, then where, then what to do."""
    place = f" ({error.where})" if error.where else ""
    return f"{error.what}{place}" + (f"; {error.next_step}" if error.next_step else "")


class Poller:
    """Keeps one source of one instance running."""

    def __init__(self, source: Watch[Any] | Poll[Any], rows: Rows[Any], *, clock: Clock, fence: Fence) -> None:
        self.source = source
        self.rows = rows
        self.looked_at = True
        self._clock = clock
        self._fence = fence
        self._where = f"{rows.instance}/{rows.table.name}"
        self._awake = asyncio.Event()
        self._failures = 0

    def wake(self) -> None:
        """Try again now."""
        self._failures = 0
        self._awake.set()

    async def run(self, client: Any) -> None:
        """Feed the rows until cancelled."""
        while True:
            began = self.rows.snapshot.taken_at
            try:
                pause = await self._once(client)
            except Exception as error:  # noqa: BLE001 - the loop must not die; CancelledError passes
                if self.rows.snapshot.taken_at > began:
                    self._failures = 0
                pause = self._failed(error)
            else:
                self._failures = 0
            await self._rest(pause)

    async def _once(self, client: Any) -> float | None:
        if isinstance(self.source, Poll):
            began = self._clock.monotonic()
            self.rows.begin()
            fetched = self.source.fetch(client)
            if isinstance(fetched, AsyncIterable):
                async for page in fetched:
                    self.rows.add(page)
            else:
                self.rows.add(await fetched)
            self.rows.end()
            self.rows.note("")
            rest = self.source.visible if self.looked_at else self.source.hidden
            return rest if rest is None else max(rest, SHARE * (self._clock.monotonic() - began))
        await self.source.follow(client, self.rows)
        return FIRST_DELAY  # it should not return; if it does, not in a hot loop

    def _failed(self, error: Exception) -> float:
        if not isinstance(error, ConsoleError):
            self._fence.caught(self._where, error)
            self.rows.failed(SourceState.STALE, f"the plugin failed: {type(error).__name__}: {error}")
        elif isinstance(error, Absent):
            self.rows.begin()
            self.rows.end()
            self.rows.note(reason_first(error))
            return ABSENT_DELAY
        elif isinstance(error, Forbidden):
            self.rows.failed(SourceState.FORBIDDEN, reason_first(error))
            return FORBIDDEN_DELAY
        else:
            _log.warning("%s: %s", self._where, error)
            self.rows.failed(SourceState.STALE, reason_first(error))
        self._failures += 1
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (self._failures - 1)) * random.uniform(0.5, 1.5)
        return max(delay, error.retry_after) if isinstance(error, Throttled) else delay

    async def _rest(self, pause: float | None) -> None:
        self._awake.clear()
        if pause is None:
            await self._awake.wait()
            return
        waiters = [asyncio.ensure_future(self._awake.wait()), asyncio.ensure_future(self._clock.sleep(pause))]
        try:
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
