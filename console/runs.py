"""Runs as people use them, for the command line and the screens alike: plan, begin, look, follow, answer, resume.

Owns the path from an open runtime to a journal and a runner process. It acts on nothing itself: a runner does.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from console import connection, paths
from console.errors import ConsoleError, NotFound, SourceError
from console.gate import YES, Deed
from console.model import NodeName, Ref
from console.offers import JournalStore, Stored
from console.plugin import Effect, Json, Target
from console.workflow import journal
from console.workflow.events import Aborted, Answered, Choice, Continued, Paused
from console.workflow.journal import Page
from console.workflow.lease import Slots
from console.workflow.plan import Plan, make
from console.workflow.standby import Standby
from console.workflow.starting import spawn_runner, start
from console.workflow.state import State, to_undo
from console.workflow.steps import Step, StepKind

if TYPE_CHECKING:
    from console.runtime import Runtime

LOOK_EVERY = 0.5
STARTED: dict[int, str] = {}
"""Runners that this process started: run by process id. Nobody waits for them but the demo, whose cluster ends with it.
"""


def target(
    kind: str, nodes: Sequence[str], *, decisions: Sequence[str] = (), options: Mapping[str, Json] | None = None
) -> Target:
    """What is asked for: `drain` or `rejoin`, of which nodes, with which decisions taken."""
    names = tuple(dict.fromkeys(NodeName(node) for node in nodes))
    return Target(kind, names, dict(options or {}), frozenset(decisions))


async def plan(runtime: Runtime, asked: Target, *, within: float = 30.0) -> Plan:
    """What a run would meet and do. Changes nothing."""
    leases = await runtime.offer(lambda offers: offers.leases)
    return await make(runtime, asked, leases=leases, most_out=runtime.settings.max_out, within=within)


async def lacking(runtime: Runtime, made: Plan) -> str:
    """Which rights are missing for a run of this plan, its records included, with a ready role; empty where none is."""
    gate = await runtime.gate()
    return await gate.missing((*made.rights, *await gate.standing()))


def decided(made: Plan, decisions: Sequence[str]) -> Plan:
    """The same plan with decisions taken."""
    target = made.target
    return dataclasses.replace(made, target=structs.replace(target, decisions=frozenset(decisions)))


def announced(made: Plan, until: float) -> Plan:
    """The same plan, announced to be over at `until` (epoch s; 0: nobody says)."""
    options = {key: value for key, value in made.target.options.items() if key != "until"}
    target = structs.replace(made.target, options=options | ({"until": until} if until else {}))
    return dataclasses.replace(made, target=target)


async def begin(runtime: Runtime, made: Plan, *, reason: str, given: str = YES, standby: Standby | None = None) -> str:
    """Write the plan as a run and start its runner; the run's name. Raises Refused with the reasons.

    `standby`: a runner that was started ahead and gets the run now.
    """
    name = await start(
        made, await _store(runtime), await runtime.gate(), clock=runtime.clock, reason=reason, given=given
    )
    if standby is None or not standby.give(name, connection_arguments(runtime), log=log(name)):
        resume(runtime, name)
    else:
        STARTED[standby.pid] = name
    return name


def resume(runtime: Runtime, name: str) -> int:
    """Start a runner for a run; it waits until no other one holds it. The process id."""
    pid = spawn_runner(name, connection_arguments(runtime), log=log(name))
    STARTED[pid] = name
    return pid


def log(name: str) -> Path:
    """Where the runners of this host write what they have to say."""
    return paths.state_dir() / "runs" / f"{name}.log"


async def warm(runtime: Runtime) -> None:
    """What beginning a run needs, got while its plan is made: the models of what we write, who we are, our rights.

    What fails is silent here: it is asked again, and said, when it is needed.
    """
    with suppress(ConsoleError):
        gate = await runtime.gate()
        await asyncio.gather(_imported(runtime), gate.identity())
        await gate.missing(await gate.standing())


async def _imported(runtime: Runtime) -> None:
    offers = runtime.plugin(runtime.platform).offers
    if offers is not None and offers.writing is not None:
        prepare = await asyncio.to_thread(offers.writing.load)
        await asyncio.to_thread(prepare)


def connection_arguments(runtime: Runtime) -> list[str]:
    """The arguments that lead another process to the same cluster as the same user."""
    given: dict[str, Any] = dict(runtime.connection)
    if len(runtime.contexts) > 1:
        given["context"] = runtime.platform.name
    return connection.words(given)


async def look(runtime: Runtime, name: str) -> Page:
    """The journal of a run as it is now. Raises NotFound."""
    return journal.page(await (await _store(runtime)).read(name))


def local(name: str) -> Page:
    """The copy of a run's journal on this host, for reading while the cluster cannot be. Raises NotFound."""
    file = paths.state_dir() / "runs" / f"{name}.jsonl"
    try:
        return journal.page(Stored(name, file.read_text(encoding="utf-8"), "", file.stat().st_mtime))
    except OSError as error:
        raise NotFound(f"this host has no copy of run {name}: {error.strerror}", where=str(file)) from error


async def follow(
    runtime: Runtime, name: str, *, hurry: asyncio.Event | None = None
) -> AsyncGenerator[Page | SourceError]:
    """The journal again and again when it changed, until the run ends; an error where it cannot be read just now.

    `hurry`: once it is set, the journal is looked at without the usual pause, and then as usual again.
    """
    seen, silent = "", ""
    while True:
        try:
            now = await look(runtime, name)
        except SourceError as error:
            if str(error) != silent:
                silent = str(error)
                yield error
        else:
            silent = ""
            if now.stored.version != seen:
                seen = now.stored.version
                yield now
            if now.state.end is not None:
                return
        if hurry is None or hurry.is_set():
            await runtime.clock.sleep(LOOK_EVERY)
            continue
        pause = [asyncio.create_task(runtime.clock.sleep(LOOK_EVERY)), asyncio.create_task(hurry.wait())]
        try:
            await asyncio.wait(pause, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in pause:
                each.cancel()


async def pause(runtime: Runtime, name: str, *, reason: str = "") -> Page:
    """Let it finish what it does, then wait."""
    return await journal.append(await _store(runtime), name, Paused(runtime.clock.now(), await _who(runtime), reason))


async def proceed(runtime: Runtime, name: str) -> Page:
    """Go on after a pause."""
    return await journal.append(await _store(runtime), name, Continued(runtime.clock.now(), await _who(runtime)))


async def abort(runtime: Runtime, name: str, *, reason: str = "") -> Page:
    """Stop, and undo what can be undone."""
    return await journal.append(await _store(runtime), name, Aborted(runtime.clock.now(), await _who(runtime), reason))


def undoing(runtime: Runtime, state: State) -> list[str]:
    """What an abort would put back, in its order, and what stays as it is: one line each."""
    back: list[str] = []
    stays: list[str] = []
    for name in to_undo(state):
        kind = kind_of(runtime, state.step(name))
        (stays if kind is None or kind.undo is None else back).append(name)
    lines = [f"is put back: {state.step(name).title} ({state.steps[name].evidence or 'begun'})" for name in back]
    lines += [f"stays as it is: {state.step(name).title} ({state.steps[name].evidence or 'begun'})" for name in stays]
    return lines or ["nothing was changed yet"]


def kind_of(runtime: Runtime, step: Step) -> StepKind | None:
    """The code of a step, where this console has it and its system is open (under whatever name of the instance)."""
    known = next((each.id for each in runtime.instances if each.id.system == step.system), None)
    hooks = runtime.plugin(known).hooks if known is not None else None
    return hooks.load().kinds.get(step.kind) if hooks is not None else None


async def skip(runtime: Runtime, name: str, step: str, *, reason: str) -> Page:
    """Leave a step as it is, whether it asks or waits, and go on with what comes after it."""
    return await answer(runtime, name, step, choice=Choice.SKIP, reason=reason)


async def answer(runtime: Runtime, name: str, step: str, *, choice: Choice, reason: str = "") -> Page:
    """Answer what a step asks."""
    fact = Answered(runtime.clock.now(), step, choice, await _who(runtime), reason)
    return await journal.append(await _store(runtime), name, fact)


async def release(runtime: Runtime, node: str, *, reason: str, given: str = YES) -> str:
    """A node that is out will not come back: its place is free. Raises Refused, or NotFound where it is not out."""
    slots = Slots(await runtime.offer(lambda offers: offers.leases), runtime.settings.max_out)
    if node not in await slots.taken():
        raise NotFound(f"node {node} is not out", next_step="`pilothouse runs list` tells which nodes are")

    async def give_back() -> str:
        await slots.give_back(node)
        return f"{node} no longer counts as out"

    deed = Deed("release", Ref("node", node), Effect.CHANGE, reason=reason)
    return await (await runtime.gate()).perform(deed, give_back, given=given)


async def _store(runtime: Runtime) -> JournalStore:
    return await runtime.offer(lambda offers: offers.journal)


async def _who(runtime: Runtime) -> str:
    gate = await runtime.gate()
    return f"{gate.who.name} ({await gate.identity()})"
