"""A page that says one thing: why the console cannot go on, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Static

from screens.commands import Command
from screens.page import Page
from screens.paint import app_of, paint_of

if TYPE_CHECKING:
    from textual.content import Content


class MessagePage(Page):
    """`place.name` is the title, `place.subject` the text; `again` in the options offers to try once more."""

    can_focus = True
    DEFAULT_CSS = "MessagePage { padding: 1 2; }"

    def compose(self) -> ComposeResult:
        yield Static(self._text())

    def _text(self) -> Content:
        paint = paint_of(app_of(self))
        return paint.line((self.place.name, "title"), "\n\n", self.place.subject, "\n")

    def commands(self) -> Sequence[Command]:
        again = self.desk.again
        if again is None:
            return ()
        return (Command("again", "try again", again, key="r", hint=True, help="open the cluster once more"),)
