"""What a pane says to the page around it. Handlers are called `on_pane_view_activated`, `_moved`, `_said`."""

from __future__ import annotations

from typing import Any

from textual.message import Message
from textual.widget import Widget

from console.model import Tone


class _Row(Message):
    """A row of a pane, by its key; both None where there is none."""

    def __init__(self, pane: Widget, key: str | None, row: Any) -> None:
        super().__init__()
        self.pane = pane
        self.key = key
        self.row = row


class Activated(_Row, namespace="pane_view"):
    """Enter or a double click on a row."""


class Moved(_Row, namespace="pane_view"):
    """Another row is under the cursor, or other rows are marked; also when the last row went (`key` None)."""


class Said(Message, namespace="pane_view"):
    """One line for the person: `tone` says whether it is good or bad news."""

    def __init__(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        super().__init__()
        self.text = text
        self.tone = tone
