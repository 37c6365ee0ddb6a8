"""The action menu of a row (`m`, right mouse): what can be done with it, and why something cannot."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.commands import Command, fenced_why
from screens.dialogs import Dialog
from screens.paint import fit


class RowMenu(Dialog[Command]):
    """Lists commands; those that cannot be used stand there with their reason and cannot be chosen."""

    DEFAULT_CSS = "RowMenu OptionList { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, title: str, commands: Sequence[Command]) -> None:
        super().__init__(title)
        self.commands = tuple(commands)

    def inside(self) -> ComposeResult:
        yield OptionList(*(self._option(command) for command in self.commands))

    def _option(self, command: Command) -> Option:
        reason = fenced_why(command)
        key, paint = fit(command.key_label, 9), self.paint
        if reason:
            line = paint.line((f"{key} {command.title}", "muted"), (f"  {reason}", "muted"))
        else:
            line = paint.line((key, "key"), f" {command.title}", (f"  {command.help}" if command.help else "", "muted"))
        return Option(Content(line.plain) if reason else line, disabled=reason is not None)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.commands[event.option_index])

    def keys(self) -> Sequence[tuple[str, str]]:
        return (("enter", "do it"), ("esc", "close"))
