"""What we cost a server: requests that were sent to one instance, and how many a second of late.

Clients count where they send (HttpClient does it by itself); who shows it reads `rate`. Limits nobody: the cadence of
sources does that.
"""

from __future__ import annotations

from collections import deque

from console.clock import SYSTEM_CLOCK, Clock

WINDOW = 60.0
"""Seconds over which the rate is taken: longer than the slowest visible cadence, so that it stands still."""
_LEAST = 10.0
"""Seconds before which it is not told: the first looks at everything are no rate."""


class Spending:
    """The account of one instance."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._began: float | None = None
        self._recent: deque[tuple[int, int]] = deque()
        self.total = 0
        """Requests since the instance was opened."""

    def count(self, number: int = 1) -> None:
        """So many requests are about to be sent."""
        now = self._clock.monotonic()
        if self._began is None:
            self._began = now
        self.total += number
        second = int(now)
        if self._recent and self._recent[-1][0] == second:
            number += self._recent.pop()[1]
        self._recent.append((second, number))
        self._forget(now)

    @property
    def rate(self) -> float | None:
        """Requests a second over the last minute, or since the first one; None while that is too short to say."""
        if self._began is None:
            return None
        now = self._clock.monotonic()
        self._forget(now)
        lasted = min(WINDOW, now - self._began)
        return sum(number for _, number in self._recent) / lasted if lasted >= _LEAST else None

    @property
    def text(self) -> str:
        """`0.6 requests/s`; empty while nothing can be said. Coarse, so that an idle screen stands still."""
        rate = self.rate
        if not rate:
            return ""
        return "<0.1 requests/s" if rate < 0.1 else f"{rate:.1f} requests/s"  # noqa: PLR2004 - what one digit shows

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] <= now - WINDOW:
            self._recent.popleft()
