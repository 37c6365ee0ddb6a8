"""From decoded objects to rows in a feed: batches, the objects that cannot be read, and what the pane's note says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from console.plugin import Feed
from console.text import clean
from plugins.kubernetes.client.decode import Broken, BrokenChange, Change, Decoder, Page

S = TypeVar("S", bound=msgspec.Struct)
R = TypeVar("R")


class LostKey(Exception):
    """An object is gone that cannot be read, so nobody knows which row it was: list again."""


class Projection(Generic[S, R]):
    """One kind on its way into one feed."""

    def __init__(self, item: type[S], row: Callable[[S], R], key: Callable[[R], str], feed: Feed[R]) -> None:
        self.decoder = Decoder(item)
        self.feed = feed
        self._row = row
        self._key = key
        self._broken: dict[str, str] = {}
        self._limits = ""
        self._said = ""

    def begin(self) -> None:
        """A full list starts."""
        self._broken.clear()
        self.feed.begin()

    def page(self, page: Page[S]) -> None:
        """One page of a list."""
        self.feed.add(self._rows(page.items))
        self._mark(page.broken)

    def end(self) -> None:
        """The list is complete."""
        self.feed.end()
        self._speak()

    def initial(self, changes: Iterable[Change[S] | BrokenChange]) -> None:
        """Objects of a streaming list, before its end was marked."""
        good: list[S] = []
        for change in changes:
            if isinstance(change, BrokenChange):
                self._mark((change.broken,))
            elif change.type != "DELETED":
                good.append(change.object)
        self.feed.add(self._rows(good))

    def changes(self, changes: Iterable[Change[S] | BrokenChange]) -> None:
        """What arrived together: one call of the feed, in which the last state of an object counts."""
        rows: dict[str, R] = {}
        gone: dict[str, None] = {}
        for change in changes:
            if isinstance(change, BrokenChange):
                if change.type == "DELETED":
                    raise LostKey
                self._mark((change.broken,))
                continue
            row = self._made(change.object)
            if row is None:
                if change.type == "DELETED":
                    raise LostKey
                continue
            if self._broken:
                self._broken.pop(_name(change.object), None)
            key = self._key(row)
            if change.type == "DELETED":
                rows.pop(key, None)
                gone[key] = None
            else:
                gone.pop(key, None)
                rows[key] = row
        if rows or gone:
            self.feed.change(rows.values(), gone)
        self._speak()

    def limit(self, text: str) -> None:
        """Say how the list is limited; "" where it is not."""
        self._limits = text
        self._speak()

    def _rows(self, items: Sequence[S]) -> list[R]:
        try:
            return list(map(self._row, items))
        except Exception:  # noqa: BLE001 (one of them is odd: one by one, so that the others come)
            made = [self._made(item) for item in items]
            return [row for row in made if row is not None]

    def _made(self, item: S) -> R | None:
        try:
            return self._row(item)
        except Exception as error:  # noqa: BLE001 (one odd object must not end the watch of ten thousand)
            self._mark((Broken(_name(item), clean(f"{type(error).__name__}: {error}", 200)),))
            return None

    def _mark(self, broken: Iterable[Broken]) -> None:
        for one in broken:
            self._broken[one.name] = one.reason

    def _speak(self) -> None:
        parts = [self._limits] if self._limits else []
        if self._broken:
            name, reason = next(iter(self._broken.items()))
            count = len(self._broken)
            parts.append(f"{count} object{'s' if count > 1 else ''} could not be read, {name}: {reason}")
        text = "; ".join(parts)
        if text != self._said:
            self._said = text
            self.feed.note(text)


def _name(item: object) -> str:
    """`namespace/name`, as decode.Broken has it."""
    meta = getattr(item, "metadata", None)
    parts = (getattr(meta, "namespace", None), getattr(meta, "name", None))
    return clean("/".join(str(part) for part in parts if part) or "?", 253)
