"""What a person may say to a run from its board: pause, answers, abort, take-over; and what to read of it.

Owns the commands with their keys and questions. Everything said is appended to the shared journal; the run's semantics
are console.workflow's. Read-only consoles say nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console import runs, telling
from console.errors import Refused
from console.gate import LOOKING
from console.instructing import instructions
from console.plugin import Ask, Effect
from console.workflow.events import Choice
from console.workflow.progress import Standing, standing
from console.workflow.state import State
from screens.commands import Command
from screens.dialogs import Choice as Choose
from screens.dialogs import Confirm, Line, Touch
from screens.paint import app_of
from screens.trail import Place

if TYPE_CHECKING:
    from console.workflow.journal import Page as JournalPage
    from screens.desk import Desk

MEANS = {
    Choice.RETRY: "look and try it again",
    Choice.SKIP: "leave it out; a reason is wanted",
    Choice.UNDO: "abort: put back what was changed",
    Choice.STOP: "end the run; nothing is put back",
}
_KEYS = {Choice.RETRY: "y", Choice.UNDO: "u", Choice.STOP: "x"}


@dataclass(frozen=True, slots=True)
class Saying:
    """One run and the desk where questions are asked; `page` gives the newest journal, `read` looks at it again."""

    desk: Desk
    run: str
    page: Callable[[], JournalPage | None]
    read: Callable[[], Awaitable[None]]

    @property
    def state(self) -> State | None:
        page = self.page()
        return page.state if page is not None else None

    @property
    def asking(self) -> Standing | None:
        """The question that is answered next."""
        page = self.page()
        found = standing(page.state, page.entries) if page is not None else ()
        return next((each for each in found if each.asks), None)

    @property
    def skippable(self) -> tuple[Standing, ...]:
        """The steps that hold the run up and may be left as they are."""
        page = self.page()
        if page is None:
            return ()
        return tuple(each for each in standing(page.state, page.entries) if page.state.may_skip(each.step))

    # -- commands

    def commands(self) -> Sequence[Command]:
        """All of them; a question brings the answers to the front."""
        state = self.state
        paused = state is not None and bool(state.paused)
        ended = state is not None and state.end is not None
        asked = self.asking is not None

        def say(name: str, title: str, run: Callable[[], object], key: str, about: str) -> Command:
            return Command(
                name, title, run, key=key, help=about, group="run", effect=Effect.CHANGE, hint=not ended, why=self._over
            )

        def read(name: str, title: str, run: Callable[[], object], key: str, about: str) -> Command:
            return Command(name, title, run, key=key, help=about, group="run", hint=not asked)

        pause = "continue" if paused else "pause"
        return (
            *(self._answer(choice, hint=asked) for choice in Choice if choice is not Choice.SKIP),
            Command("run-skip", "skip", self.skip, key="k", group="run", effect=Effect.CHANGE,
                    hint=bool(self.skippable), why=self._can_skip,
                    help="leave a step that waits or asks as it is; a reason is wanted"),
            Command("run-answer", "answer", self.ask, key="enter", help="answer what the run asks", group="run",
                    effect=Effect.CHANGE, why=self._asks),
            say("run-pause", pause, self.pause, "p", "nothing new is begun until continued"),
            Command("run-abort", "abort", self.abort, key="a", help="put back what was changed, after a look at it",
                    group="run", effect=Effect.CHANGE, hint=not ended, why=self._can_abort),
            Command("run-take", "take over", self.take_over, key="t", group="run", effect=Effect.CHANGE, why=self._over,
                    hint=state is not None and not state.holder and not ended,
                    help="a runner on this machine, once nobody holds the run"),
            read("run-note", "note", self.note, "n", "hand-over note for the next shift: shown and copied"),
            Command("run-commands", "commands", self.commands_there, key="c", group="run",
                    hint=not asked and self._joins, help="what must be typed on a node now: shown and copied"),
            read("run-report", "report", self.report, "o", "who, what, when, evidence, before and after"),
            read("run-logs", "logs", self.logs, "l", "what the runner on this machine wrote"),
            read("run-journal", "journal", self.journal, "J", "every fact, in order"),
            Command("run-leave", "leave" if ended else "leave (the run goes on)", lambda: self.desk.ways.step(-1),
                    key="q", hint=True, group="run"),
        )  # fmt: skip

    def _answer(self, choice: Choice, *, hint: bool) -> Command:
        return Command(
            f"run-{choice.value}", choice.value, lambda: self.answer(choice), key=_KEYS[choice],
            help=f"answer: {MEANS[choice]}", group="run", effect=Effect.CHANGE, hint=hint, why=self._asks,
        )  # fmt: skip

    @property
    def _joins(self) -> bool:
        """Whether the run brings a node back in a way that needs hands on the machine."""
        state = self.state
        return state is not None and state.plan is not None and bool(state.plan.target.options.get("way"))

    def _over(self) -> str | None:
        state = self.state
        if state is None:
            return "the journal was not read yet"
        return f"the run has ended ({state.end.value})" if state.end is not None else None

    def _asks(self) -> str | None:
        return self._over() or (None if self.asking is not None else "the run asks nothing")

    def _can_skip(self) -> str | None:
        return self._over() or (None if self.skippable else "no step waits or asks")

    def _can_abort(self) -> str | None:
        state = self.state
        aborted = state.aborted if state is not None else ""
        return self._over() or (f"it was aborted by {aborted}" if aborted else None)

    # -- what is said

    async def _tell(self, said: Callable[[], Awaitable[object]]) -> None:
        gate = await self.desk.kernel.gate()
        if gate.rules.read_only:
            raise Refused(LOOKING)
        await said()
        await self.read()

    async def pause(self) -> None:
        """Pause the run, or let it go on."""
        paused = self.state is not None and bool(self.state.paused)
        await self._tell(lambda: (runs.proceed if paused else runs.pause)(self.desk.kernel, self.run))

    async def abort(self) -> None:
        """Ask, showing what would be put back and what stays, then abort."""
        if await self._agrees(f"abort run {self.run}"):
            await self._tell(lambda: runs.abort(self.desk.kernel, self.run))

    async def _agrees(self, title: str) -> bool:
        state = self.state
        if state is None:
            return False
        lines = runs.undoing(self.desk.kernel, state)
        touch = Touch(title, "what is put back, in this order, and what stays", tuple(lines))
        return await self.desk.ask(Confirm(touch)) is not None

    async def ask(self) -> None:
        """Answer the question with one of the choices."""
        asking = self.asking
        if asking is None:
            return
        words = {f"{choice.value}: {MEANS[choice]}": choice for choice in Choice}
        chosen = await self.desk.ask(Choose(f"{asking.title} asks", list(words), help=asking.text[:300]))
        if chosen is not None:
            await self.answer(words[chosen])

    async def skip(self) -> None:
        """Leave a step as it is, with a typed reason; which one is asked where several wait."""
        found = {f"{each.title}: {each.text}"[:200]: each for each in self.skippable}
        chosen = next(iter(found), None)
        if len(found) > 1:
            chosen = await self.desk.ask(Choose("skip", list(found), help="the run goes on with what comes after it"))
        if chosen is None:
            return
        step, title = found[chosen].step, found[chosen].title
        why = Ask("reason", f"why may `{title}` be skipped?", help="it stands in the journal")
        reason = await self.desk.ask(Line(why)) or ""
        if not reason.strip():
            self.desk.say("nothing was skipped: a reason is wanted", "warning")
            return
        await self._tell(lambda: runs.skip(self.desk.kernel, self.run, step, reason=reason))

    async def answer(self, choice: Choice) -> None:
        """Answer the question that stands first; undo and stop are asked about."""
        asking = self.asking
        if asking is None:
            return
        if choice is Choice.SKIP:
            await self.skip()
            return
        if choice is Choice.UNDO and not await self._agrees(f"abort run {self.run}"):
            return
        if choice is Choice.STOP:
            touch = Touch(f"stop run {self.run}", "the run ends here; nothing is put back")
            if await self.desk.ask(Confirm(touch)) is None:
                return
        kernel, step = self.desk.kernel, asking.step
        await self._tell(lambda: runs.answer(kernel, self.run, step, choice=choice))

    async def take_over(self) -> None:
        """Start a runner here; it waits until no other one holds the run."""
        gate = await self.desk.kernel.gate()
        if gate.rules.read_only:
            raise Refused(LOOKING)
        self.desk.say(f"runner {runs.resume(self.desk.kernel, self.run)} takes the run as soon as nobody holds it")

    # -- what can be read

    async def note(self) -> None:
        """The hand-over note: copied by OSC 52, and shown."""
        text = await telling.note(self.desk.kernel, self.run)
        app_of(self.desk).copy_to_clipboard(text)
        self.desk.say("the note is copied")
        self.desk.go(Place("text", "note", subject=self.run))

    async def commands_there(self) -> None:
        """What a person must type elsewhere now, a join line for one: copied by OSC 52, and shown."""
        page = self.page()
        found = await instructions(self.desk.kernel, page) if page is not None else {}
        if not found:
            self.desk.say("nothing has to be typed elsewhere now", "warning")
            return
        app_of(self.desk).copy_to_clipboard("\n".join(found.values()) + "\n")
        self.desk.say("the commands are copied")
        self.desk.go(Place("text", "commands", subject=self.run))

    def report(self) -> None:
        """The report, as Markdown."""
        self.desk.go(Place("text", "report", subject=self.run))

    def logs(self) -> None:
        """What the runner on this machine wrote."""
        self.desk.go(Place("text", "runner-log", subject=self.run))

    def journal(self) -> None:
        """Every fact of the run."""
        self.desk.go(Place("text", "journal", subject=self.run))
