"""Every key that works here, made from the same commands as footer, menu and palette; nothing is written twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from screens.commands import Command, fenced_why, keyed
from screens.lined import LinedPage
from screens.orders import desk_commands
from screens.widgets.logview import LogLine
from screens.widgets.status import Part

ORDER = ("panes", "row", "actions", "rows", "logs", "logs since", "text", "run", "plan", "forwards", "console")
TABLE_KEYS = (
    ("up, down, pgup, pgdn", "move; home and end to the first and last row"),
    ("space, ctrl-space", "mark a row, or all rows up to here; ctrl-\\ unmarks all"),
    ("shift and a letter", "sort by the column that begins with it; again: the other way round"),
    ("left, right", "see the columns that did not fit; in a tree, collapse and expand the row"),
)
LINES = (
    (":pods kafka /re", "a pane, limited to a namespace, filtered"),
    (":pods node=node1", "limited by any facet; any kind of the server works too"),
    (":ctx NAME  :ns NAME  :theme NAME", "another context, namespace or theme"),
    (":overview  :runs  :audit  :forwards", "other pages; :q quits"),
)


class HelpPage(LinedPage):
    """Help for the page that was left for it, which is still the one before on the trail."""

    def on_mount(self) -> None:
        self.retitle()
        commands = self.desk.left or keyed(desk_commands(self.desk), self.desk.keymap)
        self.view.replace(lines_of(commands))

    def titles(self) -> tuple[list[Part], list[Part]]:
        before = self.desk.ways.half.trail.before
        about = before.title if before is not None else ""
        return [(f" help  {about}", "title")], [("/ searches  esc back ", "muted")]

    def commands(self) -> Sequence[Command]:
        return self.line_commands()


MENU = "(menu)"
"""What stands where a command has no key of its own but is in the row's menu; the palette has all others."""


def lines_of(commands: Sequence[Command]) -> list[LogLine]:
    """The help text: groups in a fixed order, in each the keys with their title, help, and reason if disabled."""
    lines: list[LogLine] = []
    ranked = sorted(commands, key=lambda command: _rank(command.group))
    for group, members in groupby(ranked, key=lambda command: command.group):
        lines += [LogLine(""), LogLine(f" {group}", role="title")]
        lines += [_line(command) for command in members if command.key or command.group != "panes"]
    lines += [LogLine(""), LogLine(" in a table", role="title")]
    lines += [LogLine(f"   {key:<34}{what}") for key, what in TABLE_KEYS]
    lines += [LogLine(""), LogLine(" the command line", role="title")]
    lines += [LogLine(f"   {line:<34}{what}") for line, what in LINES]
    return lines[1:]


def _rank(group: str) -> int:
    return ORDER.index(group) if group in ORDER else len(ORDER)


def _line(command: Command) -> LogLine:
    reason = fenced_why(command)
    about = f"{command.title}: {command.help}" if command.help else command.title
    text = f"   {command.key_label or (MENU if command.row else ''):<12}{about}"
    return LogLine(f"{text}  (now: {reason})" if reason else text, role="muted" if reason else "plain")
