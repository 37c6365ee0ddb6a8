"""A runner that is started before its run has a name: it imports what every run needs while the plan is still made.

Owns the one line that passes between the two processes: the run, its arguments, its log. Refuses to be of consequence:
what stands by holds nothing and asks nobody, and ends by itself when whoever started it goes without giving it a run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

WORD = "--standby"
"""The only argument of a runner that stands by."""
_CONFIG = "PILOTHOUSE_CONFIG"


class Standby:
    """The process that stands by, as its starter sees it. Close it: then it ends, unless a run was given to it."""

    def __init__(self) -> None:
        read, self._pipe = os.pipe()  # neither end is inherited by what else is started here
        self.pid = _spawned(read)

    def give(self, run: str, connection: Sequence[str], *, log: Path) -> bool:
        """Give it the run; False where it is not there any more, so that another runner must be started."""
        told = {"argv": [run, *connection], "log": str(log), "config": os.environ.get(_CONFIG, "")}
        line = f"{json.dumps(told)}\n".encode()
        try:
            return os.write(self._pipe, line) == len(line)
        except OSError:
            return False

    def close(self) -> None:
        """No run will be given any more."""
        pipe, self._pipe = self._pipe, -1
        if pipe >= 0:
            os.close(pipe)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _spawned(read: int) -> int:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "console.workflow.runner", WORD],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, read, 0),
                (os.POSIX_SPAWN_DUP2, nowhere, 1),
                (os.POSIX_SPAWN_DUP2, nowhere, 2),
            ],
            setsid=True,
        )
    finally:
        os.close(nowhere)
        os.close(read)


def given() -> list[str]:
    """As the process that stands by: wait for a run. Its arguments, its log open; nothing where none comes."""
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return []
    told = json.loads(line)
    if told["config"]:
        os.environ[_CONFIG] = told["config"]
    out = opened(Path(told["log"]))
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(old, new)
    for each in (out, nothing):
        with suppress(OSError):
            os.close(each)
    return [str(word) for word in told["argv"]]


def opened(log: Path) -> int:
    """A run's log (0600), for the process that works on it."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
