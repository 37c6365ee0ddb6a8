"""The terminal is handed over and comes back as it was: bytes both ways, sizes, and every way to end."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.errors import ConsoleError, Unreachable, UsageError
from console.terminal import LEAVE, edited, editor, interact


class Far:
    """A far end that says everything back, ends at `quit`, and breaks at `break`."""

    def __init__(self, code: int | None = 3) -> None:
        self.code = code
        self.said: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.sizes: list[tuple[int, int]] = []
        self.sized = asyncio.Event()

    async def read(self) -> bytes:
        said = await self.said.get()
        if isinstance(said, Exception):
            raise said
        return said

    async def write(self, data: bytes) -> None:
        broken: bytes | Exception = Unreachable("the connection broke") if data == b"break" else data
        await self.said.put(b"" if data == b"quit" else broken)

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))
        self.sized.set()

    async def close(self) -> int | None:
        return self.code


@pytest.fixture
def tty() -> Iterator[tuple[int, int]]:
    """A terminal: (the person's side, the program's side)."""
    person, program = pty.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    yield person, program
    os.close(person)
    os.close(program)


async def _heard(person: int, wanted: bytes) -> bytes:
    heard = b""
    while wanted not in heard:
        heard += await asyncio.to_thread(os.read, person, 1000)
    return heard


async def test_bytes_go_both_ways_and_the_exit_code_comes_back(tty: tuple[int, int]) -> None:
    person, program = tty
    before = termios.tcgetattr(program)
    session = asyncio.ensure_future(interact(Far(), keyboard=program, screen=program))
    await asyncio.sleep(0)
    os.write(person, b"ls \x03\x1b[A")
    assert await _heard(person, b"\x1b[A") == b"ls \x03\x1b[A"
    os.write(person, b"quit")
    assert await session == 3
    assert termios.tcgetattr(program) == before


async def test_a_new_size_of_the_window_is_passed_on(tty: tuple[int, int]) -> None:
    person, program = tty
    far = Far()
    session = asyncio.ensure_future(interact(far, keyboard=program, screen=program))
    await far.sized.wait()
    assert far.sizes == [(80, 24)]
    far.sized.clear()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    os.kill(os.getpid(), signal.SIGWINCH)
    await far.sized.wait()
    assert far.sizes[-1] == (160, 50)
    os.write(person, b"quit")
    await session


async def test_a_shell_that_does_not_answer_is_left_by_one_key(tty: tuple[int, int]) -> None:
    person, program = tty
    session = asyncio.ensure_future(interact(Far(None), keyboard=program, screen=program))
    await asyncio.sleep(0)
    os.write(person, LEAVE)
    assert await session is None


async def test_a_connection_that_breaks_is_raised_after_the_terminal_is_back(tty: tuple[int, int]) -> None:
    person, program = tty
    before = termios.tcgetattr(program)
    session = asyncio.ensure_future(interact(Far(), keyboard=program, screen=program))
    await asyncio.sleep(0)
    os.write(person, b"break")
    with pytest.raises(Unreachable, match="broke"):
        await session
    assert termios.tcgetattr(program) == before


def _script(folder: Path, body: str) -> dict[str, str]:
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o700)
    return {"EDITOR": str(path), "VISUAL": ""}


async def test_the_editor_gets_a_private_file_and_what_it_leaves_is_the_text(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    environ = _script(tmp_path, f'stat -c %a "$(dirname "$1")" > {seen}; sed -i s/old/new/ "$1"')
    assert await edited("old: text\n", suffix=".yaml", environ=environ) == "new: text\n"
    assert seen.read_text(encoding="utf-8").strip() == "700"


async def test_an_editor_that_fails_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="ended with 7; nothing was changed"):
        await edited("text", suffix=".yaml", environ=_script(tmp_path, "exit 7"))


async def test_an_editor_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="set \\$EDITOR"):
        await edited("text", suffix=".yaml", environ={"EDITOR": "/nowhere/ed"})


def test_visual_goes_before_editor_and_may_have_arguments() -> None:
    assert editor({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert editor({"EDITOR": "nano -w"}) == ["nano", "-w"]
