"""A page of lines with a title and a search or filter line: the base of logs, YAML and other texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from console.format import timestamp
from screens.commands import Command
from screens.page import Page
from screens.paint import app_of
from screens.widgets.filterbar import FilterBar
from screens.widgets.logview import LogView
from screens.widgets.status import Line, Part

if TYPE_CHECKING:
    from screens.desk import Desk
    from screens.trail import Place


class LinedPage(Page):
    """Subclasses fill `view` and say `titles`. `hides`: the `/` line filters; otherwise it searches."""

    hides = False
    DEFAULT_CSS = "LinedPage > #title { background: transparent; }"

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        self.view = LogView(follow=self.hides)
        self.typed = place.filter

    def compose(self) -> ComposeResult:
        yield Line(id="title")
        yield FilterBar()
        yield self.view

    def titles(self) -> tuple[list[Part], list[Part]]:
        """Left and right parts of the title line."""
        return [(f" {self.place.title}", "title")], []

    @on(LogView.Changed)
    def retitle(self) -> None:
        """Draw the title line again where it differs."""
        for line in self.query("#title").results(Line):
            line.show(*self.titles())

    def take_focus(self) -> None:
        self.screen.set_focus(self.view)

    def look_for(self, text: str) -> str:
        """Filter or search; why it cannot, or an empty text."""
        why = self.view.set_filter(text) if self.hides else self.view.set_search(text)
        if not why:
            self.typed = text
            self.retitle()
        return why

    @on(FilterBar.Edited)
    def _edited(self, event: FilterBar.Edited) -> None:
        event.stop()
        self.query_one(FilterBar).refuse(self.look_for(event.line))

    @on(FilterBar.Left)
    def _left(self, event: FilterBar.Left) -> None:
        event.stop()
        if event.cleared:
            self.look_for("")
        self.query_one(FilterBar).close()
        self.take_focus()

    def escape(self) -> bool:
        if self.typed or self.query_one(FilterBar).is_open:
            self.look_for("")
            self.query_one(FilterBar).close()
            self.take_focus()
            return True
        return False

    def line_commands(self) -> tuple[Command, ...]:
        """What every page of lines can do."""
        view = self.view
        searching = (
            ()
            if self.hides
            else (
                Command("next-match", "next", lambda: view.find(1), key="n", group="text", help="the next place found"),
                Command("last-match", "previous", lambda: view.find(-1), key="N", group="text", help="the one before"),
            )
        )
        return (
            Command(
                "filter",
                "filter" if self.hides else "search",
                lambda: self.query_one(FilterBar).open(self.typed),
                hint=True,
                group="text",
                help="a regular expression, ! for lines without it" if self.hides else "a regular expression",
            ),
            *searching,
            Command("wrap", "wrap", lambda: view.wrap(wrapped=not view.wrapped), key="w", hint=True, group="text"),
            Command("save", "save", self.save, group="text", help="the shown lines as a text file"),
            Command("copy", "copy", self.copy, group="text", help="the shown lines to the clipboard"),
        )

    def _text(self) -> str:
        return "".join(f"{line.source} {line.text}\n".lstrip() for line in self.view.shown)

    def save(self) -> None:
        """Write the shown lines to a file and say where it is."""
        stamp = timestamp(self.desk.kernel.clock.now()).replace(":", "")
        name = "-".join(word for word in (self.place.kind, self.place.subject.replace("/", "-"), stamp) if word)
        try:
            self.desk.say(self.desk.save(f"{name}.txt", self._text()))
        except OSError as error:
            self.desk.say(f"{name} was not saved: {error}", "error")

    def copy(self) -> None:
        """Copy the shown lines by OSC 52."""
        app_of(self).copy_to_clipboard(self._text())
        self.desk.say(f"copied {len(self.view.shown)} lines")
