"""Hands the person's terminal to something else for a while: a remote shell, or an editor.

Owns raw mode, bytes both ways, window sizes, and putting the terminal back as it was whatever happens. The screen must
have let go of the terminal before. Refuses to know what is at the far end (`plugin.Terminal`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import tempfile
import termios
import tty
from collections.abc import Generator, Mapping
from pathlib import Path

from console.errors import ConsoleError, UsageError
from console.plugin import Terminal

LEAVE = b"\x1d"
"""ctrl-], as telnet has it: leaves a shell that does not answer any more."""
CLOSE_WITHIN = 3.0
"""Seconds for the far end to say how it ended; the terminal goes back without that too."""
_CHUNK = 65536
_EDITORS = ("vi", "nano", "vim", "ed")


@contextlib.contextmanager
def _raw(fd: int) -> Generator[None]:
    before = termios.tcgetattr(fd)
    tty.setraw(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def size_of(fd: int) -> tuple[int, int]:
    """Columns and rows of a terminal; 80 x 24 where it does not say."""
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        return 80, 24
    return (size.columns or 80, size.lines or 24)


async def interact(far: Terminal, *, keyboard: int = 0, screen: int = 1) -> int | None:
    """Connect a terminal with the far end until one of them ends; the exit code where one is known.

    Raises ConsoleError of the far end, after the terminal is as it was.
    """
    typed: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def heard() -> None:
        try:
            typed.put_nowait(os.read(keyboard, _CHUNK))
        except OSError:
            typed.put_nowait(b"")

    resized = asyncio.Event()
    before = signal.getsignal(signal.SIGWINCH)
    with _raw(keyboard):
        loop.add_reader(keyboard, heard)
        loop.add_signal_handler(signal.SIGWINCH, resized.set)
        try:
            await far.resize(*size_of(screen))
            await _both_ways(far, typed, resized, screen)
        finally:
            loop.remove_reader(keyboard)
            loop.remove_signal_handler(signal.SIGWINCH)
            signal.signal(signal.SIGWINCH, before)
    try:
        async with asyncio.timeout(CLOSE_WITHIN):
            return await far.close()
    except TimeoutError:
        return None


async def _both_ways(far: Terminal, typed: asyncio.Queue[bytes], resized: asyncio.Event, screen: int) -> None:
    tasks = [
        asyncio.ensure_future(_out(far, screen)),
        asyncio.ensure_future(_in(far, typed)),
        asyncio.ensure_future(_sizes(far, resized, screen)),
    ]
    try:
        done, _ = await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _out(far: Terminal, screen: int) -> None:
    while data := await far.read():
        await asyncio.to_thread(_write, screen, data)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


async def _in(far: Terminal, typed: asyncio.Queue[bytes]) -> None:
    while (data := await typed.get()) and LEAVE not in data:
        await far.write(data)


async def _sizes(far: Terminal, resized: asyncio.Event, screen: int) -> None:
    while True:
        await resized.wait()
        resized.clear()
        await far.resize(*size_of(screen))


def editor(environ: Mapping[str, str]) -> list[str]:
    """The person's editor as a command: $VISUAL, $EDITOR, else one that is there. Raises UsageError."""
    for name in ("VISUAL", "EDITOR"):
        if words := shlex.split(environ.get(name, "")):
            return words
    found = next((path for name in _EDITORS if (path := shutil.which(name))), None)
    if found is None:
        raise UsageError("there is no editor", next_step="set $EDITOR")
    return [found]


async def edited(text: str, *, suffix: str, environ: Mapping[str, str]) -> str:
    """The text as the person left it in the editor. The file is readable by its owner only and removed afterwards.

    Raises UsageError without an editor, ConsoleError when it fails: then nothing was changed.
    """
    command = editor(environ)
    with tempfile.TemporaryDirectory(prefix="pilothouse-") as folder:
        path = Path(folder) / f"edit{suffix}"
        await asyncio.to_thread(path.write_text, text, encoding="utf-8")
        try:
            process = await asyncio.create_subprocess_exec(*command, str(path))
        except OSError as error:
            raise UsageError(f"the editor cannot be run: {error}", next_step="set $EDITOR") from error
        code = await process.wait()
        if code:
            raise ConsoleError(f"the editor ended with {code}; nothing was changed", where=command[0])
        return await asyncio.to_thread(path.read_text, encoding="utf-8")
