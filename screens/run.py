"""The board: one run, read from its journal, with what it waits for, and what a person may say to it.

Owns nothing of the run: it reads the shared journal and appends pause, continue, answers and abort to it. Leaving the
board, or the console, changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console import runs
from console.errors import ConsoleError, Refused
from console.format import age, elapsed
from console.model import Tone
from console.plugin import Ask, Cell
from console.text import clean
from console.workflow.events import Choice
from console.workflow.state import State, to_undo
from screens.commands import Command
from screens.dialogs import Choice as Choose
from screens.dialogs import Confirm, Line, Touch
from screens.page import Page
from screens.paint import app_of, paint_of
from screens.trail import Place
from screens.widgets.steps import step_lines, wait_lines

if TYPE_CHECKING:
    from screens.desk import Desk

EVERY = 1.0
"""Seconds between two looks at the journal."""
SIDE = 100


class BoardPage(Page):
    """`place.name` is the run."""

    DEFAULT_CSS = """
    BoardPage #run { height: auto; padding: 0 1; }
    BoardPage #halves { height: 1fr; }
    BoardPage #steps { width: 3fr; padding: 0 1; }
    BoardPage #waits { width: 2fr; padding: 0 1; border-left: solid $panel-lighten-2; }
    BoardPage.narrow #halves { layout: vertical; }
    BoardPage.narrow #steps { width: 1fr; height: 3fr; }
    BoardPage.narrow #waits { width: 1fr; height: 2fr; border-left: none; border-top: solid $panel-lighten-2; }
    """

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        self.state: State | None = None
        self.problem = ""
        self._since = 0.0

    @property
    def run(self) -> str:
        return self.place.name

    def compose(self) -> ComposeResult:
        yield Static(id="run")
        with Horizontal(id="halves"):
            with VerticalScroll(id="steps"):
                yield Static(id="steps-text")
            with VerticalScroll(id="waits"):
                yield Static(id="waits-text")

    def on_mount(self) -> None:
        self.draw()
        self.stand(self._tail())

    def on_resize(self) -> None:
        self.set_class(self.size.width < SIDE, "narrow")
        self.call_after_refresh(self.draw)

    def take_focus(self) -> None:
        self.screen.set_focus(self.query_one("#steps"))

    # -- the journal

    async def _tail(self) -> None:
        clock = self.desk.kernel.clock
        while True:
            await self.read()
            await clock.sleep(EVERY)

    async def read(self) -> None:
        """Look at the journal once; an answer that does not come leaves the board as it is, and says since when."""
        try:
            state = (await runs.look(self.desk.kernel, self.run)).state
        except ConsoleError as error:
            self._since = self._since or self.desk.kernel.clock.now()
            self.problem = str(error)
        else:
            changed = state != self.state
            self.state, self.problem, self._since = state, "", 0.0
            if changed:
                self.post_message(self.Changed())
        self.draw()

    async def tell(self, said: Awaitable[object]) -> None:
        """Say something to the run and show what became of it. Read-only consoles say nothing."""
        gate = await self.desk.kernel.gate()
        if gate.rules.read_only:
            if asyncio.iscoroutine(said):
                said.close()
            raise Refused("read-only: this console was started to look, not to change")
        await said
        await self.read()

    # -- drawing

    def draw(self) -> None:
        """All three parts as they are now."""
        if not self.is_attached:
            return
        paint, state, now = paint_of(app_of(self)), self.state, self.desk.kernel.clock.now()
        if state is None:
            text = f"run {self.run}: {self.problem}" if self.problem else f"run {self.run}: reading its journal"
            self.fill("run", paint.line(Cell(text, Tone.BAD if self.problem else Tone.BUSY)))
            return
        self.fill("run", paint.lines(self._head(state, now)))
        cells = max(20, *(box.size.width - 2 for box in self.query("#steps")), 0)
        self.fill("steps-text", paint.lines(step_lines(paint, state, now=now, cells=cells)))
        waits = wait_lines(paint, state, now=now) or [paint.line(("waits for nothing", "muted"))]
        self.fill("waits-text", Content("\n\n").join(waits))

    def _head(self, state: State, now: float) -> list[Content]:
        paint, plan = paint_of(app_of(self)), state.plan
        if plan is None:
            return [paint.line(Cell(f"run {self.run} has no plan in its journal", Tone.BAD))]
        what = f"run {self.run}  {plan.target.run} {', '.join(plan.target.nodes)}"
        took = elapsed((state.ended_at or now) - plan.at)
        done = f"{state.finished} of {len(state.steps)} steps"
        holder = f"runner {clean(state.holder)}, fencing {state.fencing}" if state.holder else "no runner holds it"
        if state.end is not None:
            holder = f"ended: {state.end.value}"
        lines = [
            paint.line((what, "title"), (f"  by {clean(plan.author)}", "muted"), f"  {done}  {took}"),
            paint.line((f'"{clean(plan.reason)}"  ', "plain"), (holder, "muted" if state.holder else "warn")),
        ]
        if self.problem:
            stale = f"as of {age(self._since, now)} ago: {self.problem}"
            lines.append(paint.line(Cell(stale, Tone.WARN)))
        return lines

    # -- what a person may say

    def commands(self) -> Sequence[Command]:
        paused = self.state is not None and bool(self.state.paused)
        asked = self.state is not None and bool(self.state.asked)
        ended = self.state is not None and self.state.end is not None

        def why() -> str | None:
            if self.state is None:
                return "the journal was not read yet"
            return f"the run has ended ({self.state.end.value})" if self.state.end is not None else None

        leave = "leave" if ended else "leave (the run goes on)"

        def asks() -> str | None:
            return why() or (None if self.state is not None and self.state.asked else "the run asks nothing")

        def can_abort() -> str | None:
            aborted = self.state.aborted if self.state is not None else ""
            return why() or (f"it was aborted by {aborted}" if aborted else None)

        def say(name: str, title: str, run: object, key: str, about: str) -> Command:
            return Command(name, title, run, key=key, help=about, group="run", hint=not ended, why=why)  # pyright: ignore[reportArgumentType]

        return (
            replace(
                say("run-answer", "answer", self.answer, "enter", "answer what the run asks"), why=asks, hint=asked
            ),
            say(
                "run-pause", "continue" if paused else "pause", self.pause, "p", "nothing new is begun until continued"
            ),
            replace(say("run-skip", "skip", self.skip, "k", "leave the asking step out; a reason is wanted"), why=asks),
            replace(say("run-abort", "abort", self.abort, "a", "put back what was changed"), why=can_abort),
            say("run-take", "take over", self.take_over, "t", "a runner on this machine, once nobody holds the run"),
            replace(say("run-logs", "logs", self.logs, "l", "what the runner wrote"), why=lambda: None, hint=True),
            replace(
                say("run-journal", "journal", self.journal, "J", "every fact, in order"), why=lambda: None, hint=True
            ),
            Command("run-leave", leave, lambda: self.desk.ways.step(-1), key="q", hint=True, group="run"),
        )

    async def pause(self) -> None:
        """Pause the run, or let it go on."""
        paused = self.state is not None and bool(self.state.paused)
        await self.tell((runs.proceed if paused else runs.pause)(self.desk.kernel, self.run))

    async def abort(self) -> None:
        """Ask, showing what would be put back, then abort."""
        state = self.state
        if state is None:
            return
        names = tuple(state.step(name).title for name in to_undo(state))
        sentence = f"puts back, in this order: {len(names)} steps" if names else "nothing was changed yet"
        touch = Touch(f"abort run {self.run}", sentence, names, ("what has no undo stays as it is",))
        if await self.desk.ask(Confirm(touch)) is not None:
            await self.tell(runs.abort(self.desk.kernel, self.run))

    async def skip(self) -> None:
        """Skip the step that asks, with a typed reason."""
        await self._reply(Choice.SKIP)

    async def answer(self) -> None:
        """Answer the first question of the run."""
        chosen = await self.desk.ask(Choose("answer", [choice.value for choice in Choice], default="retry"))
        if chosen is not None:
            await self._reply(Choice(chosen))

    async def _reply(self, choice: Choice) -> None:
        state, reason = self.state, ""
        if state is None or not state.asked:
            return
        step = state.asked[0]
        if choice is Choice.SKIP:
            why = Ask("reason", f"why may `{state.step(step).title}` be skipped?", help="it stands in the journal")
            reason = await self.desk.ask(Line(why)) or ""
            if not reason.strip():
                self.desk.say("nothing was skipped: a reason is wanted", "warning")
                return
        await self.tell(runs.answer(self.desk.kernel, self.run, step, choice=choice, reason=reason))

    async def take_over(self) -> None:
        """Start a runner here; it waits until no other one holds the run."""
        gate = await self.desk.kernel.gate()
        if gate.rules.read_only:
            raise Refused("read-only: this console was started to look, not to change")
        self.desk.say(f"runner {runs.resume(self.desk.kernel, self.run)} takes the run as soon as nobody holds it")

    def logs(self) -> None:
        """What the runner on this machine wrote."""
        self.desk.go(Place("text", "runner-log", subject=self.run))

    def journal(self) -> None:
        """Every fact of the run."""
        self.desk.go(Place("text", "journal", subject=self.run))
