"""Where the cursor, the first visible line and the marks of a table are, while rows come, go and move. Pure.

The cursor belongs to a row key and keeps its place on the screen. As long as nobody moved it, it stays on the first
line, whatever row that is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from screens.widgets.order import Order


class Steering:
    """Cursor, window and marks over an order of rows; `body` is the number of visible lines."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.index = 0
        self.top = 0
        self.held = False
        self.marks: set[str] = set()
        self.recalled: frozenset[str] = frozenset()
        """Rows that were marked when they were last looked at; they wait for the list to be complete."""
        self._top_key: str | None = None
        self._marked_last: str | None = None

    def follow(self, order: Order[Any], body: int) -> None:
        """The order changed: stay with the row, at the same height; where it is gone, with the one in its place."""
        count = len(order)
        if count == 0:
            self.key, self.index, self.top = None, 0, 0
            return
        if not self.held:
            self.key, self.index, self.top = order.key_at(0), 0, 0
            return
        height = self.index - self.top
        at = order.index_of(self.key) if self.key is not None else None
        if at is None:
            at = min(self.index, count - 1)
        if 0 <= height < body:
            self.top = at - height
        elif self._top_key is not None:
            self.top = order.index_of(self._top_key) or self.top
        self.key, self.index = order.key_at(at), at
        self._settle(order, body, reveal=0 <= height < body)

    def go(self, order: Order[Any], body: int, index: int) -> None:
        """Put the cursor on a line and show it."""
        if len(order):
            self.index = min(max(0, index), len(order) - 1)
            self.key = order.key_at(self.index)
            self.held = self.index > 0
            self._settle(order, body, reveal=True)

    def scroll(self, order: Order[Any], body: int, by: int) -> None:
        """Move the window; the cursor goes along only as far as it must to stay visible."""
        self.top += by
        self._settle(order, body, reveal=False)
        if len(order):
            index = min(max(self.index, self.top), self.top + max(0, body - 1), len(order) - 1)
            self.held = self.held or self.top > 0
            self.index, self.key = index, order.key_at(index)

    def mark(self, order: Order[Any]) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if self.key is not None and self.key in order:
            self.marks ^= {self.key}
            self._marked_last = self.key

    def mark_range(self, order: Order[Any]) -> None:
        """Mark from the row marked last to the cursor."""
        start = order.index_of(self._marked_last) if self._marked_last is not None else None
        if self.key is None or self.key not in order:
            return
        start = self.index if start is None else start
        low, high = sorted((start, self.index))
        self.marks |= {order.key_at(at) for at in range(low, high + 1)}
        self._marked_last = self.key

    def recall(self, rows: Collection[str]) -> None:
        """Mark again what was marked before and is still there."""
        self.marks |= self.recalled.intersection(rows)
        self.recalled = frozenset()

    def unmark(self, keys: Iterable[str] | None = None) -> None:
        """Take marks away: of these rows, or all."""
        self.marks = set() if keys is None else self.marks - set(keys)

    def _settle(self, order: Order[Any], body: int, *, reveal: bool) -> None:
        if reveal and self.index < self.top:
            self.top = self.index
        elif reveal and self.index >= self.top + body:
            self.top = self.index - body + 1
        self.top = min(max(0, self.top), max(0, len(order) - max(1, body)))
        self._top_key = order.key_at(self.top) if len(order) else None


def thumb(count: int, body: int, top: int) -> range:
    """Lines of the window beside which the scroll bar stands; empty where everything fits."""
    if count <= body or body <= 0:
        return range(0)
    size = max(1, body * body // count)
    start = top * (body - size) // (count - body)
    return range(start, start + size)
