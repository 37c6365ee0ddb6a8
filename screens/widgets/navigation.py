"""Keys and mouse of a live table: cursor, window, marks, clicks on titles. Owns no rows and paints nothing itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

from screens.widgets.contents import Contents
from screens.widgets.lines import Ruler
from screens.widgets.steering import Steering
from screens.widgets.table_messages import RowActivated, TableChanged

R = TypeVar("R")
WHEEL = 3
SIDEWAYS = 8


class Navigation(Widget, Generic[R]):
    """The part of a live table that a person moves. Binding ids are those of the keymap."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False),
        Binding("home,g", "edge(-1)", "first", show=False),
        Binding("end,G", "edge(1)", "last", show=False),
        Binding("left,h", "sideways(-1)", "left", show=False),
        Binding("right", "sideways(1)", "right", show=False),
        Binding("enter", "activate", "open", show=False, id="enter"),
        Binding("space", "mark", "mark", show=False, id="mark"),
        Binding("ctrl+@", "mark_range", "mark range", show=False, id="mark-range"),
        Binding("ctrl+backslash", "unmark", "clear marks", show=False, id="unmark"),
    ]
    contents: Contents[R]
    steering: Steering
    ruler: Ruler
    header: bool

    @property
    @abstractmethod
    def body(self) -> int:
        """Lines for rows."""

    @abstractmethod
    def repaint(self, lines: Iterable[int] | None = None) -> None:
        """Paint what differs."""

    @abstractmethod
    def settle(self) -> None:
        """Rows or window moved: measure, paint what differs, tell."""

    @abstractmethod
    def scroll_sideways(self, by: int) -> None:
        """Move the columns by so many cells."""

    @abstractmethod
    def fold(self, keys: Iterable[str], *, folded: bool) -> None:
        """Hide what stands beneath these rows of a tree, or show it."""

    @abstractmethod
    def sort_by(self, column: int, *, descending: bool | None = None) -> None:
        """Sort by a column."""

    def tell(self) -> None:
        """Something that the pane around shows is different."""
        self.post_message(TableChanged(self))

    # -- the row under the cursor

    @property
    def selected_key(self) -> str | None:
        """Key of the row under the cursor."""
        return self.steering.key

    @property
    def selected(self) -> R | None:
        """The row under the cursor, None in an empty table."""
        return None if self.steering.key is None else self.contents.row(self.steering.key)

    def marked(self) -> list[tuple[str, R]]:
        """Marked rows that are still there, by key, in the order in which they are shown; hidden ones come last."""
        order = self.contents.order
        keys = sorted(self.steering.marks, key=lambda key: (key not in order, order.index_of(key) or 0, key))
        rows = ((key, self.contents.rows.get(key)) for key in keys)
        return [(key, row) for key, row in rows if row is not None]

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row; False where it is not shown."""
        at = self.contents.order.index_of(key)
        if at is not None:
            self._go(at)
        return at is not None

    def _go(self, index: int) -> None:
        top, left = self.steering.top, self.steering.index
        self.steering.go(self.contents.order, self.body, index)
        if self.steering.top != top:
            self.settle()
            return
        lines = {at - top + self.header for at in (left, self.steering.index)}
        self.repaint(sorted(y for y in lines if self.header <= y < self.size.height))
        self.tell()

    # -- keys

    def action_move(self, by: int) -> None:
        self._go(self.steering.index + by)

    def action_page(self, by: int) -> None:
        self._go(self.steering.index + by * max(1, self.body - 1))

    def action_edge(self, by: int) -> None:
        self._go(0 if by < 0 else len(self.contents.order) - 1)

    def action_sideways(self, by: int) -> None:
        """See other columns; in a tree, at the first columns, rather collapse and expand as file trees do."""
        if self.ruler.left or not self.fold_here(folded=by < 0):
            self.scroll_sideways(by * SIDEWAYS)

    def fold_here(self, *, folded: bool) -> bool:
        """Collapse the row under the cursor, or go to the one above it; or expand it. False where that is nothing."""
        key = self.steering.key
        if key is None or not self.contents.folds:
            return False
        if self.contents.order.below(key) and self.contents.is_folded(key) is not folded:
            self.fold([key], folded=folded)
            return True
        above = self.contents.parent(key) if folded else None
        return above is not None and self.go_to(above)

    def action_fold_all(self) -> None:
        """Collapse every row of a tree, or expand all where one is collapsed."""
        parents = self.contents.parents
        some = any(map(self.contents.is_folded, parents))
        self.fold(parents, folded=not some)

    def action_activate(self) -> None:
        if self.steering.key is not None:
            self.post_message(RowActivated(self, self.steering.key))

    def action_mark(self) -> None:
        """Mark, and go on to the next row."""
        self.steering.mark(self.contents.order)
        self.action_move(1)

    def action_mark_range(self) -> None:
        self.steering.mark_range(self.contents.order)
        self.repaint()
        self.tell()

    def action_unmark(self) -> None:
        self.steering.unmark()
        self.repaint()
        self.tell()

    # -- mouse and focus

    def on_click(self, event: events.Click) -> None:
        if self.header and event.y == 0:
            column = self.ruler.at(event.x)
            if column is not None:
                self.sort_by(column.index)
            return
        index = self.steering.top + event.y - self.header
        if index < len(self.contents.order):
            self._go(index)
            if event.chain > 1:
                self.action_activate()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        if event.shift:
            self.scroll_sideways(by * 2)
        else:
            self.steering.scroll(self.contents.order, self.body, by)
            self.settle()

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()
