"""A controller's work queue: keys to look at again, soon, once each. It costs nothing while it is empty."""

from __future__ import annotations

from collections.abc import Callable

from plugins.kubernetes.simulator.clock import Clock, Due

SOON = 0.02


class Queue:
    """Collects keys and hands each to `work` a little later, in order of the keys."""

    def __init__(self, clock: Callable[[], Clock], work: Callable[[str], None], *, delay: float = SOON) -> None:
        self._clock, self._work, self._delay = clock, work, delay
        self._keys: set[str] = set()
        self._due: Due | None = None

    def add(self, key: str) -> None:
        """Look at this key soon."""
        self._keys.add(key)
        if self._due is None:
            self._due = self._clock().after(self._delay, self._run)

    def later(self, key: str, seconds: float) -> None:
        """Look at this key in so many seconds."""
        self._clock().after(seconds, lambda: self.add(key))

    def _run(self) -> None:
        self._due = None
        keys, self._keys = sorted(self._keys), set()
        for key in keys:
            self._work(key)
