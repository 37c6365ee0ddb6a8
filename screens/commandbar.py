"""The `:` line as a widget: what is typed, what it may become, and the lines typed before."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from screens.colon import Known, complete
from screens.paint import app_of, paint_of
from screens.session import obey

if TYPE_CHECKING:
    from screens.desk import Desk

SHOWN = 12


class CommandLine(Input):
    """The text field: `tab` completes, up and down walk the lines typed before, `esc` closes."""

    async def _on_key(self, event: events.Key) -> None:
        bar = cast("CommandBar", self.parent)
        if event.key in {"tab", "right", "up", "down", "escape", "enter"} and bar.pressed(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)


class CommandBar(Vertical):
    """See the module; made once, then shown and hidden."""

    DEFAULT_CSS = """
    CommandBar { height: 2; background: $surface; }
    CommandBar > CommandLine { height: 1; border: none; padding: 0 1; background: $surface; }
    CommandBar > Static { height: 1; padding: 0 1; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="command")
        self.desk = desk
        self.known = Known()
        self._typed: list[str] = []
        self._at = 0
        self._offers: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield CommandLine(compact=True, select_on_focus=False)
        yield Static(id="offers")

    @property
    def line(self) -> CommandLine:
        return self.query_one(CommandLine)

    def open(self, text: str, known: Known) -> None:
        """Show the line with `text` in it and take the keyboard."""
        self.known = known
        self._at = len(self._typed)
        self.display = True
        self.line.value = ":" + text
        self.line.cursor_position = len(self.line.value)
        self.screen.set_focus(self.line)
        self.offer()

    def close(self) -> None:
        """Hide it; the page has the keyboard again."""
        self.display = False
        if self.desk.page is not None:
            self.desk.page.take_focus()

    def offer(self) -> None:
        """Show what the line may become."""
        self._offers = complete(self.line.value, self.known)
        paint = paint_of(app_of(self))
        shown = [paint.line((word + "  ", "accent" if at == 0 else "muted")) for at, word in enumerate(self._offers)]
        self.query_one("#offers", Static).update(paint.line(*shown[:SHOWN]))

    def on_input_changed(self) -> None:
        if not self.line.value.startswith(":"):
            self.close()
        else:
            self.offer()

    def submit(self) -> None:
        """Do what the line says; keys typed after it wait for the page that it opens."""
        text = self.line.value.removeprefix(":").strip()
        self.close()
        if text:
            self._typed = [*(line for line in self._typed if line != text), text][-50:]
            self.desk.settle(self.desk.start(obey(self.desk, text, self.known)))

    def pressed(self, key: str) -> bool:
        """A key that is the bar's own; False leaves it to the field."""
        at_end = self.line.cursor_position >= len(self.line.value)
        if key == "escape":
            self.close()
        elif key == "enter":
            self.submit()
        elif key == "tab" or (key == "right" and at_end):
            if self._offers:
                self._put(self._offers[0] + " ")
        elif key in {"up", "down"}:
            self._at = max(0, min(len(self._typed), self._at + (-1 if key == "up" else 1)))
            self._put(self._typed[self._at] if self._at < len(self._typed) else "")
        else:
            return False
        return True

    def _put(self, text: str) -> None:
        self.line.value = ":" + text
        self.line.cursor_position = len(self.line.value)


async def make_bar(desk: Desk) -> None:
    """Have the `:` line ready before it is first wanted: what is typed after the colon must not go elsewhere."""
    bar = CommandBar(desk)
    bar.display = False
    await desk.mount(bar, before="#footer")


def open_bar(desk: Desk, text: str = "") -> None:
    """Show the `:` line; the kinds that the server knows come a moment later."""
    from screens.knowing import known

    bar = desk.query_one(CommandBar)
    bar.open(text, known(desk.kernel))
    desk.start(_learn(desk, bar))


async def _learn(desk: Desk, bar: CommandBar) -> None:
    from screens.knowing import kinds, known

    words = await kinds(desk.kernel)
    if words and bar.display:
        bar.known = known(desk.kernel, kinds=words)
        bar.offer()
