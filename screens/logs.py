"""The logs of a row: one container, or all members of a set together, each named and coloured.

Owns which sources are read and how (since, previous, timestamps); lines come through the plugin, are cleaned here, and
are handed to the view in batches, so that a flood costs ten paints a second and the newest 10,000 lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from console.errors import ConsoleError, UsageError
from console.plugin import LogQuery
from console.text import clean, plain_line
from screens.commands import Command
from screens.dialogs import Choice
from screens.lined import LinedPage
from screens.subject import row_of
from screens.widgets.logview import LogLine
from screens.widgets.status import Part

if TYPE_CHECKING:
    from textual.timer import Timer

    from screens.desk import Desk
    from screens.trail import Place

BATCH = 0.1
AGAIN = 3.0
"""Seconds before a broken log is followed again."""
COLOURS = ("accent", "ok", "busy", "warn", "label", "key")
SINCE: tuple[tuple[str, str, float | None], ...] = (
    ("0", "tail", None),
    ("1", "from the start", -1.0),
    ("2", "1 min", 60.0),
    ("3", "5 min", 300.0),
    ("4", "15 min", 900.0),
    ("5", "30 min", 1800.0),
    ("6", "1 h", 3600.0),
)
ALL = "all of them"


class Reading(Struct):
    """What is read of the row: sources, and how."""

    sources: tuple[str, ...]
    since: float | None = None
    previous: bool = False
    timestamps: bool = False
    tasks: list[asyncio.Task[Any]] = field(default_factory=list[asyncio.Task[Any]])


class LogsPage(LinedPage):
    """`place` names pane and row; the option `previous` starts with the life before this one."""

    hides = True

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        self.instance, self.pane, self.row = row_of(desk.kernel, place)
        if self.pane.logs is None:
            raise UsageError(f"{self.pane.name} has no logs")
        self.logs = self.pane.logs
        where = f"{self.pane.name} log sources"
        facts = desk.kernel.facts(self.instance)
        self.known = tuple(desk.kernel.fence.call(where, (), self.logs.sources, self.row, facts))
        if not self.known:
            raise UsageError(f"{place.subject} has no container that could have logs")
        self.reading = Reading(self._first(), previous=dict(place.options).get("previous") == "yes")
        self._pending: list[LogLine] = []
        self._flush_at: Timer | None = None

    def _first(self) -> tuple[str, ...]:
        """The first container of each pod, so that a set's pods are read together."""
        pods: dict[str, str] = {}
        for source in self.known:
            pods.setdefault(source.rpartition("/")[0], source)
        return tuple(pods.values())

    def on_mount(self) -> None:
        self.retitle()
        self._restart()
        if self.place.filter:
            self.look_for(self.place.filter)

    def on_unmount(self) -> None:
        self._stop()

    def here(self) -> Place:
        return replace(self.place, filter=self.typed)

    # -- reading

    def _stop(self) -> None:
        for task in self.reading.tasks:
            task.cancel()
        self.reading.tasks.clear()

    def _restart(self) -> None:
        """Read again from the beginning of what is asked for."""
        self._stop()
        self._pending.clear()
        self.view.clear()
        self.reading.tasks = [self.desk.stand(self._follow(source)) for source in self.reading.sources]
        self.retitle()

    def asked(self, source: str) -> LogQuery:
        """What is asked of the plugin for one source."""
        reading = self.reading
        since = reading.since if reading.since is None or reading.since > 0 else None
        whole = reading.since is not None
        return LogQuery(
            source,
            follow=not reading.previous,
            previous=reading.previous,
            since=since,
            tail=None if whole else 500,
            timestamps=reading.timestamps,
        )

    async def _follow(self, source: str) -> None:
        """Lines of one source until its log ends; a connection that breaks is taken up again where it was."""
        clock, query = self.desk.kernel.clock, self.asked(source)
        while True:
            began = clock.now()
            try:
                client = await self.desk.kernel.client(self.instance)
                async for line in self.logs.follow(client, self.row, query):
                    self.add(source, line)
            except ConsoleError as error:
                self.note(source, f"{error}")
                if query.previous:
                    return
                await clock.sleep(AGAIN)
                query = replace(query, since=max(1.0, clock.now() - began), tail=None)
            else:
                self.note(source, "the log ended")
                return

    def add(self, source: str, line: str) -> None:
        """One raw line of a source."""
        several = len(self.reading.sources) > 1
        number = self.reading.sources.index(source) if source in self.reading.sources else 0
        label = self._label(source) if several else ""
        self._put(LogLine(plain_line(line), label, "plain", COLOURS[number % len(COLOURS)]))

    def note(self, source: str, text: str) -> None:
        """A line of ours among the others."""
        self._put(LogLine(f"-- {clean(source)}: {clean(text)}", role="muted"))

    def _label(self, source: str) -> str:
        """The part of a source's name that tells it from the others."""
        return clean(source.rpartition("/")[0] or source)

    def _put(self, line: LogLine) -> None:
        self._pending.append(line)
        if len(self._pending) > 2 * (self.view.lines.maxlen or 0):
            del self._pending[: len(self._pending) // 2]
        if self._flush_at is None:
            self._flush_at = self.set_timer(BATCH, self.flush)

    def flush(self) -> None:
        """Give what came to the view."""
        self._flush_at = None
        batch, self._pending = self._pending, []
        self.view.extend(batch)

    # -- words

    def titles(self) -> tuple[list[Part], list[Part]]:
        reading, view = self.reading, self.view
        left: list[Part] = [(f" logs {self.place.subject}", "title")]
        names = (
            reading.sources[0].rpartition("/")[2] if len(reading.sources) == 1 else f"{len(reading.sources)} sources"
        )
        left.append((f"  {clean(names)}", "accent"))
        if reading.previous:
            left.append(("  previous life", "warn"))
        if self.typed:
            left.append((f"  /{clean(self.typed)}", "accent"))
        shown = len(view.shown) if self.typed else len(view.lines)
        lines = f"{shown} lines" + (f" (+{view.dropped} older dropped)" if view.dropped else "")
        since = next((title for _, title, seconds in SINCE if seconds == reading.since), "")
        state = ("following", "ok") if view.following else ("held", "warn")
        return left, [(f"{since}  {lines}  ", "muted"), state, (" ", "plain")]

    # -- commands

    def commands(self) -> Sequence[Command]:
        return (
            Command(
                "log-follow", "hold", self._hold, key="s", hint=True, group="logs", help="stay at the end, or hold"
            ),
            Command("log-source", "container", self.choose, key="c", hint=True, group="logs", help="choose whose log"),
            Command("log-previous", "previous", self._previous, key="p", hint=True, group="logs", help="the last life"),
            *self.line_commands(),
            Command(
                "log-stamps", "timestamps", self._stamps, key="t", hint=True, group="logs", help="when it was written"
            ),
            Command(
                "log-mark", "mark", lambda: self.note("mark", "-" * 40), key="m", group="logs", help="draw a line here"
            ),
            *(
                Command(f"log-since-{key}", title, lambda s=seconds: self._since(s), key=key, group="logs since")
                for key, title, seconds in SINCE
            ),
        )

    def _hold(self) -> None:
        self.view.follow(following=not self.view.following)

    def _previous(self) -> None:
        self.reading.previous = not self.reading.previous
        self._restart()

    def _stamps(self) -> None:
        self.reading.timestamps = not self.reading.timestamps
        self._restart()

    def _since(self, since: float | None) -> None:
        self.reading.since = since
        self._restart()

    async def choose(self) -> None:
        """Which container is read, or all of them together."""
        choices = [*self.known, *([ALL] if len(self.known) > 1 else [])]
        default = self.reading.sources[0] if len(self.reading.sources) == 1 else ALL
        chosen = await self.desk.ask(Choice("whose log", choices, default=default))
        if chosen is not None:
            self.reading.sources = self.known if chosen == ALL else (chosen,)
            self._restart()
