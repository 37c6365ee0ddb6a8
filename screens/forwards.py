"""Forwarded ports: asking for one, and the page that lists what is open. They are closed with the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from console.errors import Refused
from console.format import age, size
from console.forward import HOST, Door, Forwards
from console.model import Tone
from console.plugin import Ask, Cell
from screens.acting import may
from screens.commands import Command
from screens.dialogs import Choice, Line
from screens.page import Page
from screens.paint import app_of, paint_of

if TYPE_CHECKING:
    from textual.content import Content

    from console.plugin import Stream
    from screens.browse import PanePage

EVERY = 1.0
OTHER = "another port"


async def open_forward(page: PanePage, row: Any) -> None:
    """Ask which port and where, then listen on loopback."""
    desk, forward = page.desk, page.pane.forward
    if forward is None:
        return
    await may(desk, forward.rights(row), f"forward a port of {page.pane.ref(row)}")
    ports = desk.kernel.fence.call(f"{page.pane.name} ports", (), forward.ports, row, page.facts)
    chosen = await desk.ask(Choice("which port of it", [*(str(port) for port in ports), OTHER])) if ports else OTHER
    if chosen == OTHER:
        chosen = await desk.ask(Line(Ask("remote", "which port of it", number=True)))
    if chosen is None:
        return
    asked = Ask("local", "local port", chosen, number=True, help=f"on {HOST}; 0 takes any free one")
    local = await desk.ask(Line(asked))
    if local is None:
        return
    remote, kernel, instance = _port(chosen), desk.kernel, page.instance

    async def dial() -> Stream:
        return await forward.open(await kernel.client(instance), row, remote)

    forwards = desk.forwards = desk.forwards or Forwards()
    name = str(page.pane.ref(row))
    door = await forwards.open(name, remote, dial, local=_port(local), now=kernel.clock.now())
    desk.say(f"{HOST}:{door.local} leads to port {remote} of {name} until the console ends; :forwards lists it")


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:  # noqa: PLR2004  # what a port is
        raise Refused(f"{number} is no port")
    return number


class ForwardsPage(Page):
    """What is open now."""

    DEFAULT_CSS = """
    ForwardsPage OptionList, ForwardsPage OptionList:focus { height: 1fr; border: none; background: transparent; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield OptionList()

    def on_mount(self) -> None:
        self.draw()
        self.set_interval(EVERY, self.draw)

    @property
    def doors(self) -> list[Door]:
        return self.desk.forwards.doors if self.desk.forwards is not None else []

    def draw(self) -> None:
        """The list as it is now; written only where it differs."""
        paint = paint_of(app_of(self))
        words = f" forwards ({len(self.doors)})" if self.doors else " no port is open; shift-f on a row opens one"
        self.fill("title", paint.line((words, "title")))
        lines = [self._line(door) for door in self.doors]
        for options in self.query(OptionList).results(OptionList):
            self._list(options, lines)

    def _list(self, options: OptionList, lines: list[Content]) -> None:
        if [options.get_option_at_index(at).prompt for at in range(options.option_count)] != lines:
            at = options.highlighted
            options.clear_options()
            options.add_options([Option(line) for line in lines])
            options.highlighted = min(at or 0, len(lines) - 1) if lines else None

    def _line(self, door: Door) -> Content:
        paint = paint_of(app_of(self))
        since = age(door.opened_at, self.desk.kernel.clock.now())
        busy = f"{door.connections} connected, {size(door.carried)} carried, {since}"
        trouble = Cell(door.error, Tone.WARN) if door.error else ""
        return paint.line(
            f"{HOST}:{door.local} ", ("to ", "muted"), f"{door.name}:{door.remote}  ", (busy, "muted"), "  ", trouble
        )

    def take_focus(self) -> None:
        self.screen.set_focus(self.query_one(OptionList))

    def commands(self) -> Sequence[Command]:
        def why() -> str | None:
            return None if self.doors else "no port is open"

        return (Command("close-forward", "close", self.close_one, key="ctrl+d", hint=True, group="forwards", why=why),)

    async def close_one(self) -> None:
        """Close the one under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None and self.desk.forwards is not None and at < len(self.doors):
            await self.desk.forwards.close(self.doors[at])
            self.draw()
