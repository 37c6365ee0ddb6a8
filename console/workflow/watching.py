"""Tells people of one run by their command: from its runner, whether or not anybody looks, and from whoever follows.

Owns the pace. Refuses to hold the run up: whatever the command does, the run does not hear of it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from console import paths
from console.clock import Clock
from console.config import Notify
from console.notifying import notify
from console.workflow.notices import Notice, Notices, look
from console.workflow.state import State

EVERY = 5.0
log = logging.getLogger("pilothouse.runner")


class Watching:
    """Looks at the state of a run again and again, and once more when it has ended."""

    def __init__(
        self,
        run: str,
        state: Callable[[], State],
        settings: Notify,
        clock: Clock,
        *,
        also: Callable[[Notice], None] = lambda notice: log.info("tells: %s", notice.line),
    ) -> None:
        self._run = run
        self._state = state
        self._settings = settings
        self._clock = clock
        self._also = also
        self._notices = Notices(settings.stalls_after)

    def expect(self) -> None:
        """The run begins here: its end is news, however soon it comes."""
        self._notices.expect(self._run)

    async def keep(self) -> None:
        """For ever; whoever starts it cancels it."""
        while True:
            await self._clock.sleep(EVERY)
            await self.once()

    async def once(self) -> None:
        """One look, and what follows from it."""
        seen = look(self._run, self._state())
        for notice in self._notices.heard(seen, self._clock.now()):
            self._also(notice)
            told = paths.state_dir() / "told"
            await notify(self._settings.command, notice, told=told, environ=os.environ)
