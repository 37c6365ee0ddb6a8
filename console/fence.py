"""One fence around plugin code: a raise becomes a value and a breakage that names the plugin, never a dead screen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

T = TypeVar("T")
_log = logging.getLogger("pilothouse.fence")


class Breakage(Struct, frozen=True):
    """Plugin code that raised: where (`kubernetes.pods column NODE`), what, and how often."""

    where: str
    what: str
    times: int = 1


class Fence:
    """Calls plugin code and keeps what went wrong; the first of each kind is logged with its traceback."""

    def __init__(self) -> None:
        self.breakages: dict[str, Breakage] = {}

    def call(self, where: str, default: T, function: Callable[..., T], *arguments: object) -> T:
        """`function(*arguments)`, or `default` when it raises."""
        try:
            return function(*arguments)
        except Exception as error:  # noqa: BLE001 - this is the fence: nothing a plugin raises may pass
            self.caught(where, error)
            return default

    def caught(self, where: str, error: Exception) -> None:
        """Remember an error that plugin code raised at `where`."""
        what = f"{type(error).__name__}: {error}"
        known = self.breakages.get(where)
        if known is None:
            _log.error("plugin code failed in %s", where, exc_info=error)
        self.breakages[where] = Breakage(where, what, known.times + 1 if known else 1)
