"""Questions: yes or no, a typed name, an action's own questions, a choice, a report an object. Modal, one at a time.

A dialog shows what will be touched before it asks. It decides nothing: what must be asked is told by the caller.
`esc` always means: nothing was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from console.model import Tone
from console.plugin import Ask, Cell
from screens.paint import Paint, app_of, paint_of

T = TypeVar("T")
LISTED = 12
"""Objects that are named before `and N more`."""


def title_box(box: Widget, title: str) -> None:
    """Give a border a title that is only text: as a str it would be read as markup."""
    box.border_title = Content(title)  # pyright: ignore[reportAttributeAccessIssue]


class Dialog(ModalScreen[T]):
    """A box in the middle with a title, lines, and what the subclass asks."""

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > Vertical {
        width: 76; max-width: 95%; height: auto; max-height: 90%;
        border: round $accent; border-title-color: $accent; background: $surface; padding: 1 2;
    }
    Dialog.danger > Vertical { border: heavy $error; border-title-color: $error; }
    Dialog Input { height: 1; border: none; padding: 0 1; margin: 1 0; background: $panel; }
    Dialog OptionList, Dialog OptionList:focus {
        height: auto; max-height: 14; border: none; background: $surface; margin: 1 0; padding: 0;
    }
    Dialog VerticalScroll { height: auto; max-height: 16; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self.heading = title

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            title_box(box, self.heading)
            yield from self.inside()
            yield Static(self.paint.keys(self.keys()))

    @property
    def paint(self) -> Paint:
        return paint_of(app_of(self))

    def inside(self) -> ComposeResult:
        """What stands between title and keys."""
        return ()

    def keys(self) -> Sequence[tuple[str, str]]:
        """Key hints at the bottom."""
        return (("enter", "yes"), ("esc", "no, nothing is done"))

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.dismiss(None)


class Touch(Struct, frozen=True):
    """What a confirmation shows: the sentence, the objects by name, and warnings; `typed` must be typed to agree."""

    title: str
    sentence: str
    subjects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    typed: str = ""


class Confirm(Dialog[str]):
    """Asks for enter, or for a typed name where `touch.typed` is given. The answer is what was typed, empty for yes."""

    def __init__(self, touch: Touch) -> None:
        super().__init__(touch.title)
        self.touch = touch
        self.set_class(bool(touch.typed), "danger")

    def inside(self) -> ComposeResult:
        paint, touch = self.paint, self.touch
        lines = [paint.line((touch.sentence, "title"))]
        lines += [paint.line(f"  {name}") for name in touch.subjects[:LISTED]]
        if len(touch.subjects) > LISTED:
            lines.append(paint.line((f"  and {len(touch.subjects) - LISTED} more", "muted")))
        lines += [paint.line(Cell(text, Tone.WARN)) for text in touch.warnings]
        yield Static(paint.lines(lines))
        if touch.typed:
            yield Static(paint.line("\nType ", (touch.typed, "key"), " to agree:"))
            yield Input(compact=True)
            yield Static(id="wrong")

    def on_mount(self) -> None:
        if self.touch.typed:
            self.query_one(Input).focus()

    def on_key(self, event: events.Key) -> None:
        if not self.touch.typed and event.key in {"enter", "y"}:
            event.stop()
            self.dismiss("")
        elif not self.touch.typed and event.key == "n":
            event.stop()
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == self.touch.typed:
            self.dismiss(self.touch.typed)
        else:
            words = f"that is not {self.touch.typed}; nothing was done yet"
            self.query_one("#wrong", Static).update(self.paint.line(Cell(words, Tone.BAD)))

    def keys(self) -> Sequence[tuple[str, str]]:
        return (("enter", "agree"), ("esc", "no, nothing is done"))


class Choice(Dialog[str]):
    """One of several words; up, down and enter, or the first letter."""

    def __init__(self, title: str, choices: Sequence[str], *, default: str = "", help: str = "") -> None:  # noqa: A002
        super().__init__(title)
        self.choices = tuple(choices)
        self.default = default
        self.about = help

    def inside(self) -> ComposeResult:
        if self.about:
            yield Static(self.paint.line((self.about, "muted")))
        yield OptionList(*(Option(Content(choice)) for choice in self.choices))

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = self.choices.index(self.default) if self.default in self.choices else 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.choices[event.option_index])

    def keys(self) -> Sequence[tuple[str, str]]:
        return (("enter", "choose"), ("esc", "none"))


class Line(Dialog[str]):
    """One line of text, or a whole number."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask.title)
        self.question = ask

    def inside(self) -> ComposeResult:
        if self.question.help:
            yield Static(self.paint.line((self.question.help, "muted")))
        kind = "integer" if self.question.number else "text"
        yield Input(self.question.default, type=kind, compact=True, password=self.question.hidden)
        yield Static(id="wrong")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        value = event.value.strip()
        if self.question.number and not _whole(value):
            self.query_one("#wrong", Static).update(self.paint.line(Cell("a whole number is wanted", Tone.BAD)))
        else:
            self.dismiss(value)

    def keys(self) -> Sequence[tuple[str, str]]:
        return (("enter", "next"), ("esc", "cancel, nothing is done"))


def _whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def question(ask: Ask) -> Dialog[str]:
    """The dialog of one question."""
    if ask.choices:
        return Choice(ask.title, ask.choices, default=ask.default, help=ask.help)
    return Line(ask)


class Report(Dialog[bool]):
    """How an action ended for each object: (object, went well, sentence)."""

    def __init__(self, title: str, lines: Sequence[tuple[str, bool, str]]) -> None:
        super().__init__(title)
        self.lines = tuple(lines)

    def inside(self) -> ComposeResult:
        bad = sum(not ok for _, ok, _ in self.lines)
        head = f"{len(self.lines) - bad} of {len(self.lines)} done" + (f", {bad} failed" if bad else "")
        yield Static(self.paint.line(Cell(head, Tone.BAD if bad else Tone.OK)))
        with VerticalScroll():
            yield Static(
                self.paint.lines(
                    self.paint.line(Cell(name, Tone.OK if ok else Tone.BAD), f"  {text}")
                    for name, ok, text in sorted(self.lines, key=lambda line: line[1])
                )
            )

    def on_key(self, event: events.Key) -> None:
        if event.key in {"enter", "space"}:
            event.stop()
            self.dismiss(True)

    def keys(self) -> Sequence[tuple[str, str]]:
        return (("enter", "close"),)
