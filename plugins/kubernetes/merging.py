"""Several lists of the server as one table (StatefulSets and StrimziPodSets; Deployments, DaemonSets, Jobs).

Each part has a feed of its own that remembers which rows are its; the table is complete when every part is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from console.plugin import Feed

R = TypeVar("R")


class Part(Generic[R]):
    """The feed of one part. Implements `plugin.Feed` over the table's feed."""

    def __init__(self, whole: Merged[R]) -> None:
        self._whole = whole
        self._mine: set[str] = set()
        self._seen: set[str] | None = None
        self.complete = False
        self.forbidden = False
        self.said = ""

    def begin(self) -> None:
        self._seen = set()

    def add(self, rows: Iterable[R]) -> None:
        self.change(rows)

    def end(self) -> None:
        gone = self._mine - self._seen if self._seen is not None else set[str]()
        self._seen, self.forbidden = None, False
        self._mine -= gone
        self._whole.feed.change(gone=gone)
        self.complete = True
        self._whole.settle()

    def change(self, rows: Iterable[R] = (), gone: Iterable[str] = ()) -> None:
        held, lost = list(rows), list(gone)
        keys = {self._whole.key(row) for row in held}
        self._mine |= keys
        self._mine.difference_update(lost)
        if self._seen is not None:
            self._seen |= keys
        self._whole.feed.change(held, lost)

    def heard(self) -> None:
        self._whole.feed.heard()

    def note(self, text: str) -> None:
        self.said = text
        self._whole.feed.note("; ".join(part.said for part in self._whole.parts if part.said))

    def forbid(self, error: str) -> bool:
        """A right is missing for this part; False where it is missing for all of them."""
        self.forbidden = True
        if all(part.forbidden for part in self._whole.parts):
            return False
        self.absent()
        self.forbidden = True
        self.note(error)
        return True

    def absent(self) -> None:
        """The server has no such kind: nothing of it is there."""
        self.begin()
        self.end()


class Merged(Generic[R]):
    """`count` parts over one feed."""

    def __init__(self, feed: Feed[R], key: Callable[[R], str], count: int) -> None:
        self.feed = feed
        self.key = key
        self.parts = tuple(Part(self) for _ in range(count))
        self._ended = False

    def settle(self) -> None:
        """The table is complete once all parts are."""
        if not self._ended and all(part.complete for part in self.parts):
            self._ended = True
            self.feed.end()


class Merging(Generic[R]):
    """Finds the parts of a feed again when it is followed anew, so that their watches are resumed, not listed again."""

    def __init__(self, key: Callable[[R], str], count: int) -> None:
        self._key = key
        self._count = count
        self._known: WeakKeyDictionary[Feed[R], Merged[R]] = WeakKeyDictionary()

    def of(self, feed: Feed[R]) -> Merged[R]:
        """The parts over this feed."""
        found = self._known.get(feed)
        if found is None:
            found = self._known[feed] = Merged(feed, self._key, self._count)
        return found
