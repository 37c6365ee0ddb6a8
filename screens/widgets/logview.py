"""Lines that stream in: the last 10,000, filtered, wrapped, followed or held. Line API: only what is seen exists.

Owns lines, filter, search, wrapping and scrolling. A batch of lines costs one paint, however many they are. Refuses to
know where lines come from; they must be clean already.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec import Struct
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from screens.paint import Paint, app_of, fit, paint_of, span

LIMIT = 10_000
STEP = 8
"""Cells of one move sideways."""


class LogLine(Struct, frozen=True):
    """One line: who wrote it (empty: nobody is named), the text, and the roles of both."""

    text: str
    source: str = ""
    role: str = "plain"
    source_role: str = "muted"


class Row(Struct, frozen=True):
    """One line of the screen: a line, and which piece of it when it is wrapped."""

    line: LogLine
    start: int = 0
    end: int = -1


class LogView(Widget, can_focus=True):
    """See the module."""

    DEFAULT_CSS = "LogView { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("home,g", "top", show=False),
        Binding("end,G", "bottom", show=False),
        Binding("left,h", "sideways(-1)", show=False),
        Binding("right", "sideways(1)", show=False),
    ]

    class Changed(Message):
        """Whether it follows, what is filtered or how many lines there are is different now."""

    def __init__(self, *, limit: int = LIMIT, follow: bool = True) -> None:
        super().__init__()
        self.lines: deque[LogLine] = deque(maxlen=limit)
        self.following = follow
        self.wrapped = False
        self.dropped = 0
        self._pattern: re.Pattern[str] | None = None
        self._inverse = False
        self._marked: re.Pattern[str] | None = None
        self._rows: deque[Row] = deque()
        self._top = 0
        self._left = 0

    # -- lines

    def extend(self, lines: Iterable[LogLine]) -> None:
        """Add a batch at the end; the oldest fall out beyond the limit."""
        batch = list(lines)[-(self.lines.maxlen or LIMIT) :]
        if not batch:
            return
        over = max(0, len(self.lines) + len(batch) - (self.lines.maxlen or LIMIT))
        gone = {id(self.lines[at]) for at in range(min(over, len(self.lines)))}
        lost = 0
        while self._rows and id(self._rows[0].line) in gone:
            self._rows.popleft()
            lost += 1
        self.dropped += over
        self.lines.extend(batch)
        fresh = [row for line in batch if self._passes(line) for row in self._rows_of(line)]
        self._rows.extend(fresh)
        before = self._top
        self._top = max(0, self._top - lost)
        if self.following:
            self._to_bottom()
        full = len(self._rows) - len(fresh) >= before + self.size.height
        if self.following or self._top != before - lost or not full:
            self.refresh()
        self.post_message(self.Changed())

    def replace(self, lines: Iterable[LogLine]) -> None:
        """Show these lines instead; stays where it is scrolled to."""
        self.lines.clear()
        self.lines.extend(lines)
        self._build()

    def clear(self) -> None:
        """Forget all lines."""
        self.replace(())

    # -- settings

    def set_filter(self, text: str) -> str:
        """Keep lines that a regular expression finds (`!`: does not find); why it cannot, or an empty text."""
        inverse = text.startswith("!")
        try:
            pattern = re.compile(text.removeprefix("!"), re.IGNORECASE) if text.removeprefix("!") else None
        except re.error as error:
            return f"not a regular expression: {error}"
        self._pattern, self._inverse, self._marked = pattern, inverse, None if inverse else pattern
        self._build()
        return ""

    def set_search(self, text: str) -> str:
        """Mark what a regular expression finds, hide nothing, go to the first; why it cannot, or an empty text."""
        try:
            self._marked = re.compile(text, re.IGNORECASE) if text else None
        except re.error as error:
            return f"not a regular expression: {error}"
        self.refresh()
        if self._marked is not None and not self.find(1, beside=False):
            return "not found"
        return ""

    def find(self, way: int, *, beside: bool = True) -> bool:
        """Go to the next (1) or previous (-1) place that the search marks; False where there is none."""
        count = len(self._rows)
        for at in range(count if self._marked is not None else 0):
            index = (self._top + way * (at + beside)) % count
            row = self._rows[index]
            if self._marked is not None and self._marked.search(row.line.text):
                self.following = False
                self._go(index)
                self._top = min(index, max(0, count - 1))
                self.refresh()
                return True
        return False

    def wrap(self, *, wrapped: bool) -> None:
        """Break long lines, or let them run out of the screen."""
        self.wrapped, self._left = wrapped, 0
        self._build()

    def follow(self, *, following: bool) -> None:
        """Stay at the end as lines come, or hold still."""
        self.following = following
        if following:
            self._to_bottom()
        self.refresh()
        self.post_message(self.Changed())

    @property
    def shown(self) -> Sequence[LogLine]:
        """The lines that pass the filter."""
        return [line for line in self.lines if self._passes(line)]

    def _passes(self, line: LogLine) -> bool:
        return self._pattern is None or (self._pattern.search(line.text) is not None) != self._inverse

    def _rows_of(self, line: LogLine) -> Iterable[Row]:
        room = max(8, self.size.width - (span(line.source) + 1 if line.source else 0))
        if not self.wrapped or not self.size.width or len(line.text) <= room:
            return (Row(line),)
        return [Row(line, at, at + room) for at in range(0, len(line.text), room)]

    def _build(self) -> None:
        """All rows anew: the filter, the width or the wrapping changed."""
        self._rows = deque(row for line in self.lines if self._passes(line) for row in self._rows_of(line))
        self._top = min(self._top, self._last_top)
        if self.following:
            self._to_bottom()
        self.refresh()
        self.post_message(self.Changed())

    # -- scrolling

    @property
    def _last_top(self) -> int:
        return max(0, len(self._rows) - self.size.height)

    def _to_bottom(self) -> None:
        self._top = self._last_top

    def _go(self, top: int) -> None:
        was = (self._top, self.following)
        self._top = max(0, min(top, self._last_top))
        self.following = self.following and self._top == self._last_top
        if was != (self._top, self.following):
            self.refresh()
            self.post_message(self.Changed())

    def action_scroll_by(self, lines: int) -> None:
        self._go(self._top + lines)

    def action_page(self, pages: int) -> None:
        self._go(self._top + pages * max(1, self.size.height - 1))

    def action_top(self) -> None:
        self._go(0)

    def action_bottom(self) -> None:
        self._go(self._last_top)

    def action_sideways(self, steps: int) -> None:
        if not self.wrapped:
            self._left = max(0, self._left + steps * STEP)
            self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._go(self._top - 3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._go(self._top + 3)

    def on_resize(self) -> None:
        if self.wrapped:
            self._build()
        elif self.following:
            self._to_bottom()

    # -- painting

    def render_line(self, y: int) -> Strip:
        cells, paint = self.size.width, paint_of(app_of(self))
        index = self._top + y
        if index >= len(self._rows):
            return Strip.blank(cells, self.rich_style)
        row = self._rows[index]
        line = row.line
        segments: list[Segment] = []
        if line.source:
            label = line.source if not row.start else " " * span(line.source)
            segments.append(Segment(f"{label} ", paint.rich(line.source_role)))
        text = line.text[row.start : row.end] if row.end >= 0 else line.text[self._left :]
        room = cells - sum(segment.cell_length for segment in segments)
        cut = fit(text, room, ellipsis=paint.glyphs.ellipsis) if span(text) > room else text
        segments += self._lit(cut, line.role, paint)
        return Strip(segments).adjust_cell_length(cells).apply_style(self.rich_style)

    def _lit(self, text: str, role: str, paint: Paint) -> list[Segment]:
        """The text, with what the filter or the search found standing out."""
        style = paint.rich(role)
        if self._marked is None:
            return [Segment(text, style)]
        out: list[Segment] = []
        at = 0
        for found in self._marked.finditer(text):
            if found.end() > found.start():
                out += [Segment(text[at : found.start()], style), Segment(found.group(), paint.rich("marked"))]
                at = found.end()
        return [*out, Segment(text[at:], style)]
