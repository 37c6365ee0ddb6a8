"""The board: one run, read from its journal: its steps, what it waits for, how far it is; and its nodes' pods, live.

Owns the drawing and nothing of the run; what a person may say to it is in `saying.py`. Leaving the board, or the
console, changes nothing. When the run has ended, the pods stay as they were seen last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console import runs
from console.errors import ConsoleError
from console.format import age, elapsed, until_words
from console.model import Tone
from console.plugin import Cell
from console.present import Sight, Watched, concerns, rows
from console.text import clean
from console.workflow.note import until_of
from console.workflow.progress import estimate, pods
from console.workflow.state import SETTLED, State
from screens.commands import Command
from screens.page import Page
from screens.paint import app_of, paint_of
from screens.saying import Saying
from screens.trail import Place
from screens.widgets import podboard
from screens.widgets.steps import step_lines, wait_lines

if TYPE_CHECKING:
    from console.workflow.journal import Page as JournalPage
    from screens.desk import Desk

EVERY = 1.0
"""Seconds between two looks at the journal."""
LIVE = 0.5
"""Seconds between two looks at the pods at most, where something has changed."""
SIDE = 100
_FRAME = 1
"""Cells beside the pods that their scroll bar takes."""


class BoardPage(Page):
    """`place.name` is the run."""

    DEFAULT_CSS = """
    BoardPage #run { height: auto; padding: 0 1; }
    BoardPage #halves { height: 1fr; }
    BoardPage VerticalScroll { scrollbar-size-vertical: 1; }
    BoardPage #steps { width: 1fr; padding: 0 1; }
    BoardPage #side { width: 1fr; border-left: solid $panel-lighten-2; }
    BoardPage #pods-head { height: auto; padding: 0 1; }
    BoardPage #pods { height: 1fr; padding: 0 1; }
    BoardPage #waits { height: auto; min-height: 2; max-height: 50%; padding: 0 1; border-top: solid $panel-lighten-2; }
    BoardPage.narrow #halves { layout: vertical; }
    BoardPage.narrow #steps { height: 2fr; }
    BoardPage.narrow #side { width: 1fr; height: 3fr; border-left: none; border-top: solid $panel-lighten-2; }
    """

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        self.journal: JournalPage | None = None
        self.problem = ""
        self.saying = Saying(desk, place.name, lambda: self.journal, self.read)
        self._since = 0.0
        self._active = 0
        self._watched = Watched(desk.kernel)
        self._late = False
        """The run had ended before, and its nodes are still out."""
        self._sight = Sight()
        self._lines = podboard.Lines()

    @property
    def run(self) -> str:
        return self.place.name

    def compose(self) -> ComposeResult:
        yield Static(id="run")
        with Horizontal(id="halves"):
            with VerticalScroll(id="steps"):
                yield Static(id="steps-text")
            with Vertical(id="side"):
                yield Static(id="pods-head")
                with VerticalScroll(id="pods"):
                    yield Static(id="pods-text")
                with VerticalScroll(id="waits"):
                    yield Static(id="waits-text")

    def on_mount(self) -> None:
        self.draw()
        self.stand(self._tail())
        self.stand(self._follow())

    def on_unmount(self) -> None:
        self._watched.close()

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
            page = await runs.look(self.desk.kernel, self.run)
        except ConsoleError as error:
            self._since = self._since or self.desk.kernel.clock.now()
            self.problem = str(error)
        else:
            first = self.journal is None
            changed = self.journal is None or page.stored.version != self.journal.stored.version
            self.journal, self.problem, self._since = page, "", 0.0
            await self._watch(page, first=first)
            if changed:
                self.post_message(self.Changed())
            if first:
                self.call_after_refresh(self.draw)  # only then is it known how wide the halves are
        self.draw()

    # -- what stands on the nodes

    async def _follow(self) -> None:
        kernel = self.desk.kernel
        while True:
            await kernel.changed()
            self._draw_pods()
            await kernel.clock.sleep(LIVE)

    async def _watch(self, page: JournalPage, *, first: bool) -> None:
        """Rows are wanted while the run is on its way; with its end comes a last look.

        A board that is opened later looks at the nodes where they are still out by this run.
        """
        state = page.state
        if state.plan is None:
            return
        if first and state.end is not None:
            self._late = await concerns(self.desk.kernel, page)
        if state.end is None or self._late:
            await self._watched.open(state.plan)
        else:
            self._sight = self._watched.look(state.plan) if self._watched.seeing else self._sight
            self._watched.close()

    def _draw_pods(self) -> None:
        page = self.journal
        if page is None or page.state.plan is None or not self.is_attached:
            return
        state, plan = page.state, page.state.plan
        if self._watched.seeing:
            self._sight = self._watched.look(plan)
        paint, now = paint_of(app_of(self)), self.desk.kernel.clock.now()
        found = rows(pods(state), self._sight.things)
        at = podboard.widths(found, self._cells("side") - _FRAME)
        head = [paint.line(Cell(said, Tone.WARN)) for said in self._sight.missing]
        if found:
            back = plan.target.run == "rejoin"
            head += [podboard.progress_line(paint, found, back=back), podboard.head_line(paint, at)]
        for part in ("pods-head", "pods"):
            self.query_one(f"#{part}").display = bool(head if part == "pods-head" else found)
        self.fill("pods-head", paint.lines(head))
        self.fill("pods-text", paint.lines(self._lines.of(paint, found, at, now=now)))

    # -- drawing

    def draw(self) -> None:
        """All four parts as they are now."""
        if not self.is_attached:
            return
        paint, page, now = paint_of(app_of(self)), self.journal, self.desk.kernel.clock.now()
        if page is None:
            text = f"run {self.run}: {self.problem}" if self.problem else f"run {self.run}: reading its journal"
            self.fill("run", paint.line(Cell(text, Tone.BAD if self.problem else Tone.BUSY)))
            return
        state = page.state
        self.fill("run", paint.lines(self._head(state, now)))
        self.fill("steps-text", paint.lines(step_lines(paint, state, now=now, cells=self._cells("steps"))))
        self._keep_in_sight(state)
        self._draw_pods()
        waits = wait_lines(paint, page, now=now) or [paint.line(("waits for nothing", "muted"))]
        self.fill("waits-text", Content("\n").join(waits))

    def _cells(self, box: str) -> int:
        return max(20, self.query_one(f"#{box}").size.width - 2)

    def _keep_in_sight(self, state: State) -> None:
        """The first step that is not over scrolls along, unless the person has scrolled away from it."""
        steps = state.plan.steps if state.plan is not None else ()
        active = next((at for at, step in enumerate(steps) if state.steps[step.id].status not in SETTLED), 0)
        box = self.query_one("#steps")
        if active != self._active and 0 <= self._active - box.scroll_y < max(1, box.size.height):
            box.scroll_to(y=max(0, active - 2), animate=False)
        self._active = active

    def _head(self, state: State, now: float) -> list[Content]:
        paint, plan = paint_of(app_of(self)), state.plan
        if plan is None:
            return [paint.line(Cell(f"run {self.run} has no plan in its journal", Tone.BAD))]
        what = f"run {self.run}  {plan.target.run} {', '.join(plan.target.nodes)}"
        took = elapsed((state.ended_at or now) - plan.at)
        done = f"{state.finished} of {len(state.steps)} steps"
        narrow = self.size.width < SIDE
        holder = f"{'' if narrow else f'runner {clean(state.holder)}, '}fencing {state.fencing}"
        if not state.holder:
            nobody = "no runner holds it: t takes it over" if state.fencing else "its runner has not begun yet"
            holder = f"ended: {state.end.value}" if state.end is not None else nobody
        left = "" if not state.holder else f"{estimate(state, now).text}  "
        until = until_words(until_of(plan), now)
        lines = [
            paint.line((what, "title"), f"  {done}  {took}"),
            paint.line((f'"{clean(plan.reason)}"', "plain"), (f"  by {clean(plan.author)}", "muted")),
            paint.line(
                (left, "plain"),
                (f"out {until}  " if until else "", "plain"),
                (holder, "muted" if state.holder or state.end is not None else "warn"),
            ),
        ]
        if self.problem:
            stale = f"as of {age(self._since, now)} ago: {self.problem}"
            lines.append(paint.line(Cell(stale, Tone.WARN)))
        return lines

    def commands(self) -> Sequence[Command]:
        return self.saying.commands()
