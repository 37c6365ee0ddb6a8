"""Calls into the code of steps: fresh facts, a fence against whatever it raises, deadlines, the gate.

Owns how an error becomes "try again" or "ask a person", and that nothing is judged by rows that are old. Every call
returns an event for the machine; none raises.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from console.errors import (
    BadAnswer,
    Conflict,
    ConsoleError,
    NotFound,
    ServerFault,
    SourceError,
    Temporary,
    Throttled,
    Unauthorized,
    Unreachable,
)
from console.format import duration
from console.gate import PLANNED, Deed, Gate
from console.model import InstanceId, Ref, SourceState
from console.plugin import Hooks
from console.text import clean
from console.workflow.events import (
    ActSaid,
    Event,
    Guard,
    GuardSaid,
    MemoryRead,
    Planned,
    Stumbled,
    Until,
    UntilSaid,
)
from console.workflow.lease import LONGEST_ACT, Leases
from console.workflow.plan import Kernel, Wanted
from console.workflow.remembering import Memory
from console.workflow.state import State
from console.workflow.steps import Ctx, Outcome, Step, StepKind, Wait

MARGIN = 3.0
"""Seconds of the lease that no act may use: what another host's view of the same seconds may differ by."""
SHORTEST_ACT = 2.0
LONGEST_LOOK = 60.0
SIDE_BY_SIDE = 20
"""Requests of steps that are on their way at once: what is slow to end holds nobody up, only what is slow to answer."""
_READY = 20.0
log = logging.getLogger("pilothouse.runner")


class Calls:
    """The hooks of the plan's systems, kept supplied with rows, and called."""

    def __init__(self, run: str, kernel: Kernel, gate: Gate, leases: Leases) -> None:
        self._run = run
        self._kernel = kernel
        self._gate = gate
        self._leases = leases
        self._hooks: dict[InstanceId, Hooks] = {}
        self._wants: list[Wanted] = []
        self._generation = 0
        self.earlier: Memory = {}
        """What the drain before this rejoin remembered."""
        self._looked: dict[str, int] = {}
        """The publication at which a step was last looked at: a later one wakes it, also one that came meanwhile."""
        self._changed = asyncio.Event()
        self._notes: dict[str, dict[str, Any]] = {}
        self._room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def open(self, plan: Planned) -> None:
        """Load the hooks and ask for their rows; what does not come is waited for by each guard, which says so."""
        present = {instance.id for instance in self._kernel.instances}
        for instance in dict.fromkeys(InstanceId(step.system, step.instance) for step in plan.steps):
            deferred = self._kernel.plugin(instance).hooks if instance in present else None
            if deferred is None:
                continue
            hooks = self._hooks[instance] = deferred.load()
            self._wants += [self._kernel.want(instance, table) for table in hooks.reads]
            for problem in await self._kernel.ready(instance, hooks.reads, _READY):
                log.warning("%s: %s", instance, problem)

    def close(self) -> None:
        for want in self._wants:
            want.close()

    def undoable(self, plan: Planned) -> frozenset[str]:
        """The steps whose kind can put them back."""
        kinds = ((step, self._kind(step)) for step in plan.steps)
        return frozenset(step.id for step, kind in kinds if kind is not None and kind.undo is not None)

    def proof(self, plan: Planned) -> dict[str, str]:
        """What is to be compared with the plan's proof; a system that cannot say, or is old, is left out and logged."""
        found: dict[str, str] = {}
        for instance, hooks in self._hooks.items():
            if (old := self._unread(instance)) is not None:
                log.warning("no proof of %s: %s", instance, old)
                continue
            try:
                told = hooks.proof(self._kernel.facts(instance), plan.target)
                found |= {f"{instance}: {key}": value for key, value in told.items()}
            except Exception:
                log.exception("the proof of %s failed", instance)
        return found

    async def follow(self) -> None:
        """Count publications for ever, so that a look that is waiting is woken by the next change."""
        while True:
            await self._kernel.changed()
            self._generation += 1
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    # -- calls

    async def look(self, state: State, command: Guard | Until) -> Event:
        """Ask `guard` or `until`, after the pause that the command wants."""
        step = state.step(command.step)
        await self._pause(step, command.after, wake=command.wake)

        async def ask(kind: StepKind, ctx: Ctx) -> Event:
            self._looked[step.id] = self._generation
            stale = self._stale(step)
            said = GuardSaid if isinstance(command, Guard) else UntilSaid
            if stale is not None:
                return said(self._now, step.id, stale)
            call = kind.guard if isinstance(command, Guard) else kind.until
            async with asyncio.timeout(LONGEST_LOOK):
                outcome: Outcome = await call(ctx)
            return said(self._now, step.id, outcome)

        return await self._fenced(state, step, ask)

    async def remember(self, state: State, name: str) -> Event:
        """Read what must be put back."""

        async def ask(kind: StepKind, ctx: Ctx) -> Event:
            async with asyncio.timeout(LONGEST_LOOK):
                return MemoryRead(self._now, name, await kind.remember(ctx))

        return await self._fenced(state, state.step(name), ask)

    async def act(self, state: State, name: str) -> Event:
        """Send the step's request, under the lease and through the gate."""
        step = state.step(name)

        async def send(kind: StepKind, ctx: Ctx) -> Event:
            if kind.act is None:
                return ActSaid(self._now, name, "there is nothing to send")
            return await self._under_lease(step, kind.act, ctx, action=step.kind)

        return await self._fenced(state, step, send)

    async def undo(self, state: State, name: str, *, after: float = 0.0) -> Event:
        """Put the step back, under the same rules."""
        step = state.step(name)
        await self._kernel.clock.sleep(after)

        async def send(kind: StepKind, ctx: Ctx) -> Event:
            if kind.undo is None:
                return ActSaid(self._now, name, "nothing to put back: it heals by itself")
            return await self._under_lease(step, kind.undo, ctx, action=f"undo {step.kind}")

        return await self._fenced(state, step, send)

    async def _under_lease(self, step: Step, act: Callable[[Ctx], Awaitable[str]], ctx: Ctx, *, action: str) -> Event:
        async with self._room:
            return await self._in_time(step, act, ctx, action=action)

    async def _in_time(self, step: Step, act: Callable[[Ctx], Awaitable[str]], ctx: Ctx, *, action: str) -> Event:
        deadline = min(LONGEST_ACT, self._leases.left - MARGIN)
        if deadline < SHORTEST_ACT:
            why = "the lease is not renewed: the platform does not answer, so nothing is sent"
            return Stumbled(self._now, step.id, why, 2.0)
        deed = Deed(action, _subject(step), step.effect, step.rights, ctx.reason, self._run)
        try:
            async with asyncio.timeout(deadline):
                evidence = await self._gate.perform(deed, lambda: act(ctx), given=PLANNED)
        except TimeoutError:
            why = f"no answer in {deadline:.0f} s: it may have been done, so it is looked at again"
            return Stumbled(self._now, step.id, why, 1.0)
        return ActSaid(self._now, step.id, clean(evidence, 400))

    # -- the fence

    async def _fenced(self, state: State, step: Step, call: Callable[[StepKind, Ctx], Awaitable[Event]]) -> Event:
        """Call a step's code; whatever it raises becomes a Stumbled event."""
        instance = InstanceId(step.system, step.instance)
        kind = self._kind(step)
        if kind is None:
            why = f"this console knows no step `{step.kind}` of {instance}"
            return Stumbled(self._now, step.id, why)
        try:
            return await call(kind, await self._ctx(state, step, instance))
        except Exception as error:
            text, delay = judge(error)
            if delay is None:
                log.warning("step %s", step.id, exc_info=error)
            return Stumbled(self._now, step.id, text, delay, isinstance(error, Temporary) and error.watched)

    async def _ctx(self, state: State, step: Step, instance: InstanceId) -> Ctx:
        plan, its = state.plan, state.steps[step.id]
        assert plan is not None  # noqa: S101 - there is a step of it
        memory = {name: each.memory for name, each in state.steps.items() if each.memory}
        return Ctx(
            step=step,
            run=self._run,
            target=plan.target,
            client=await self._kernel.client(instance),
            facts=self._kernel.facts(instance),
            now=self._now,
            author=plan.author,
            reason=plan.reason,
            memory={**memory, "": its.memory or {}},
            earlier=self.earlier,
            started=its.sent_at,
            notes=self._notes.setdefault(step.id, {}),
        )

    def _kind(self, step: Step) -> StepKind | None:
        hooks = self._hooks.get(InstanceId(step.system, step.instance))
        return hooks.kinds.get(step.kind) if hooks else None

    def _stale(self, step: Step) -> Wait | None:
        """A wait, where a table that the step is judged by is old or was never read."""
        why = self._unread(InstanceId(step.system, step.instance))
        return Wait(why, 2.0) if why is not None else None

    def _unread(self, instance: InstanceId) -> str | None:
        """Which table of an instance is old or was never read, since when and why."""
        facts = self._kernel.facts(instance)
        for table in self._hooks[instance].reads:
            snapshot = facts.snapshot(table)
            if snapshot.complete and snapshot.state is SourceState.LIVE:
                continue
            age = f" for {duration(self._now - snapshot.since)}" if snapshot.since else ""
            why = snapshot.error or "no answer yet"
            return clean(f"{table.name} of {instance} are not known{age}: {why}", 400)
        return None

    async def _pause(self, step: Step, after: float, *, wake: bool) -> None:
        """Sleep, but for a change of facts no longer than the step's own pace."""
        if after <= 0:
            return
        pace = min(after, step.every) if wake else after
        await self._kernel.clock.sleep(pace)
        rest = after - pace
        if rest <= 0 or self._generation != self._looked.get(step.id, self._generation):
            return
        changed = asyncio.create_task(self._changed.wait())
        asleep = asyncio.create_task(self._kernel.clock.sleep(rest))
        try:
            await asyncio.wait([changed, asleep], return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            asleep.cancel()

    @property
    def _now(self) -> float:
        return self._kernel.clock.now()


def judge(error: Exception) -> tuple[str, float | None]:
    """An error in words, and after how many seconds to try again (None: a person is asked)."""
    match error:
        case Temporary():
            return str(error), error.delay
        case Throttled():
            return f"the server asks us to come later: {error.what}", max(error.retry_after, 1.0)
        case Unreachable() | ServerFault() | BadAnswer():
            return str(error), 3.0
        case Unauthorized():
            return f"{error}; the run waits until it can log in again", 10.0
        case Conflict() | NotFound():
            return f"it changed meanwhile: {error}", 1.0
        case SourceError() | ConsoleError():
            return str(error), None
        case TimeoutError():
            return "no answer in time", 3.0
        case _:
            return clean(f"{type(error).__name__}: {error}", 400), None


def _subject(step: Step) -> Ref:
    """What a step changes, for the audit record: plugins name it in `params`."""
    params: dict[str, Any] = dict(step.params)
    for kind in ("pod", "node"):
        if params.get(kind):
            return Ref(kind, str(params[kind]), str(params.get("namespace", "")), str(params.get("uid", "")))
    return Ref(step.system, step.title)
