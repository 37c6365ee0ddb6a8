"""The first and the last line of the screen: where we are connected and how, and which keys work now.

Lines are drawn by the line API from parts (text, role), so that a changed word costs a few bytes. They know no system:
the desk tells them what to say. The left side gives way when there is no room; nothing is wrapped.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from screens.paint import app_of, fit, paint_of, span, steady

Part = tuple[str, str]
"""Text, and the name of its role or tone (`plain`, `muted`, `ok`, `warn`, `bad`, `accent`, `key`, `title`)."""
GAP = "   "


class Line(Widget):
    """One line of parts; `left` from the left, `right` flush right; the left gives way."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; background: $panel; color: $foreground; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's word
        super().__init__(id=id)
        self._left: tuple[Part, ...] = ()
        self._right: tuple[Part, ...] = ()

    def show(self, left: Sequence[Part], right: Sequence[Part] = ()) -> None:
        """Draw these parts; nothing is written when they are the same."""
        if (tuple(left), tuple(right)) != (self._left, self._right):
            self._left, self._right = tuple(left), tuple(right)
            self.refresh()

    @property
    def text(self) -> str:
        """What the line says, without styles."""
        return "".join(text for text, _ in (*self._left, *self._right))

    def render_line(self, y: int) -> Strip:
        paint = paint_of(app_of(self))
        cells, base = self.size.width, self.rich_style
        room = max(0, cells - sum(span(steady(text)) for text, _ in self._right))
        segments: list[Segment] = []
        for raw, role in self._left:
            text = steady(raw)
            piece = fit(text, min(room, span(text)))
            segments.append(Segment(piece, base + paint.rich(role)))
            room -= span(piece)
        segments.append(Segment(" " * room, base))
        segments += [Segment(steady(text), base + paint.rich(role)) for text, role in self._right]
        return Strip(segments).adjust_cell_length(cells, base)


class HeaderLine(Line):
    """Where and who, read-only and insecure marks, state of the API, nodes out, time."""


class FooterLine(Line):
    """The keys that work now. A click on one presses it."""

    class Pressed(Message):
        """A key was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's word
        super().__init__(id=id)
        self._spans: list[tuple[int, int, str]] = []

    def hints(self, hints: Sequence[tuple[str, str, str]], fixed: Sequence[tuple[str, str, str]] = ()) -> None:
        """Show (key, its label, title): `fixed` at the right always, the others as far as there is room."""
        self._spans = []
        columns = (self.size.width or app_of(self).size.width) - 1
        taken = sum(span(label) + 1 + span(title) + len(GAP) for _, label, title in fixed)
        left = self._laid(hints, 1, columns - taken)
        right = self._laid(fixed, columns - taken + len(GAP), columns + len(GAP))
        self.show([(" ", "plain"), *left], [*right, (" ", "plain")])

    def _laid(self, hints: Sequence[tuple[str, str, str]], at: int, room: int) -> list[Part]:
        parts: list[Part] = []
        for key, label, title in hints:
            cells = span(label) + 1 + span(title)
            if at + cells > room:
                break
            self._spans.append((at, at + cells, key))
            parts += [(GAP if parts else "", "plain"), (label, "key"), (f" {title}", "plain")]
            at += cells + len(GAP)
        return parts

    def on_click(self, event: Click) -> None:
        for start, end, key in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(key))
