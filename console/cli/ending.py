"""The runner that this command started: seen to end by its process, not by asking the server again and again.

Owns the handle of one child process. Where the system has none (before Linux 5.3), nothing is seen, and whoever follows
looks as often as for any other run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Generator, Mapping


class Ending:
    """Whether a child has ended; `happened` is set then, and stays unset where that cannot be seen."""

    def __init__(self, pid: int) -> None:
        self.happened = asyncio.Event()
        self._pid = pid
        self._code: int | None = None

    @property
    def code(self) -> int | None:
        """Its exit code once it has ended (negative: the signal), else None."""
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self._pid, os.WNOHANG) if self._pid else (0, 0)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


@contextlib.contextmanager
def ending(run: str, started: Mapping[int, str]) -> Generator[Ending]:
    """Watch the process in `started` (run by process id) that works on `run`, if there is one."""
    pid = max((pid for pid, its in started.items() if its == run), default=0)
    seen = Ending(pid)
    handle = _handle(pid)
    loop = asyncio.get_running_loop()
    if handle is not None:
        loop.add_reader(handle, _ended, seen, handle, loop)
    try:
        yield seen
    finally:
        if handle is not None:
            loop.remove_reader(handle)
            os.close(handle)


def _ended(seen: Ending, handle: int, loop: asyncio.AbstractEventLoop) -> None:
    seen.happened.set()
    loop.remove_reader(handle)  # it stays readable for ever


def _handle(pid: int) -> int | None:
    if not pid:
        return None
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None
