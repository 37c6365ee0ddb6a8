"""What panes remember between polls: windows of group offsets, and end offsets of topics for their rates. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plugins.kafka.lag import Window, added
from plugins.kafka.model.wire import TP

RATE_OVER = 60.0
"""Seconds over which a topic's rate is taken."""


class History:
    """See the module. What is gone is forgotten when its owner answered without it."""

    def __init__(self) -> None:
        self._windows: dict[str, dict[TP, Window]] = {}
        self._ends: dict[str, list[tuple[float, int]]] = {}

    def window(self, group: str, place: TP, at: float, *, committed: int, end: int) -> Window:
        """The window of a place with this poll in it."""
        mine = self._windows.setdefault(group, {})
        mine[place] = added(mine.get(place, ()), at, committed, end)
        return mine[place]

    def held(self, group: str, place: TP) -> Window:
        return self._windows.get(group, {}).get(place, ())

    def keep(self, groups: Iterable[str]) -> None:
        """Forget all other groups."""
        wanted = set(groups)
        for name in [name for name in self._windows if name not in wanted]:
            del self._windows[name]

    def rates(self, at: float, ends: Mapping[str, int]) -> dict[str, float]:
        """Messages a second by topic, from the sums of their ends; none for a topic seen once."""
        for name in [name for name in self._ends if name not in ends]:
            del self._ends[name]
        found: dict[str, float] = {}
        for name, end in ends.items():
            seen = self._ends.setdefault(name, [])
            if seen and end < seen[-1][1]:  # made anew: what was counted before is another topic's
                seen.clear()
            if not seen or at > seen[-1][0]:
                seen.append((at, end))
            while len(seen) > 2 and at - seen[1][0] >= RATE_OVER:  # noqa: PLR2004
                seen.pop(0)
            if len(seen) > 1:
                found[name] = (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0])
        return found
