"""The YAML of a row, with secrets masked until they are asked for, and search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.errors import ConsoleError, UsageError
from console.text import clean_text
from screens.commands import Command
from screens.lined import LinedPage
from screens.subject import row_of
from screens.widgets.logview import LogLine
from screens.widgets.status import Part

if TYPE_CHECKING:
    from screens.desk import Desk
    from screens.trail import Place

_KEY = re.compile(r"^(\s*(?:- )?[\w./-]+:)(.*)$")


class ManifestPage(LinedPage):
    """`place` names pane and row."""

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        self.instance, self.pane, self.row = row_of(desk.kernel, place)
        if self.pane.manifest is None:
            raise UsageError(f"{self.pane.name} has no YAML")
        self.manifest = self.pane.manifest
        self.revealed = False
        self.state = "reading"

    def on_mount(self) -> None:
        self.retitle()
        self.desk.start(self.read())

    async def read(self) -> None:
        """Read the object again."""
        kernel = self.desk.kernel
        try:
            text = await self.manifest.read(await kernel.client(self.instance), self.row, self.revealed)
        except ConsoleError as error:
            self.state = str(error)
            self.view.replace([LogLine(str(error), role="bad")])
        else:
            self.state = "secrets shown" if self.revealed else ""
            self.view.replace([_line(line) for line in clean_text(text).split("\n")])
        self.retitle()

    def titles(self) -> tuple[list[Part], list[Part]]:
        left: list[Part] = [(f" YAML {self.place.subject}", "title")]
        if self.typed:
            left.append((f"  /{self.typed}", "accent"))
        return left, [(f"{self.state} ", "warn" if self.revealed else "muted")]

    def commands(self) -> Sequence[Command]:
        return (
            *self.line_commands(),
            Command("reveal", "mask" if self.revealed else "reveal", self._reveal, key="x", hint=True, group="text",
                    help="show secret values, or mask them again"),
            Command("reload", "read again", self.read, group="text"),
        )  # fmt: skip

    async def _reveal(self) -> None:
        self.revealed = not self.revealed
        await self.read()
        self.post_message(self.Changed())


def _line(text: str) -> LogLine:
    """A line of YAML; comments are muted, the rest is plain: colour is for state."""
    return LogLine(text, role="muted" if text.lstrip().startswith("#") else "plain")
