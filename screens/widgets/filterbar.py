"""The `/` line of a pane: text in, a live filter out, and the reason where the text is no filter."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from screens.paint import app_of, paint_of


class FilterBar(Horizontal):
    """Hidden until it is opened. Enter keeps the filter and gives the keyboard back; esc takes the filter away."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; }
    FilterBar.-open { display: block; }
    FilterBar > #slash { width: 2; }
    FilterBar > Input { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
    FilterBar > Input:focus { border: none; }
    FilterBar > #why { width: auto; max-width: 70%; }
    """

    class Edited(Message):
        """The text is different now."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    class Left(Message):
        """The keyboard goes back to the table; `cleared` when the filter goes too."""

        def __init__(self, *, cleared: bool) -> None:
            super().__init__()
            self.cleared = cleared

    def compose(self) -> ComposeResult:
        yield Static("/ ", id="slash", markup=False)
        line = Input(classes="text-entry", select_on_focus=False)
        line.cursor_blink = False
        yield line
        yield Static("", id="why", markup=False)

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, line: str) -> None:
        """Show the bar with this text and take the keyboard."""
        self.add_class("-open")
        entry = self.query_one(Input)
        with entry.prevent(Input.Changed):
            entry.value = line
        entry.cursor_position = len(line)
        entry.focus()

    def close(self) -> None:
        self.remove_class("-open")
        self.refuse("")

    def refuse(self, why: str) -> None:
        """Say why the text is no filter; empty takes the words away."""
        paint = paint_of(app_of(self))
        self.query_one("#why", Static).update(paint.line((f" {why}", "bad") if why else ""))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left(cleared=False))

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Left(cleared=True))
        elif event.key in {"up", "down"}:
            event.stop()
            event.prevent_default()
            self.post_message(self.Left(cleared=False))
