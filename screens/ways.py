"""Moving between pages: one or two halves, each with its own trail. Owns mounting and removing of pages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.widget import Widget

from screens.paint import app_of
from screens.trail import Place, Trail

if TYPE_CHECKING:
    from screens.desk import Desk
    from screens.page import Page

WIDE_ENOUGH = 140
"""Columns from which two pages fit side by side."""


class Half:
    """One half of the desk (or all of it): its page and its own way back."""

    def __init__(self) -> None:
        self.trail = Trail()
        self.page: Page | None = None


class Ways:
    """See the module. All methods leave what is shown as it was when a place cannot be opened."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.halves = [Half()]
        self.active = 0
        self._turn = asyncio.Lock()

    @property
    def half(self) -> Half:
        return self.halves[self.active]

    @property
    def page(self) -> Page | None:
        """The page that has the keyboard."""
        return self.half.page

    def half_of(self, widget: Widget) -> int | None:
        """The number of the half in which a widget stands."""
        above = widget.ancestors_with_self
        return next((n for n, half in enumerate(self.halves) if half.page is not None and half.page in above), None)

    async def show(self, place: Place, half: Half, *, keep: bool = False) -> None:
        """Show a place in a half; `keep`: it is on the trail already. Raises ConsoleError when it cannot be shown."""
        from screens.pages import make

        async with self._turn:
            page = make(self.desk, place)
            old = half.page
            if not keep:
                self._remember(half)
                half.trail.go(place)
            page.set_class(half is not self.halves[0], "other")
            with app_of(self.desk).batch_update():
                await self.desk.query_one("#pages").mount(page, before=old)
                half.page = page
                if old is not None:
                    await old.remove()
            if half is self.half:
                page.take_focus()
            self.desk.changed()

    def _remember(self, half: Half) -> None:
        if half.page is not None:
            half.trail.amend(half.page.here())

    async def step(self, by: int) -> None:
        """Back (-1) or forth (1) on this half's trail."""
        self._remember(self.half)
        place = self.half.trail.step(by)
        if place is None:
            self.desk.say("this is the oldest place" if by < 0 else "this is the newest place")
        else:
            await self.show(place, self.half, keep=True)

    async def swap(self) -> None:
        """The place shown before this one."""
        self._remember(self.half)
        place = self.half.trail.swap()
        if place is None:
            self.desk.say("there is no place before this one")
        else:
            await self.show(place, self.half, keep=True)

    async def split(self) -> None:
        """Two pages side by side, or only the one with the keyboard."""
        columns = self.desk.size.width
        if len(self.halves) > 1:
            gone = self.halves.pop(1 - self.active)
            self.active = 0
            if gone.page is not None:
                await gone.page.remove()
            if self.page is not None:
                self.page.set_class(False, "other")
                self.page.take_focus()
            self.desk.changed()
        elif columns < WIDE_ENOUGH:
            self.desk.say(f"two pages need {WIDE_ENOUGH} columns, here are {columns}", "warning")
        elif self.page is not None:
            place = self.page.here()
            self.halves.append(Half())
            self.active = 1
            await self.show(place, self.half)

    def activate(self, number: int) -> None:
        """The keyboard belongs to this half now."""
        if number != self.active and number < len(self.halves):
            self.active = number
            self.desk.changed()

    def move(self) -> None:
        """The keyboard goes to the other half."""
        if len(self.halves) > 1:
            self.activate(1 - self.active)
            if self.page is not None:
                self.page.take_focus()

    async def clear(self) -> None:
        """Remove every page (another context was chosen); the trails are forgotten."""
        async with self._turn:
            for half in self.halves:
                if half.page is not None:
                    await half.page.remove()
            self.halves, self.active = [Half()], 0
