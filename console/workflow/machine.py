"""The pure machine of a run: `decide(state, event) -> (state, commands)`; `fold` is in console.workflow.state.

Owns the order of things: which steps may go, that an act follows a fresh guard and a written intent, what waits, what
is asked, what is undone. Refuses I/O, clocks and knowledge of any system.

A step's way:  Guard -> Go -> Remember (once, written) -> Intent (written) -> Act -> Until -> Done (written).
The word Go lives in `busy` of one process: after a crash it is gone, and the guard is asked again before any act.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import assert_never

from console.plugin import Effect
from console.workflow.events import (
    Act,
    ActSaid,
    Answered,
    Asked,
    Begun,
    Command,
    End,
    Event,
    Fact,
    Failed,
    Finish,
    Guard,
    GuardSaid,
    Intent,
    MemoryRead,
    Record,
    Remember,
    Remembered,
    Said,
    Sent,
    StepDone,
    Stumbled,
    Undo,
    Undone,
    Until,
    UntilSaid,
    Waiting,
)
from console.workflow.state import SETTLED, Busy, State, Status, apply, change, fold, to_undo
from console.workflow.steps import Done, Go, Stop, Wait

__all__ = ["Decision", "decide", "fold", "ready"]

WAITING_EVERY = 5.0
"""Shortest time in seconds between two written waits of one step that differ in numbers, which change at each look."""
SENTENCE_EVERY = 1.0
"""The same for waits that differ in words: people should read the new reason soon."""
LIMIT = 400
"""Longest sentence that is written, in characters."""

_DIGITS = re.compile(r"\d+")

Decision = tuple[State, list[Command]]


def decide(state: State, event: Event) -> Decision:
    """What `event` makes of the run and what is to be done now. Pure; never raises for any order of events."""
    if state.end is not None:
        return state, []
    if isinstance(event, Said):
        state, commands = _heard(state, event)
    else:
        state = apply(state, event)
        state, commands = _written(state, event)
    state, more = _advance(state)
    return state, [*commands, *more]


def ready(state: State) -> tuple[str, ...]:
    """Steps whose predecessors are settled: those of `after`, and all steps of earlier phases."""
    if state.plan is None:
        return ()
    open_phases = [step.phase for step in state.plan.steps if state.steps[step.id].status not in SETTLED]
    if not open_phases:
        return ()
    now = min(open_phases)
    return tuple(
        step.id
        for step in state.plan.steps
        if step.phase == now
        and state.steps[step.id].status not in SETTLED
        and all(state.steps[before].status in SETTLED for before in step.after if before in state.steps)
    )


def _written(state: State, fact: Fact) -> Decision:
    """A fact reached the journal: an intent lets its request go, a last fact ends what was busy."""
    match fact:
        case Intent(step=step) if step in state.steps and state.steps[step].busy is Busy.CLEARED:
            if fact.undo:
                return change(state, step, busy=Busy.UNDO), [Undo(step)]
            if _held_back(state) or state.steps[step].status in SETTLED:
                return change(state, step, busy=Busy.IDLE), []
            return change(state, step, busy=Busy.ACT), [Act(step)]
        case StepDone(step=step) | Undone(step=step) | Asked(step=step):
            return change(state, step, busy=Busy.IDLE), []
        case Answered(step=step) if step in state.steps and state.steps[step].status is Status.SKIPPED:
            looks = {Busy.GUARD, Busy.UNTIL, Busy.REMEMBER}
            return (change(state, step, busy=Busy.IDLE) if state.steps[step].busy in looks else state), []
        case _:
            return state, []


def _heard(state: State, event: Said) -> Decision:
    state = replace(state, now=max(state.now, event.at))
    if isinstance(event, Begun):
        return replace(state, live=True, undoable=event.undoable), []
    if event.step not in state.steps:
        return state, []
    match event:
        case GuardSaid():
            return _guarded(state, event)
        case MemoryRead():
            return _remembered(state, event)
        case ActSaid():
            return _acted(state, event)
        case UntilSaid():
            return _looked(state, event)
        case Stumbled():
            return _stumbled(state, event)
        case _:
            assert_never(event)


def _guarded(state: State, said: GuardSaid) -> Decision:
    step, now = said.step, state.steps[said.step]
    if now.busy is not Busy.GUARD:
        return state, []
    if _held_back(state):
        return change(state, step, busy=Busy.IDLE), []
    match said.outcome:
        case Go():
            if state.step(step).effect is Effect.READ:
                return change(state, step, busy=Busy.UNTIL), [Until(step)]
            if now.memory is None and not now.attempt:
                return change(state, step, busy=Busy.REMEMBER), [Remember(step)]
            return _intend(state, step, at=said.at)
        case Done(evidence=evidence):
            return _close(state, StepDone(at=said.at, step=step, evidence=evidence[:LIMIT]))
        case Wait(reason=reason, retry_in=retry_in):
            state, commands = _wait(state, step, reason, at=said.at)
            return state, [*commands, Guard(step, after=retry_in)] if state.steps[step].busy is Busy.GUARD else commands
        case Stop():
            return _ask(state, step, _sentence(said.outcome), at=said.at)
        case _:
            assert_never(said.outcome)


def _acted(state: State, said: ActSaid) -> Decision:
    step, evidence = said.step, said.evidence[:LIMIT]
    match state.steps[step].busy:
        case Busy.UNDO:
            return _close(state, Undone(at=said.at, step=step, evidence=evidence))
        case Busy.ACT:
            written = Record(Sent(at=said.at, step=step, evidence=evidence))
            if state.steps[step].status in SETTLED:
                return change(state, step, busy=Busy.IDLE), [written]
            return change(state, step, busy=Busy.UNTIL), [written, Until(step)]
        case _:
            return state, []


def _looked(state: State, said: UntilSaid) -> Decision:
    step = said.step
    if state.steps[step].busy is not Busy.UNTIL:
        return state, []
    match said.outcome:
        case Go():
            return _close(state, StepDone(at=said.at, step=step, evidence="it is so"))
        case Done(evidence=evidence):
            return _close(state, StepDone(at=said.at, step=step, evidence=evidence[:LIMIT]))
        case Wait(reason=reason, retry_in=retry_in):
            if state.aborted or state.stopped:
                return change(state, step, busy=Busy.IDLE), []
            state, commands = _wait(state, step, reason, at=said.at)
            return state, [*commands, Until(step, after=retry_in)] if state.steps[step].busy is Busy.UNTIL else commands
        case Stop():
            return _ask(state, step, _sentence(said.outcome), at=said.at)
        case _:
            assert_never(said.outcome)


def _stumbled(state: State, said: Stumbled) -> Decision:
    """A step's code raised: wait and try again, or ask. An act is never tried again without its guard."""
    step, busy = said.step, state.steps[said.step].busy
    if busy in {Busy.IDLE, Busy.CLEARED, Busy.CLOSING}:
        return state, []
    if state.steps[step].status in SETTLED and busy is not Busy.UNDO:
        return change(state, step, busy=Busy.IDLE), []
    if said.delay is None:
        failed = Record(Failed(at=said.at, step=step, error=said.error[:LIMIT]))
        state, commands = _ask(state, step, said.error, at=said.at)
        return state, [failed, *commands]
    if busy is not Busy.UNDO and (state.aborted or state.stopped):
        return change(state, step, busy=Busy.IDLE), []
    state, commands = _wait(state, step, said.error, at=said.at)
    if state.steps[step].busy is Busy.CLOSING:
        return state, commands
    if busy is Busy.UNDO:
        return state, [*commands, Undo(step, after=said.delay)]
    if busy is Busy.UNTIL:
        return state, [*commands, Until(step, after=said.delay, wake=False)]
    return change(state, step, busy=Busy.GUARD), [*commands, Guard(step, after=said.delay, wake=said.wake)]


def _remembered(state: State, said: MemoryRead) -> Decision:
    """The memory goes into the journal with the first intent, in one write and before it; later ones keep it."""
    if state.steps[said.step].busy is not Busy.REMEMBER:
        return state, []
    state, commands = _intend(state, said.step, at=said.at)
    if commands and said.memory:
        commands.insert(0, Record(Remembered(at=said.at, step=said.step, memory=said.memory)))
    return state, commands


def _intend(state: State, step: str, *, at: float) -> Decision:
    """Write the intent; only its coming back from the journal lets the act go."""
    if _held_back(state):
        return change(state, step, busy=Busy.IDLE), []
    attempt = state.steps[step].attempt + 1
    return change(state, step, busy=Busy.CLEARED), [Record(Intent(at=at, step=step, attempt=attempt))]


def _wait(state: State, step: str, reason: str, *, at: float) -> Decision:
    """Note why it waits, seldom and only when the sentence is new; ask where its time is up."""
    now, reason = state.steps[step], reason[:LIMIT]
    timeout = state.step(step).timeout
    if timeout and not now.undoing and (took := at - _begun(state, step, at)) > timeout:
        return _ask(state, step, f"not done after {took:.0f} s (its time is {timeout:.0f} s): {reason}", at=at)
    pace = WAITING_EVERY if _DIGITS.sub("#", reason) == _DIGITS.sub("#", now.waiting) else SENTENCE_EVERY
    if reason == now.waiting or (now.waiting and 0 <= at - now.waiting_at < pace):
        return state, []
    fact = Waiting(at=at, step=step, reason=reason)
    return apply(state, fact), [Record(fact)]


def _begun(state: State, step: str, at: float) -> float:
    """From when a step's time counts: steps of one kind and phase share it, as the pods of one drain do."""
    plan, mine = state.plan, state.step(step)
    alike = [
        state.steps[one.id]
        for one in (plan.steps if plan is not None else ())
        if (one.kind, one.phase, one.system, one.instance) == (mine.kind, mine.phase, mine.system, mine.instance)
    ]
    began = min((one.retried or one.begun for one in alike if one.begun), default=at)
    return max(began, state.steps[step].retried)


def _ask(state: State, step: str, question: str, *, at: float) -> Decision:
    return _close(state, Asked(at=at, step=step, question=question[:LIMIT] or "it stopped without a reason"))


def _close(state: State, fact: StepDone | Undone | Asked) -> Decision:
    return change(state, fact.step, busy=Busy.CLOSING), [Record(fact)]


def _sentence(stop: Stop) -> str:
    return f"{stop.reason} ({stop.evidence})" if stop.evidence else stop.reason


def _held_back(state: State) -> bool:
    return bool(state.paused or state.aborted or state.stopped)


def _advance(state: State) -> Decision:
    """Start what can start: guards of ready steps, the next undo, or the end."""
    if not state.live or state.finishing or state.end is not None or state.plan is None:
        return state, []
    if state.stopped:
        return _finish(state, End.STOPPED)
    if state.aborted:
        return _undo_next(state)
    if all(step.status in SETTLED for step in state.steps.values()):
        return _finish(state, End.DONE)
    if state.paused:
        return state, []
    commands: list[Command] = []
    for step in ready(state):
        if state.steps[step].busy is Busy.IDLE and not state.steps[step].question:
            state = change(state, step, busy=Busy.GUARD)
            commands.append(Guard(step))
    return state, commands


def _undo_next(state: State) -> Decision:
    """One step at a time, newest first, and only once nothing that acts is under way."""
    if _acting(state):
        return state, []
    for step in to_undo(state):
        if step not in state.undoable:
            continue
        now = state.steps[step]
        if now.question and now.undoing:
            return state, []
        intent = Intent(at=state.now, step=step, attempt=now.attempt, undo=True)
        return change(state, step, busy=Busy.CLEARED, question=""), [Record(intent)]
    return _finish(state, End.ABORTED)


def _finish(state: State, end: End) -> Decision:
    if _acting(state):
        return state, []
    return replace(state, finishing=True), [Finish(end)]


def _acting(state: State) -> bool:
    """Whether a request, or the fact that lets one go, is under way."""
    calm = {Busy.IDLE, Busy.GUARD, Busy.UNTIL}
    return any(step.busy not in calm for step in state.steps.values())
