"""What a live table says to the pane around it."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget


class RowActivated(Message):
    """Enter or a double click on a row, by its key."""

    def __init__(self, table: Widget, key: str) -> None:
        super().__init__()
        self.table = table
        self.key = key

    @property
    def control(self) -> Widget:
        return self.table


class TableChanged(Message):
    """Rows, cursor, marks or settings of a table are different now."""

    def __init__(self, table: Widget) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> Widget:
        return self.table

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, TableChanged) and message.table is self.table
