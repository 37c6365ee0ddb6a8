"""A program in a real pseudo terminal: its bytes with the time of their arrival, its screen, its keys, what it uses.

For benchmarks and for journeys that drive the installed command as a person does. A thread reads, so that the program
never waits for us and times are those of arrival; the screen is drawn from the bytes when somebody looks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

PILOTHOUSE = str(Path(sys.executable).with_name("pilothouse"))
KEYS = {
    "enter": "\r", "esc": "\x1b", "tab": "\t", "space": " ", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C",
    "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdn": "\x1b[6~", "backspace": "\x7f",
}  # fmt: skip
_FRAME = 2000
"""Bytes before which nothing was painted: the first frame alone is longer, all that comes before is shorter."""
_KEYBOARD_MODES = re.compile(rb"\x1b\[[<>=][0-9;]*u")
"""What the screen would print as text: it does not know the newer keyboard protocols."""
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")


class TerminalError(AssertionError):
    """The program did not show what was waited for; has its screen."""


class Terminal:
    """A running program. Times are of time.monotonic(), in seconds; `started` is the one just before its start."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], columns: int = 120, lines: int = 40) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._drawn = 0
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        full = {**env, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=full, start_new_session=True,
            preexec_fn=_own_the_terminal,  # noqa: PLW1509 - no thread of ours holds a lock that the child needs
        )  # fmt: skip
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the program is gone
            while data := os.read(self._master, 65536):
                self.chunks.append((time.monotonic(), data))

    # -- the screen

    @property
    def written(self) -> int:
        """Bytes that it wrote so far."""
        return sum(len(data) for _, data in self.chunks)

    @property
    def screen(self) -> pyte.Screen:
        """The screen as it is now."""
        while self._drawn < len(self.chunks):
            self.draw_next()
        return self._screen

    @property
    def drawn(self) -> pyte.Screen:
        """The screen as far as it was drawn already."""
        return self._screen

    @property
    def undrawn(self) -> int:
        """Chunks that arrived and are not drawn."""
        return len(self.chunks) - self._drawn

    def draw_next(self) -> float:
        """Draw the next chunk that arrived; when it did."""
        at, data = self.chunks[self._drawn]
        self._stream.feed(_KEYBOARD_MODES.sub(b"", data))
        self._drawn += 1
        return at

    @property
    def lines(self) -> list[str]:
        """The screen's lines as text."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def until(self, seen: Callable[[str], bool] | str, within: float = 20.0) -> float:
        """Wait until the screen's text fulfils `seen` (a text: contains it); when the bytes for that arrived."""
        fulfilled = _contains(seen) if isinstance(seen, str) else seen
        deadline = time.monotonic() + within
        at = time.monotonic()
        while not fulfilled("\n".join(line.rstrip() for line in self._screen.display)):
            while self._drawn >= len(self.chunks):
                if time.monotonic() > deadline or not self.alive:
                    what = seen if isinstance(seen, str) else "what was waited for"
                    gone = "" if self.alive else f"; it ended with {self._process.returncode}"
                    raise TerminalError(f"no {what!r} within {within:.0f} s{gone}, on the screen is\n{self.text}")
                time.sleep(0.001)
            at = self.draw_next()
        return at

    def first_paint(self, within: float = 20.0) -> float:
        """Seconds from the start to the first frame."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            total = 0
            for at, data in list(self.chunks):
                total += len(data)
                if total >= _FRAME:
                    return at - self.started
            time.sleep(0.001)
        raise TerminalError(f"nothing was painted within {within:.0f} s:\n{self.text}")

    def quiet(self, seconds: float, within: float = 30.0) -> None:
        """Wait until it has written nothing for so long."""
        deadline = time.monotonic() + within
        while True:
            last = self.chunks[-1][0] if self.chunks else self.started
            rest = last + seconds - time.monotonic()
            if rest <= 0:
                return
            if time.monotonic() > deadline:
                raise TerminalError(f"it never stopped writing for {seconds} s:\n{self.text}")
            time.sleep(rest)

    # -- the keyboard

    def press(self, *keys: str) -> float:
        """Press keys by name (`KEYS`, `ctrl+x`, or the character); when the last one was sent."""
        at = time.monotonic()
        for key in keys:
            at = time.monotonic()
            os.write(self._master, _code(key).encode())
        return at

    def type(self, text: str) -> None:
        """Type a text as it stands."""
        os.write(self._master, text.encode())

    # -- the process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def cpu(self) -> float:
        """Seconds of a core that it has used, with all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def resident(self) -> int:
        """Bytes of memory that it has now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE

    def wait(self, within: float = 10.0) -> int:
        """Its exit code, once it ended by itself."""
        return self._process.wait(within)

    def kill(self) -> None:
        """End it as a crash does: at once, without a word."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End it in order, and close the terminal."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._reader.join(2)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


def _own_the_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _code(key: str) -> str:
    if key.startswith("ctrl+"):
        return chr(ord(key[5].upper()) - 64)
    return KEYS.get(key, key)


def _contains(part: str) -> Callable[[str], bool]:
    return lambda text: part in text
