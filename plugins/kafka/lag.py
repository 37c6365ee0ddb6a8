"""The verdict of a consumer on one partition, from a sliding window of polls. Pure: time is in the samples.

After Burrow's evaluator (`caching.go`), adapted to polling: an answer says where a group stands, not when it committed.
So "no commits" and "commits without movement" look alike; whether the group has members tells STOP from STALL.

    OK       caught up at some time in the window, or gaining
    WARN     behind in the whole window, and never gaining
    STOP     behind in the whole window, not moved, and nobody is in the group
    STALL    behind in the whole window, not moved, although it has members
    REWIND   went back, and has not yet passed the place from where it went
    UNKNOWN  behind, and too few samples to say more (half a window is wanted)
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

SAMPLES = 10
"""Samples in a window (Burrow's `intervals`)."""
APART = 10.0
"""Seconds between two samples at least; what comes earlier takes the newest one's place (`min-distance`)."""
ENOUGH = SAMPLES // 2


class Standing(StrEnum):
    """See the module, from best to worst."""

    OK = "OK"
    UNKNOWN = "UNKNOWN"
    WARN = "WARN"
    STALL = "STALL"
    STOP = "STOP"
    REWIND = "REWIND"


_ORDER = {standing: number for number, standing in enumerate(Standing)}


class Sample(Struct, frozen=True, gc=False):
    """One poll: `slot` is when the sample began (epoch s), `at` when it was last renewed; offsets of that moment."""

    slot: float
    at: float
    committed: int
    end: int

    @property
    def lag(self) -> int:
        return max(0, self.end - self.committed)


Window = tuple[Sample, ...]


def added(window: Window, at: float, committed: int, end: int) -> Window:
    """The window with one poll more; the oldest sample goes when it is full."""
    if window and at - window[-1].slot < APART:
        return (*window[:-1], Sample(window[-1].slot, at, committed, end))
    return (*window[-(SAMPLES - 1) :], Sample(at, at, committed, end))


def judged(window: Window, *, members: int, allowed: int = 0) -> Standing:
    """The verdict. `allowed`: a lag that is none, beside what was produced between the last two samples."""
    if not window:
        return Standing.UNKNOWN
    last = window[-1]
    produced = max(0, last.end - window[-2].end) if len(window) > 1 else 0
    free = max(allowed, produced)
    if _rewound(window):
        return Standing.REWIND
    if last.lag <= free:
        return Standing.OK
    if len(window) < ENOUGH:
        return Standing.UNKNOWN
    if any(sample.lag <= allowed for sample in window):
        return Standing.OK
    if all(sample.committed == last.committed for sample in window):
        return Standing.STALL if members else Standing.STOP
    gaining = any(after.lag < before.lag for before, after in pairwise(window))
    return Standing.OK if gaining else Standing.WARN


def _rewound(window: Window) -> bool:
    """Went back, and nothing since has reached the place before (only the first time is looked at, as Burrow does)."""
    for n in range(1, len(window)):
        before = window[n - 1].committed
        if window[n].committed < before:
            return all(later.committed < before for later in window[n:])
    return False


def worst(standings: Iterable[Standing]) -> Standing:
    """A group stands as its worst partition."""
    return max(standings, key=_ORDER.__getitem__, default=Standing.OK)


def rates(window: Window) -> tuple[float, float] | None:
    """Messages a second: consumed and produced over the window; None before there are two moments."""
    if len(window) < 2 or window[-1].at <= window[0].at:  # noqa: PLR2004
        return None
    seconds = window[-1].at - window[0].at
    return (window[-1].committed - window[0].committed) / seconds, (window[-1].end - window[0].end) / seconds


def catch_up(lag: int, consumed: float, produced: float) -> float | None:
    """Seconds until a lag is worked off at these rates; 0 without a lag, None where it never is."""
    if lag <= 0:
        return 0.0
    gain = consumed - produced
    return lag / gain if gain > 0 else None
