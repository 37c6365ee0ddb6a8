"""How lab tests wait for what real servers do in their own time."""

from __future__ import annotations

import time
from collections.abc import Callable

_PATIENCE = 240.0
_LOOKS = 10


class TooEarlyError(AssertionError):
    """A look that says nothing yet: while a member is away, who takes over is found out first. Says what was seen."""


def until(is_so: Callable[[], bool], what: str) -> None:
    """A change reaches all members a moment later. Ten looks are had, also where one takes as long as the patience.

    What the last look was told is in the failure, where it came too early.
    """
    deadline, looks = time.monotonic() + _PATIENCE, 1
    while True:
        why = what
        try:
            if is_so():
                return
        except TooEarlyError as error:
            why = f"{what}: {error}"
        assert time.monotonic() < deadline or looks < _LOOKS, why
        time.sleep(0.5)
        looks += 1
