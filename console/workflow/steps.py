"""Steps as data, and the code that their kinds name.

A `Step` is frozen in the journal with its parameters, so that any control node can go on with it; what it does is a
`StepKind` of its system's plugin, looked up by name when it runs. Every call gets a fresh `Ctx`.

    guard    may it be done now?     Go | Done (already so: skip act and until) | Wait | Stop
    remember what must be put back   journaled before the act
    act      does it                 idempotent; every request carries a precondition (uid, resourceVersion, run id)
    until    is it finished?         Done | Wait | Stop
    undo     puts it back            for CHANGE steps, in reverse order
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from console.plugin import Effect, Facts, Json, Right, Target


class Phase(IntEnum):
    """The order in which the steps of all systems are merged; the second group is the way back."""

    PREPARE = 10
    CORDON = 20
    QUIESCE = 30
    EVICT = 40
    VERIFY = 50
    HANDOFF = 60
    RETURN = 110
    UNCORDON = 120
    CATCH_UP = 130
    REBALANCE = 140
    CONFIRM = 150


@dataclass(frozen=True, slots=True)
class Go:
    """It may be done now."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is so; `evidence` says how that was seen."""

    evidence: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: the reason is a sentence with numbers. Asked again after `retry_in` seconds, or when facts change."""

    reason: str
    retry_in: float = 2.0


@dataclass(frozen=True, slots=True)
class Stop:
    """It cannot go on by itself: a person is asked (retry, skip, undo, stop)."""

    reason: str
    evidence: str = ""


Outcome = Go | Done | Wait | Stop


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do to `instance` (its name) of `system`.

    `after`: ids of steps that must be done (or skipped) first. Times in seconds.

    `timeout` 0 means none; `every` is the shortest time between two looks at `until`.
    """

    id: str
    title: str
    system: str
    instance: str
    kind: str
    phase: Phase
    params: Mapping[str, Json] = field(default_factory=dict[str, Json])
    after: tuple[str, ...] = ()
    effect: Effect = Effect.CHANGE
    timeout: float = 0.0
    every: float = 1.0
    rights: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class Ctx:
    """What a step's functions see: fresh facts, the system's client, and what the run knows.

    `memory` is what `remember` of this step (key "") and of others (their id) wrote; `author` is the person.
    """

    step: Step
    run: str
    target: Target
    client: Any
    facts: Facts
    now: float
    author: str = ""
    reason: str = ""
    memory: Mapping[str, Mapping[str, Json]] = field(default_factory=dict[str, Mapping[str, Json]])
    earlier: Mapping[str, Mapping[str, Json]] = field(default_factory=dict[str, Mapping[str, Json]])
    """What the newest drain of these nodes remembered, by the ids of its steps; empty in a drain."""
    started: float = 0.0
    """When the act was sent (epoch s), 0 before."""
    notes: dict[str, Any] = field(default_factory=dict[str, Any])
    """What this process noted for this step. Gone after a crash, so nothing may be permitted by it."""


async def _nothing(_ctx: Ctx) -> Mapping[str, Json]:
    return {}


@dataclass(frozen=True, slots=True)
class StepKind:
    """The code of one kind of step. A READ step has no act."""

    guard: Callable[[Ctx], Awaitable[Outcome]]
    until: Callable[[Ctx], Awaitable[Outcome]]
    act: Callable[[Ctx], Awaitable[str]] | None = None
    """Sends the request; returns one sentence of evidence. Raises Temporary, Permanent, or another ConsoleError."""
    undo: Callable[[Ctx], Awaitable[str]] | None = None
    remember: Callable[[Ctx], Awaitable[Mapping[str, Json]]] = _nothing
    instructions: Callable[[Ctx], Awaitable[str]] | None = None
    """What a person must do elsewhere while this step waits; asked when it is looked at and never written down, so it
    may hold what a journal must not. Its Ctx has no facts of its own: what it needs stands in `params`."""
    leaves: Callable[[str, Step, Collection[str]], str] | None = None
    """What stays behind where a run ends before it is removed: `leaves(run, step, done)` says it with the command that
    removes it, or nothing; `done`: the ids of steps that are done. Asked for a step that was begun and not undone."""
