"""The first screen of a drain or rejoin: the verdict, what would happen, what must be decided, and the start.

Looking changes nothing. `s` freezes the plan as a run, starts its runner and opens the board.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console import runs
from console.errors import ConsoleError
from console.format import age, until_words
from console.gate import YES, Consent, Deed
from console.model import Answer, Ref, Tone
from console.moments import moment
from console.plugin import Ask, Cell, Effect, Json
from console.ways import REPLACED, WAYS, wrong_name
from console.workflow import planview
from console.workflow.plan import Plan
from screens.acting import agreed
from screens.commands import Command
from screens.dialogs import Choice, Line
from screens.page import Page
from screens.paint import app_of, paint_of
from screens.trail import Place
from screens.widgets.verdict import order_lines, reason_lines, verdict_cell

if TYPE_CHECKING:
    from screens.desk import Desk

SIDE = 100


class PlanPage(Page):
    """`place.name` is `drain` or `rejoin`, `place.subject` the nodes, with commas between."""

    DEFAULT_CSS = """
    PlanPage #verdict { height: auto; padding: 0 1; }
    PlanPage #plan { height: 1fr; }
    PlanPage #happens { width: 2fr; padding: 0 1; }
    PlanPage #reasons { width: 3fr; padding: 0 1; border-left: solid $panel-lighten-2; }
    PlanPage.narrow #plan { layout: vertical; }
    PlanPage.narrow #reasons { width: 1fr; height: 1fr; border-left: none; }
    PlanPage.narrow #happens { width: 100%; height: 40%; dock: bottom; border-top: solid $panel-lighten-2; }
    """

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        self.nodes = tuple(node for node in place.subject.split(",") if node)
        self.made: Plan | None = None
        self.problem = ""
        self.missing = ""
        self.begun = False
        self.until = 0.0
        self.way = next(iter(WAYS))
        self.new_name = ""
        """The name of the machine that comes in the node's place; empty: it keeps the node's."""

    def compose(self) -> ComposeResult:
        yield Static(id="verdict")
        with Horizontal(id="plan"):
            with VerticalScroll(id="happens"):
                yield Static(id="happens-text")
            with VerticalScroll(id="reasons"):
                yield Static(id="reasons-text")

    def on_mount(self) -> None:
        self.draw()
        self.desk.start(self.check())

    def on_resize(self) -> None:
        self.set_class(self.size.width < SIDE, "narrow")

    def take_focus(self) -> None:
        self.screen.set_focus(self.query_one("#reasons"))

    async def check(self) -> None:
        """Ask every system again; the decisions that were taken stay."""
        taken = tuple(self.made.target.decisions) if self.made is not None else ()
        try:
            asked = runs.target(self.place.name, self.nodes, decisions=taken, options=self._options())
            self.made = runs.announced(await runs.plan(self.desk.kernel, asked), self.until)
        except ConsoleError as error:
            self.problem = str(error)
        else:
            self.problem = ""
        self.draw()
        self.post_message(self.Changed())
        await self._ask_rights()

    def _options(self) -> dict[str, Json]:
        if self.place.name != "rejoin" or self.way == next(iter(WAYS)):
            return {}
        return {"way": self.way, **({"new-name": self.new_name} if self.new_name else {})}

    async def _ask_rights(self) -> None:
        """Which rights the run would miss: said before anybody gives a reason."""
        made = self.made
        if made is None:
            return
        try:
            missing = await runs.lacking(self.desk.kernel, made)
        except ConsoleError as error:
            missing = f"rights could not be asked: {error}"
        if missing != self.missing:
            self.missing = missing
            self.draw()
            self.post_message(self.Changed())

    # -- drawing

    def draw(self) -> None:
        """All three parts as they are now."""
        if not self.is_attached:
            return
        paint, made = paint_of(app_of(self)), self.made
        as_ = f" as {self.new_name}" if self.new_name else ""
        title = (f"plan: {self.place.name} {', '.join(self.nodes)}{as_}  ", "title")
        if made is None:
            asking = Cell(self.problem, Tone.BAD) if self.problem else Cell("asking every system", Tone.BUSY)
            self.fill("verdict", paint.line(title, asking))
            return
        undecided = len(made.undecided)
        open_ = f"  {undecided} decision{'s' if undecided != 1 else ''} to take" if undecided else ""
        until = f"  out {until_words(self.until, self.desk.kernel.clock.now())}" if self.until else ""
        checked = f"  checked in {made.took:.1f} s, {age(made.at, self.desk.kernel.clock.now())} ago"
        head = [paint.line(title, verdict_cell(made.verdict.answer), (open_, "warn"), until, (checked, "muted"))]
        head += [paint.line(Cell(said, Tone.BAD)) for said in (self.problem, self.missing.partition("\n")[0]) if said]
        self.fill("verdict", paint.lines(head))
        self.fill("happens-text", paint.lines(order_lines(paint, made)))
        role = self.missing.partition("\n")[2]
        told = [Content(""), Content(role)] if role else []
        self.fill("reasons-text", Content("\n").join([*reason_lines(paint, made), *told]))

    # -- commands

    def commands(self) -> Sequence[Command]:
        made = self.made

        def not_yet() -> str | None:
            return None if made is not None else "the plan is not made yet"

        def decisions() -> str | None:
            return not_yet() or (None if made is not None and made.verdict.decisions else "nothing has to be decided")

        return (
            Command("plan-decide", "decide", self.decide, key="enter", hint=decisions() is None, group="plan",
                    why=decisions, help="consent to a named loss or outage, or take it back"),
            *self._ways(),
            Command("plan-start", "start", self.begin, key="s", hint=True, group="plan", effect=Effect.CHANGE,
                    help="begin the run; it goes on by itself", why=lambda: not_yet() or self._blocked()),
            *self._announcing(),
            Command("plan-export", "export", self.export, key="e", hint=True, group="plan",
                    help="as JSON", why=not_yet),
            Command("reload", "check again", self.check, hint=True, group="plan"),
            Command("back", "leave (nothing was changed)", lambda: self.desk.ways.step(-1), hint=True, group="plan"),
        )  # fmt: skip

    def _ways(self) -> Sequence[Command]:
        if self.place.name != "rejoin":
            return ()
        return (
            Command("plan-way", f"way: {self.way}", self.choose_way, key="w", hint=True, group="plan",
                    help="whether the node only rebooted, or was reset, re-imaged or replaced and must join anew"),
            Command("plan-name", "new name", self.choose_name, key="m", hint=self._renames() is None, group="plan",
                    why=self._renames, help="the name of the machine that comes in the node's place"),
        )  # fmt: skip

    def _renames(self) -> str | None:
        if self.way != REPLACED:
            return f"only a machine that was {REPLACED} has another name (way: w)"
        return None if len(self.nodes) == 1 else "one machine at a time is given another name"

    def _announcing(self) -> Sequence[Command]:
        if self.place.name != "drain":
            return ()
        return (
            Command("plan-until", "until", self.announce, key="t", hint=True, group="plan",
                    help="announce until when the nodes will be out; colleagues read it"),
        )  # fmt: skip

    async def announce(self) -> None:
        """Ask until when the nodes will be out; an empty answer announces nothing."""
        asked = Ask("until", f"until when is {', '.join(self.nodes)} out?", help="18:00, 2026-11-21T18:00, 90m, 2h, 1d")
        typed = await self.desk.ask(Line(asked))
        if typed is None:
            return
        self.until = moment(typed, self.desk.kernel.clock.now()) if typed.strip() else 0.0
        if self.made is not None:
            self.made = runs.announced(self.made, self.until)
        self.draw()

    async def choose_way(self) -> None:
        """Ask how the node comes back, and plan for that."""
        words = {f"{way}: {text}": way for way, text in WAYS.items()}
        mine = next(text for text, way in words.items() if way == self.way)
        chosen = await self.desk.ask(Choice("how does it come back?", list(words), default=mine))
        if chosen is None or words[chosen] == self.way:
            return
        self.way, self.new_name = words[chosen], ""
        if self._renames() is None:
            await self._ask_name()
        await self._anew()

    async def choose_name(self) -> None:
        """Ask under which name the machine joins, and plan for that."""
        if await self._ask_name():
            await self._anew()

    async def _ask_name(self) -> bool:
        """Ask for the name until it is one; False where nothing was answered."""
        node, default, wrong = self.nodes[0], self.new_name, ""
        while True:
            about = wrong or f"empty: it joins as {node} again"
            typed = await self.desk.ask(Line(Ask("name", "the name of the new machine?", default=default, help=about)))
            if typed is None:
                return False
            default, wrong = typed, wrong_name(typed) if typed else ""
            if not wrong:
                self.new_name = "" if typed == node else typed
                return True

    async def _anew(self) -> None:
        self.made = None
        self.draw()
        await self.check()

    def _blocked(self) -> str | None:
        made = self.made
        if made is None or self.begun:
            return "the run was begun"
        if self.desk.kernel.settings.read_only:
            return "read-only: this console was started to look, not to change"
        answer, leading = made.verdict.answer, made.verdict.leading
        if answer in {Answer.NO, Answer.UNKNOWN} and leading is not None:
            return f"{answer.value}: {leading}"
        if self.missing:
            return self.missing.partition("\n")[0]
        return None if made.steps else "there is nothing to do"

    async def decide(self) -> bool:
        """Take a decision, or take it back; False when none was chosen."""
        made = self.made
        if made is None:
            return False
        words: dict[str, str] = {}
        for decision in dict.fromkeys(reason.decision for reason in made.verdict.decisions):
            texts = [reason.text for reason in made.verdict.decisions if reason.decision == decision]
            more = f"; and {len(texts) - 1} more" if len(texts) > 1 else ""
            words[f"{'[x]' if decision in made.target.decisions else '[ ]'} {decision}: {texts[0]}{more}"] = decision
        open_ = made.undecided[0].decision if made.undecided else ""
        default = next((text for text, decision in words.items() if decision == open_), "")
        about = "each is a loss or outage that you accept"
        chosen = await self.desk.ask(Choice("decide", list(words), default=default, help=about))
        if chosen is None:
            return False
        self.made = runs.decided(made, sorted({*made.target.decisions} ^ {words[chosen]}))
        self.draw()
        self.post_message(self.Changed())
        return True

    async def begin(self) -> None:
        """Ask for each decision that is open, the reason and the consent; then begin the run and open its board."""
        while self.made is not None and self.made.undecided:
            if not await self.decide():
                self.desk.say("nothing was changed: not everything is decided", "warning")
                return
        made = self.made
        if made is None:
            return
        asked = Ask("reason", f"why {self.place.name} {', '.join(self.nodes)}?", help="colleagues will read it")
        reason = await self.desk.ask(Line(asked))
        if reason is None or not reason.strip():
            self.desk.say("nothing was changed: a run needs a reason", "warning")
            return
        worst = Effect.DESTROY if any(step.effect is Effect.DESTROY for step in made.steps) else Effect.CHANGE
        deed = Deed(self.place.name, Ref("node", ",".join(self.nodes)), worst, reason=reason)
        names = tuple(step.title for step in made.steps)
        typed = await agreed(self.desk, deed, f"{self.place.name} {', '.join(self.nodes)}", names, deed.subject.name)
        if typed is None:
            self.desk.say("nothing was changed")
            return
        gate = await self.desk.kernel.gate()
        given = typed if gate.consent(deed) is Consent.NAME else YES
        name = await runs.begin(self.desk.kernel, made, reason=reason, given=given)
        self.begun = True
        half, board = self.desk.ways.half, Place("run", name)
        half.trail.amend(board)  # the way back from the board is to where the plan was asked for
        await self.desk.ways.show(board, half, keep=True)

    def export(self) -> None:
        """Save the plan as JSON."""
        if self.made is not None:
            name = f"plan-{self.place.name}-{'-'.join(self.nodes)}.json"
            text = json.dumps(planview.as_json(self.made), indent=2, ensure_ascii=False)
            self.desk.say(self.desk.save(name, text))

    def here(self) -> Place:
        return replace(self.place)
