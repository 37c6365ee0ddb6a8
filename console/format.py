"""Numbers as operators read them: ages, durations, sizes, ratios, times."""

from __future__ import annotations

import datetime

_DECIMALS_BELOW = 10
_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi")


def duration(seconds: float) -> str:
    """Coarse duration: `8 s`, `4 min`, `3 h`, `12 d`; it changes seldom so that an idle screen stays still."""
    seconds = max(0.0, seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def elapsed(seconds: float) -> str:
    """Exact duration for a running thing: `38.2 s`, `4 min 10 s`, `2 h 05 min`."""
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def age(then: float | None, now: float) -> str:
    """Age of something that began at `then` (epoch seconds); `-` where that is not known."""
    return "-" if then is None else duration(now - then).replace(" ", "")


def size(count: float | None) -> str:
    """Bytes in binary units: `1.2Gi`; `-` where not known."""
    if count is None:
        return "-"
    value, step = float(count), 0
    while abs(value) >= 1024 and step < len(_SUFFIXES) - 1:  # noqa: PLR2004
        value, step = value / 1024, step + 1
    text = f"{value:.1f}" if value < _DECIMALS_BELOW and step else f"{value:.0f}"
    return text.removesuffix(".0") + _SUFFIXES[step]


def percent(part: float | None, whole: float | None) -> str:
    """`31 %`, or `-` where one of the two is not known or the whole is nothing."""
    return "-" if part is None or not whole else f"{100 * part / whole:.0f} %"


def clock_time(then: float, *, utc: bool = False, seconds: bool = True) -> str:
    """Time of day of an epoch stamp, in the local zone or UTC."""
    zone = datetime.UTC if utc else None
    moment = datetime.datetime.fromtimestamp(then, tz=zone or datetime.datetime.now().astimezone().tzinfo)
    return moment.strftime("%H:%M:%S" if seconds else "%H:%M") + ("Z" if utc else "")


def timestamp(then: float) -> str:
    """RFC 3339 in UTC with seconds, as journals and the API write it."""
    return datetime.datetime.fromtimestamp(then, tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def until_words(until: float, now: float) -> str:
    """`until 2026-11-21T18:00:00Z (in 2 h)`, or by how much that is over; empty where nothing was announced."""
    if not until:
        return ""
    away = f"in {duration(until - now)}" if until >= now else f"over by {duration(now - until)}"
    return f"until {timestamp(until)} ({away})"
