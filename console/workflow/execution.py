"""A run at work in one process: the machine's commands become calls, and what they say goes back to the machine.

Owns leases and journal of the run while it works, and the rule that an act is sent only under both: its intent is
written under our fencing number, and its deadline is shorter than what is left of the lease. Refuses to decide anything
that console.workflow.machine decides, and to know any system.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, assert_never

from console.errors import ConsoleError, Forbidden, NotFound, Rejected, SourceError
from console.format import duration, timestamp
from console.gate import Gate
from console.offers import JournalStore, LeaseStore
from console.text import clean
from console.workflow.calls import Calls
from console.workflow.events import (
    Act,
    Begun,
    Command,
    End,
    Event,
    Fact,
    Finish,
    Finished,
    Guard,
    Record,
    Released,
    Remember,
    Undo,
    Until,
    Waiting,
)
from console.workflow.journal import Fenced, Journal
from console.workflow.lease import DURATION, LONGEST_ACT, LeaseLost, Leases, Slots
from console.workflow.machine import decide
from console.workflow.mirror import Mirror
from console.workflow.plan import Kernel
from console.workflow.remembering import remembered
from console.workflow.retention import KEEP, swept
from console.workflow.state import State

LOOK_EVERY = 2.0
"""Seconds between two looks for answers, pauses and aborts that others wrote."""
_LEASES_PATIENCE = 5.0
_FAREWELL = 10.0
_WORTH_SAYING = 5.0
_SWEEP_AFTER = 1.0
_SENTENCE = 400
T = TypeVar("T")
log = logging.getLogger("pilothouse.runner")


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a run works with. `holder` is unique to this process; `most_out`: how many nodes may be out.

    `lease`: seconds that a lease lasts; `longest_act`: what a take-over waits beyond it.
    """

    kernel: Kernel
    journals: JournalStore
    leases: LeaseStore
    gate: Gate
    holder: str
    most_out: int = 1
    mirrors: Path | None = None
    keep_days: float = KEEP
    lease: float = DURATION
    longest_act: float = LONGEST_ACT


@dataclass(frozen=True, slots=True)
class Broken:
    """A background task ended by an error: the run cannot go on here."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody asked this process to go; the run stays as it is and can be resumed."""

    why: str


@dataclass(slots=True)
class _Tasks:
    background: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    steps: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    acting: set[str] = field(default_factory=set[str])
    """Steps whose request is on its way."""


class Execution:
    """One run in this process: `await Execution(run, equipment).work()`."""

    def __init__(self, run: str, equipment: Equipment) -> None:
        self.run = run
        self.state = State()
        self._use = equipment
        self._clock = equipment.kernel.clock
        self._inbox: asyncio.Queue[Event | Broken | Leave] = asyncio.Queue()
        self._outbox: deque[Fact] = deque()
        self._written = asyncio.Event()
        self._tasks = _Tasks()
        self._mirror = Mirror(equipment.mirrors, run) if equipment.mirrors else None
        self._journal = Journal(equipment.journals, run, self._heard, clock=self._clock, mirror=self._mirror)
        times = {"duration": equipment.lease, "longest_act": equipment.longest_act}
        self._leases = Leases(equipment.leases, self._clock, equipment.holder, **times)
        self._slots = Slots(equipment.leases, equipment.most_out)
        self._calls: Calls | None = None
        self._leaving = asyncio.Event()

    # -- life

    async def work(self) -> End | None:
        """Work until the run ends (how), or until `leave` (None).

        Raises Fenced or LeaseLost when another runner has taken over, NotFound when there is no such run, Refused for a
        journal that this version must not touch.
        """
        try:
            if not await self._unless_leaving(self._ready()):
                if self._leaving.is_set() and self._journal.fencing:
                    await self._let_go("asked to go")
                return self.state.end
            return await self._go()
        finally:
            await self._close()

    def leave(self, why: str) -> None:
        """Ask to stop working: requests that are on their way come back first, then everything is released."""
        self._leaving.set()
        self._inbox.put_nowait(Leave(why))

    async def _ready(self) -> bool:
        """The journal, the rows, the leases. False: there is nothing to work on, or not any more."""
        self.state = await self._patiently(self._journal.open)
        if self.state.end is not None or self.state.plan is None:
            return False
        calls = self._calls = Calls(self.run, self._use.kernel, self._use.gate, self._leases)
        opening = asyncio.create_task(calls.open(self.state.plan))  # rows come in while leases are taken
        try:
            if not await self._claim():
                return False
            await opening
            if (target := self.state.plan.target).run == "rejoin":
                calls.earlier = await self._patiently(lambda: remembered(self._use.journals, target))
            for work in (self._leases.keep, self._write, self._look, calls.follow, self._sweep):
                self._background(work)
            self._inbox.put_nowait(Begun(self._clock.now(), calls.undoable(self.state.plan)))
            return True
        finally:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)

    async def _unless_leaving(self, getting_ready: Coroutine[Any, Any, bool]) -> bool:
        """Nothing acts yet: whatever is waited for is given up when this process is to go."""
        ready, leaving = asyncio.create_task(getting_ready), asyncio.create_task(self._leaving.wait())
        try:
            await asyncio.wait([ready, leaving], return_when=asyncio.FIRST_COMPLETED)
            return ready.done() and ready.result()
        finally:
            ready.cancel()
            leaving.cancel()
            await asyncio.gather(ready, leaving, return_exceptions=True)

    async def _claim(self) -> bool:
        """Take the run, then its nodes and a slot; each wait is said. False: it ended while we waited for it."""
        plan = self.state.plan
        assert plan is not None  # noqa: S101 - work has looked
        until = plan.target.options.get("until")
        announced = f" until {timestamp(until)}" if isinstance(until, int | float) and until else ""
        note = f"run {self.run} by {plan.author or 'unknown'}{announced}"
        name, newer = f"run-{self.run}", self.state.fencing + 1
        nodes = [f"node-{node}" for node in plan.target.nodes]
        fencing = await self._patiently(
            lambda: self._leases.acquire(
                name, note=note, at_least=newer, beside=nodes, waits=lambda why: log.info("waits: %s", why)
            )
        )
        found = await self._patiently(lambda: self._journal.claim(fencing, self._use.holder))
        if found.end is not None:
            self.state = found
            return False
        keeping = asyncio.create_task(self._leases.keep())
        try:
            for node in plan.target.nodes:
                while await self._patiently(lambda lease=f"node-{node}": self._leases.take(lease, note=note)):
                    await self._say(f"node {node} is held by {self._leases.holder_of(f'node-{node}')}")
            while plan.target.run == "drain" and (why := await self._patiently(lambda: self._take_slots(note))):
                await self._say(why)
            await self._say("")
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        return True

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until the platform answers; what waiting does not heal is raised."""
        while True:
            try:
                return await ask()
            except (NotFound, Forbidden, Rejected):
                raise
            except SourceError as error:
                log.warning("waits for the platform: %s", error)
                await self._clock.sleep(2.0)

    async def _take_slots(self, note: str) -> str:
        assert self.state.plan is not None  # noqa: S101 - work has looked
        for node in self.state.plan.target.nodes:
            why = await self._slots.take(node, note=note, now=self._clock.now())
            if why:
                return why
        return ""

    async def _say(self, why: str) -> None:
        """A wait of the run itself, before any step can go."""
        if why != self.state.waiting:
            await self._journal.write([Waiting(self._clock.now(), "", why)])
            self.state, _ = decide(self.state, Waiting(self._clock.now(), "", why))
        if why:
            await self._clock.sleep(_LEASES_PATIENCE)

    async def _go(self) -> End | None:
        while True:
            event = await self._inbox.get()
            if isinstance(event, Broken):
                raise event.error
            if isinstance(event, Leave):
                await self._let_go(event.why)
                return None
            self.state, commands = decide(self.state, event)
            for command in commands:
                self._start(command)
            if isinstance(event, Finished):
                return event.end

    async def _close(self) -> None:
        tasks = [*self._tasks.background, *self._tasks.steps.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._calls is not None:
            self._calls.close()
        await self._leases.release(f"run-{self.run}", delete=self.state.end is not None)
        await self._leases.release_all()
        if self._mirror is not None:
            await self._mirror.aclose()

    async def _let_go(self, why: str) -> None:
        """Wait for what is on its way, write it down with a farewell."""
        acting = [task for step, task in self._tasks.steps.items() if step in self._tasks.acting]
        if acting:
            await asyncio.wait(acting)
        while not self._inbox.empty():
            event = self._inbox.get_nowait()
            if not isinstance(event, Broken | Leave):
                self.state, commands = decide(self.state, event)
                self._outbox.extend(command.fact for command in commands if isinstance(command, Record))
        self._outbox.append(Released(self._clock.now(), why))
        with contextlib.suppress(TimeoutError):  # the platform is away: the lease expires by itself
            async with asyncio.timeout(_FAREWELL):
                await self._flush()

    # -- commands

    def _start(self, command: Command) -> None:
        calls = self._calls
        assert calls is not None  # noqa: S101 - work has made it
        match command:
            case Record(fact=fact):
                self._outbox.append(fact)
                self._written.set()
            case Finish(end=end):
                self._background(partial(self._finish, end))
            case Guard() | Until():
                self._step(command.step, partial(calls.look, self.state, command))
            case Remember(step=step):
                self._step(step, partial(calls.remember, self.state, step))
            case Act(step=step):
                self._acting(step, partial(calls.act, self.state, step))
            case Undo(step=step, after=after):
                self._acting(step, partial(calls.undo, self.state, step, after=after))
            case _:
                assert_never(command)

    def _step(self, step: str, call: Callable[[], Coroutine[Any, Any, Event]]) -> None:
        """One call of a step at a time: a newer command replaces a look that is still waiting."""
        old = self._tasks.steps.pop(step, None)
        if old is not None:
            old.cancel()
        self._tasks.steps[step] = asyncio.create_task(self._hand_in(call))

    def _acting(self, step: str, call: Callable[[], Coroutine[Any, Any, Event]]) -> None:
        self._tasks.acting.add(step)
        self._step(step, call)
        self._tasks.steps[step].add_done_callback(lambda _task: self._tasks.acting.discard(step))

    async def _hand_in(self, call: Callable[[], Coroutine[Any, Any, Event]]) -> None:
        self._inbox.put_nowait(await call())

    async def _finish(self, end: End) -> None:
        """The proof, the slots, then the last fact."""
        plan, calls = self.state.plan, self._calls
        assert plan is not None  # noqa: S101 - work has looked
        assert calls is not None  # noqa: S101 - work has made it
        proof = calls.proof(plan)
        back = (plan.target.run == "rejoin" and end is End.DONE) or (plan.target.run == "drain" and end is End.ABORTED)
        for node in plan.target.nodes if back else ():
            await self._patiently(lambda node=node: self._slots.give_back(node))
        for node in plan.target.nodes:  # nothing acts any more; after the last fact nobody would give them back
            await self._leases.release(f"node-{node}")
        self._outbox.append(Finished(self._clock.now(), end, proof))
        self._written.set()

    # -- background

    def _background(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = asyncio.create_task(self._watched(work))
        self._tasks.background.add(task)

    async def _watched(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except (Fenced, LeaseLost) as error:
            for task in self._tasks.steps.values():
                task.cancel()  # acts stop at once, before anybody reads the inbox
            self._inbox.put_nowait(Broken(error))
        except Exception as error:  # noqa: BLE001 - a task that dies in silence would leave a run that hangs
            self._inbox.put_nowait(Broken(error))

    async def _write(self) -> None:
        """Everything that waits goes in one write: thirty intents cost what one costs."""
        while True:
            await self._written.wait()
            await asyncio.sleep(0)  # let the others that were permitted at the same moment come along
            await self._flush()

    async def _flush(self) -> None:
        self._written.clear()
        facts = list(self._outbox)
        self._outbox.clear()
        if facts:
            await self._journal.write(facts)

    async def _look(self) -> None:
        """Hear what others wrote. Without an answer the wait is in the mirror at once, in the journal later."""
        since = 0.0
        while True:
            await self._clock.sleep(LOOK_EVERY)
            now = self._clock.now()
            try:
                await self._journal.look()
            except SourceError as error:
                since = since or now
                self._journal.note(Waiting(since, "", clean(f"the platform does not answer: {error}", _SENTENCE)))
                log.warning("the journal could not be read: %s", error)
                continue
            if since and now - since > _WORTH_SAYING:
                self._outbox.append(Waiting(since, "", f"the platform did not answer for {duration(now - since)}"))
                self._outbox.append(Waiting(now, "", ""))
                self._written.set()
            since = 0.0

    async def _sweep(self) -> None:
        """Remove what is old, once: it reads all journals, so not while people wait for the first steps."""
        await self._clock.sleep(_SWEEP_AFTER)
        told = await swept(
            self._use.journals, now=self._clock.now(), days=self._use.keep_days, mirrors=self._use.mirrors
        )
        if told:
            log.info("%s", told)

    def _heard(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._inbox.put_nowait(fact)


async def carry_out(run: str, equipment: Equipment) -> End | None:
    """Work on a run until it ends; a run that another process took over is not an error of this one: None."""
    try:
        return await Execution(run, equipment).work()
    except (Fenced, LeaseLost) as error:
        log.warning("this process stops: %s", error)
        return None
    except ConsoleError as error:
        log.error("run %s: %s", run, error)  # noqa: TRY400 - an error for operators, told as text
        raise
