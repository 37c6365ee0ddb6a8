"""A page: one thing that fills the desk or one half of it. Owns what all pages promise; refuses to know what they show.

A page is made from a `Place`, so it can be left and made again. It lists the commands that work on it now; the desk
gives them keys, footer, palette and help.
"""

from __future__ import annotations

from asyncio import Task
from collections.abc import Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.widgets.ground import Ground

if TYPE_CHECKING:
    from console.plugin import Action
    from screens.commands import Command
    from screens.desk import Desk
    from screens.trail import Place


class Page(Ground):
    """Base of all pages. `desk` gives kernel, clock, navigation and questions."""

    DEFAULT_CSS = "Page { width: 1fr; height: 1fr; }"

    class Changed(Message):
        """What the page offers or is called has changed: footer and header are drawn again."""

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__()
        self.desk = desk
        self.place = place
        self._filled: dict[str, Content] = {}
        self._standing: list[Task[Any]] = []

    def stand(self, work: Coroutine[Any, Any, object]) -> None:
        """Follow something for as long as the page is there."""
        self._standing.append(self.desk.stand(work))

    def on_unmount(self) -> None:
        for task in self._standing:
            task.cancel()

    def fill(self, part: str, text: Content) -> None:
        """Put a text into the Static `part`; nothing is painted where it is the same, or where the page is leaving."""
        if self._filled.get(part) != text:
            for static in self.query(f"#{part}").results(Static):
                self._filled[part] = text
                static.update(text)

    def commands(self) -> Sequence[Command]:
        """What can be done here now, most wanted first; shadows the desk's own commands on the same key."""
        return ()

    def actions(self) -> Iterable[Action[object]]:
        """The plugin's actions among them, for help."""
        return ()

    def zoned(self, *, utc: bool) -> None:
        """Times are now shown in UTC, or in the local zone."""

    def escape(self) -> bool:
        """`esc`: True when the page used it up (closed its filter); False: the desk goes back."""
        return False

    def here(self) -> Place:
        """The place as it is now (filter and cursor moved since), kept for the way back."""
        return self.place

    def take_focus(self) -> None:
        """Put the keyboard where it belongs on this page."""
        self.focus()
