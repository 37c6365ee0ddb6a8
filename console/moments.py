"""Times as people type them for an announcement: `18:00`, `2026-11-21T18:00`, `2h`. Pure.

Owns their reading only. Refuses what is over already, and guesses nothing.
"""

from __future__ import annotations

import datetime
import re

from console.errors import UsageError

_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_UNITS = (86400, 3600, 60, 1)
_WAYS = "18:00, 2026-11-21T18:00, or 90m, 2h, 1d"


def moment(text: str, now: float) -> float:
    """Epoch seconds of `text`, seen from `now`: a time of day (the next one), a date and time, or a span from now.

    Times without a zone are local. Raises UsageError.
    """
    text = text.strip()
    if clock := _CLOCK.fullmatch(text):
        return _next(int(clock[1]), int(clock[2]), now)
    span = _SPAN.fullmatch(text)
    if text and span is not None:
        then = now + sum(int(part or 0) * unit for part, unit in zip(span.groups(), _UNITS, strict=True))
    else:
        try:
            then = datetime.datetime.fromisoformat(text).timestamp()
        except ValueError as error:
            raise UsageError(f"`{text}` is no time", next_step=f"write it as {_WAYS}") from error
    if then <= now:
        raise UsageError(f"`{text}` is over already", next_step=f"write it as {_WAYS}")
    return then


def _next(hour: int, minute: int, now: float) -> float:
    today = datetime.datetime.fromtimestamp(now).astimezone()
    try:
        then = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError as error:
        raise UsageError(f"`{hour}:{minute:02}` is no time of day", next_step=f"write it as {_WAYS}") from error
    return (then if then > today else then + datetime.timedelta(days=1)).timestamp()
