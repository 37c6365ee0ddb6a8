"""The state of a run as its facts tell it: `fold(facts)`.

Owns what a fact means. Refuses to keep anything that would permit an act: `busy`, `live` and `undoable` belong to one
running process (console.workflow.machine sets them) and are always empty after a fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never

from console.plugin import Effect, Json
from console.workflow.events import (
    Aborted,
    Answered,
    Asked,
    Choice,
    Claimed,
    Continued,
    End,
    Fact,
    Failed,
    Finished,
    Intent,
    Paused,
    Planned,
    Released,
    Remembered,
    Sent,
    StepDone,
    Undone,
    Waiting,
)
from console.workflow.steps import Step


class Status(StrEnum):
    """Where a step stands. INTENDED: its request may or may not have been sent; SENT: it was taken."""

    TODO = "todo"
    INTENDED = "intended"
    SENT = "sent"
    DONE = "done"
    SKIPPED = "skipped"
    UNDONE = "undone"


SETTLED = frozenset({Status.DONE, Status.SKIPPED, Status.UNDONE})


class Busy(StrEnum):
    """What this process is doing about a step right now; never in the journal."""

    IDLE = ""
    GUARD = "guard"
    REMEMBER = "remember"
    CLEARED = "cleared"
    """The guard said Go (or an undo is due) and the intent is on its way into the journal."""
    ACT = "act"
    UNTIL = "until"
    CLOSING = "closing"
    """Its last fact, or its question, is on its way into the journal."""
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class StepState:
    """One step: its status, when that began, and what people should know. Times in epoch seconds, 0: never."""

    status: Status = Status.TODO
    since: float = 0.0
    begun: float = 0.0
    """When the step was first heard of."""
    retried: float = 0.0
    """When a person, or another runner by its own clock, began with it again, which gives it its time anew."""
    sent_at: float = 0.0
    attempt: int = 0
    memory: Mapping[str, Json] | None = None
    waiting: str = ""
    waiting_at: float = 0.0
    evidence: str = ""
    question: str = ""
    undoing: bool = False
    error: str = ""
    skipped_because: str = ""
    busy: Busy = Busy.IDLE


@dataclass(frozen=True, slots=True)
class State:
    """A run. `order`: the steps in the order of their first intents, which undo walks backwards."""

    plan: Planned | None = None
    steps: Mapping[str, StepState] = field(default_factory=dict[str, StepState])
    order: tuple[str, ...] = ()
    fencing: int = 0
    holder: str = ""
    waiting: str = ""
    waiting_at: float = 0.0
    paused: str = ""
    """By whom; empty when it is not."""
    aborted: str = ""
    stopped: str = ""
    end: End | None = None
    ended_at: float = 0.0
    now: float = field(default=0.0, compare=False)
    """The latest time that an event brought; the machine has no other clock."""
    live: bool = False
    undoable: frozenset[str] = frozenset()
    finishing: bool = False

    def step(self, step: str) -> Step:
        """The frozen step of the plan. Raises KeyError where the plan has none."""
        if self.plan is not None:
            for planned in self.plan.steps:
                if planned.id == step:
                    return planned
        raise KeyError(step)

    def may_skip(self, step: str) -> bool:
        """Whether a person may leave this step as it is: it is not settled, and nothing is being put back."""
        return step in self.steps and self.steps[step].status not in SETTLED and not self.aborted

    @property
    def asked(self) -> tuple[str, ...]:
        """The steps that wait for a person."""
        return tuple(name for name, step in self.steps.items() if step.question)

    @property
    def finished(self) -> int:
        """How many steps are done, skipped or undone."""
        return sum(step.status in SETTLED for step in self.steps.values())


def fold(facts: Iterable[Fact]) -> State:
    """The state after these facts, in journal order."""
    state = State()
    for fact in facts:
        state = apply(state, fact)
    return state


def change(state: State, step: str, /, **fields: Any) -> State:
    """The state with some fields of one step changed; a step that the plan does not have is left out."""
    if step not in state.steps:
        return state
    return replace(state, steps={**state.steps, step: replace(state.steps[step], **fields)})


def apply(state: State, fact: Fact) -> State:
    """What one fact makes of the state. Facts about steps that do not exist change nothing."""
    state = replace(state, now=max(state.now, fact.at))
    match fact:
        case Planned():
            return replace(state, plan=fact, steps={step.id: StepState() for step in fact.steps})
        case Claimed():
            return _claimed(state, fact)
        case Released():
            return replace(state, holder="")
        case Paused():
            return replace(state, paused=fact.by)
        case Continued():
            return replace(state, paused="")
        case Aborted():
            return _aborted(state, fact.by)
        case Finished():
            return replace(state, end=fact.end, ended_at=fact.at, holder="", waiting="")
        case _:
            return _apply_step(state, fact)


_StepFact = Remembered | Intent | Sent | Waiting | StepDone | Failed | Asked | Answered | Undone


def _apply_step(state: State, fact: _StepFact) -> State:
    if isinstance(fact, Waiting) and not fact.step:
        return replace(state, waiting=fact.reason, waiting_at=fact.at)
    if fact.step not in state.steps:
        return state
    if not state.steps[fact.step].begun:
        state = change(state, fact.step, begun=fact.at)
    match fact:
        case Intent():
            return _intended(state, fact)
        case StepDone():
            return _settled(state, fact.step, Status.DONE, at=fact.at, evidence=fact.evidence)
        case Answered():
            return _answered(state, fact)
        case Undone():
            return _settled(state, fact.step, Status.UNDONE, at=fact.at, evidence=fact.evidence)
        case _:
            old = state.steps[fact.step]
            return change(state, fact.step, **_noted(fact, settled=old.status in SETTLED and not old.undoing))


def _claimed(state: State, fact: Claimed) -> State:
    """From here on times are those of another host, whose clock is not to be compared with what was written before."""
    steps = {name: replace(step, retried=fact.at) if step.begun else step for name, step in state.steps.items()}
    return replace(state, fencing=max(state.fencing, fact.fencing), holder=fact.holder, steps=steps, now=fact.at)


def _noted(fact: Remembered | Sent | Waiting | Failed | Asked, *, settled: bool) -> dict[str, Any]:
    """The fields of a step that a fact sets by itself."""
    match fact:
        case Remembered(memory=memory):
            return {"memory": memory}
        case Sent(evidence=evidence) if settled:
            return {"evidence": evidence}  # it was skipped while its request was on its way
        case Sent(at=at, evidence=evidence):
            return {"status": Status.SENT, "since": at, "evidence": evidence, "waiting": ""}
        case Waiting() if settled:
            return {}
        case Waiting(at=at, reason=reason):
            return {"waiting": reason, "waiting_at": at}
        case Asked() if settled:
            return {}
        case Failed(error=error):
            return {"error": error}
        case Asked(question=question):
            return {"question": question, "waiting": ""}
        case _:
            assert_never(fact)


def _intended(state: State, fact: Intent) -> State:
    if fact.undo:
        return change(state, fact.step, undoing=True, waiting="", question="")
    if state.steps[fact.step].status in SETTLED:
        return state  # skipped before it was written: its request is not sent
    if fact.step not in state.order:
        state = replace(state, order=(*state.order, fact.step))
    return change(
        state, fact.step, status=Status.INTENDED, since=fact.at, attempt=fact.attempt, sent_at=fact.at, waiting=""
    )


def _settled(state: State, step: str, status: Status, *, at: float, evidence: str) -> State:
    return change(
        state, step, status=status, since=at, evidence=evidence, waiting="", question="", error="", undoing=False
    )


def _answered(state: State, fact: Answered) -> State:
    """The answer to a step's question; of answers that nobody asked for, only a skip of what still waits counts."""
    old = state.steps[fact.step]
    if not old.question and not (fact.choice is Choice.SKIP and state.may_skip(fact.step)):
        return state
    state = change(state, fact.step, question="", error="", begun=fact.at)
    match fact.choice:
        case Choice.RETRY:
            return change(state, fact.step, retried=state.now)  # not less than fact.at: a slow clock takes no time away
        case Choice.SKIP:
            status = Status.UNDONE if old.undoing else Status.SKIPPED
            evidence = f"skipped by {fact.by}: {fact.reason}"
            state = _settled(state, fact.step, status, at=fact.at, evidence=evidence)
            return change(state, fact.step, skipped_because=fact.reason)
        case Choice.UNDO:
            return _aborted(state, fact.by)
        case Choice.STOP:
            return replace(state, stopped=fact.by)
        case _:
            assert_never(fact.choice)


def _aborted(state: State, by: str) -> State:
    """From now on only undo matters: questions about steps that will not be done are moot."""
    steps = {name: step if step.undoing else replace(step, question="") for name, step in state.steps.items()}
    return replace(state, aborted=by, paused="", steps=steps)


def to_undo(state: State) -> tuple[str, ...]:
    """Steps that an abort puts back, in the order in which it does: CHANGE steps whose request may have been sent."""
    if state.plan is None:
        return ()
    changing = {step.id for step in state.plan.steps if step.effect is Effect.CHANGE}
    begun = (Status.INTENDED, Status.SENT, Status.DONE, Status.SKIPPED)
    return tuple(name for name in reversed(state.order) if name in changing and state.steps[name].status in begun)
