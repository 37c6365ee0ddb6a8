"""Runs the person's command when a run needs somebody: once a host, without a shell, with an end.

Owns the process and its environment. Refuses to interpret anything: the command is a list of words, what happened
comes in environment variables, and whatever goes wrong is logged and otherwise ignored, for a run must not suffer.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

WITHIN = 20.0
"""Seconds that the command may take."""
_KEPT = 7 * 86400.0
_log = logging.getLogger("pilothouse.notify")


class Told(Protocol):
    """What console.workflow.notices.Notice gives."""

    @property
    def event(self) -> str: ...
    @property
    def run(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def line(self) -> str: ...
    @property
    def key(self) -> str: ...


def environment(notice: Told) -> dict[str, str]:
    """What the command learns, as environment variables."""
    return {
        "PILOTHOUSE_EVENT": notice.event,
        "PILOTHOUSE_RUN": notice.run,
        "PILOTHOUSE_TITLE": notice.title,
        "PILOTHOUSE_STATUS": notice.status,
        "PILOTHOUSE_TEXT": notice.line,
    }


def first(folder: Path, key: str) -> bool:
    """Whether nobody on this host has told this yet; a folder that cannot be written tells rather twice than never."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in folder.iterdir():
            if time.time() - old.stat().st_mtime > _KEPT:
                old.unlink(missing_ok=True)
        path = folder / hashlib.sha256(key.encode()).hexdigest()[:32]
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    except OSError as error:
        _log.warning("what was told cannot be kept: %s", error)
    return True


async def notify(
    command: Sequence[str], notice: Told, *, told: Path, environ: Mapping[str, str], within: float = WITHIN
) -> bool:
    """Run the command for a notice unless another process of this host did; whether it was run and ended well."""
    if not command or not await asyncio.to_thread(first, told, notice.key):
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**environ, **environment(notice)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        _log.warning("the notify command cannot be run: %s", error)
        return False
    try:
        async with asyncio.timeout(within):
            code = await process.wait()
    except TimeoutError:
        _log.warning("the notify command took longer than %.0f s and was ended", within)
        return False
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code:
        _log.warning("the notify command ended with %d", code)
    return code == 0


def terminal_bytes(notice: Told) -> str:
    """The bell, and OSC 9 (a desktop notification in terminals that know it); the text is clean of controls."""
    return f"\x07\x1b]9;{notice.line}\x07"
