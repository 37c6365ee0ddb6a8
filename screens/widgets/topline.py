"""The first line of a pane: what it is, how much of it is shown, and whether it can be believed."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from screens.paint import app_of, paint_of, span, steady
from screens.titling import Facing, age_text, count_text, limits, state_cell


class TopLine(Widget):
    """One line: what the pane is at the left, its state at the right; the middle gives way first."""

    DEFAULT_CSS = """
    TopLine { height: 1; width: 1fr; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._left: list[tuple[str, str]] = [(f" {name}", "title")]
        self._right: list[tuple[str, str]] = []

    def show(self, face: Facing, sorted_by: str) -> None:
        """Draw it where it differs."""
        paint = paint_of(app_of(self))
        left = [(f" {face.name}", "title"), (f" ({count_text(face)})", "plain")]
        left += [(f"  {steady(word)}", "accent") for word in limits(face)]
        left.append((f"  {sorted_by}", "sorted"))
        if face.marked:
            left.append((f"  {face.marked} marked", "marked"))
        state = state_cell(face)
        right = [(f"{paint.glyphs.of(state.tone)} {steady(state.text)}", state.tone.value)]
        right += [(f"  {steady(words)}", "muted") for words in (age_text(face), face.note, face.cost) if words]
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render_line(self, y: int) -> Strip:
        paint = paint_of(app_of(self))
        room = self.size.width
        right = sum(span(text) for text, _ in self._right)
        limit = max(room // 2, room - sum(span(text) for text, _ in self._left) - 3)
        tail = Strip([Segment(text, paint.rich(role)) for text, role in self._right])
        if right > limit:
            tail = Strip([*tail.crop(0, limit - 1), Segment(paint.glyphs.ellipsis)])
        head = Strip([Segment(text, paint.rich(role)) for text, role in self._left])
        space = room - tail.cell_length - 1
        head = head.crop(0, max(0, space - 1)).extend_cell_length(space)
        return Strip([*head, *tail, Segment(" ")]).adjust_cell_length(room).apply_style(self.rich_style)
