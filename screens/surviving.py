"""What our own handlers raise is logged and said, and the program goes on.

Textual ends a program at the first exception of a handler, and with it the message loop of the widget that raised: the
fence has to stand around each single dispatch. Owns that one place. Plugin code has a fence of its own (console.fence).
"""

from __future__ import annotations

import logging
import time
from typing import Protocol, cast, runtime_checkable

from textual.message import Message
from textual.message_pump import MessagePump

from console.text import clean

_log = logging.getLogger("pilothouse.screens")
_dispatch = MessagePump._dispatch_message  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
QUIET = 10.0
"""Seconds for which the same failure is not told again: a drawing that fails does so at every refresh."""


@runtime_checkable
class Survivor(Protocol):
    """A program that goes on. `survive` is False where it cannot: then Textual ends it."""

    def survive(self, where: str, error: Exception) -> bool: ...


async def _fenced(pump: MessagePump, message: Message) -> None:
    try:
        await _dispatch(pump, message)
    except Exception as error:
        app = cast("object", pump.app)  # pyright: ignore[reportUnknownMemberType]
        if not isinstance(app, Survivor) or not app.survive(f"{type(pump).__name__} {type(message).__name__}", error):
            raise


def install() -> None:
    """Put the fence around every dispatch in this process; only a `Survivor` is changed by it."""
    MessagePump._dispatch_message = _fenced  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]


class Failures:
    """What was survived: the first of a kind is logged with its traceback, repeats are quiet for a while."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._last: dict[str, float] = {}

    def told(self, where: str, error: Exception) -> str:
        """The sentence for the person; empty where it was said just now."""
        what = clean(f"{where}: {type(error).__name__}: {error}", 200)
        now = time.monotonic()
        if now - self._last.get(what, float("-inf")) < QUIET:
            return ""
        self._last[what] = now
        self.seen = [*self.seen[-50:], what]
        _log.error("%s raised; the program goes on", where, exc_info=error)
        return f"{what}; the console goes on, {log_file()} has more"


def log_file() -> str:
    """The file to which the program logs."""
    from console import logfile

    return str(logfile.current())
