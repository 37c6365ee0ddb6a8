"""Texts that are neither logs nor YAML: a run's journal, report and note, and what its runner wrote on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from console import paths, telling
from console.format import clock_time
from console.instructing import instructions
from console.text import clean, plain_line
from console.workflow import journal as journals
from console.workflow.codec import Entry
from screens.commands import Command
from screens.lined import LinedPage
from screens.widgets.logview import LIMIT, LogLine
from screens.widgets.status import Part


class TextPage(LinedPage):
    """`place.name`: `journal`, `report`, `note`, `commands` or `runner-log`; `place.subject`: the run."""

    def on_mount(self) -> None:
        self.retitle()
        self.desk.start(self.read())

    async def read(self) -> None:
        """Read it (again)."""
        run, kernel = self.place.subject, self.desk.kernel
        match self.place.name:
            case "journal":
                lines = await self._journal()
            case "report":
                lines = [LogLine(line) for line in (await telling.report(kernel, run)).splitlines()]
            case "commands":
                store = await kernel.offer(lambda offers: offers.journal)
                found = await instructions(kernel, journals.page(await store.read(run)))
                lines = [LogLine(line) for text in found.values() for line in text.splitlines()]
            case "note":
                lines = [LogLine(line) for line in (await telling.note(kernel, run)).splitlines()]
            case _:
                lines = runner_log(run)
        self.view.replace(lines)

    async def _journal(self) -> list[LogLine]:
        store = await self.desk.kernel.offer(lambda offers: offers.journal)
        page = journals.page(await store.read(self.place.subject))
        return [LogLine(fact_line(entry, utc=self.desk.utc)) for entry in page.entries]

    def titles(self) -> tuple[list[Part], list[Part]]:
        return [(f" {self.place.name} of run {self.place.subject}", "title")], []

    def commands(self) -> Sequence[Command]:
        return (*self.line_commands(), Command("reload", "read again", self.read, group="text"))


def fact_line(entry: Entry, *, utc: bool = False) -> str:
    """One fact on one line: number, fencing, time, what, and its fields."""
    fact = entry.fact
    said = [
        f"{field.name}={clean(str(value), 200)}"
        for field in fields(fact)
        if field.name not in {"at", "steps", "verdict"} and (value := getattr(fact, field.name)) not in ("", (), {})
    ]
    when = clock_time(fact.at, utc=utc)
    return f"{entry.number:>4}  f{entry.fencing}  {when}  {type(fact).__name__.lower():<11} {'  '.join(said)}"


def runner_log(run: str) -> list[LogLine]:
    """What the runner wrote on this machine; one line that says so where there is nothing."""
    path = paths.state_dir() / "runs" / f"{run}.log"
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LIMIT:]
    except OSError as error:
        return [LogLine(f"there is no runner's log on this machine: {error.strerror} ({path})", role="muted")]
    return [LogLine(plain_line(line)) for line in lines]
