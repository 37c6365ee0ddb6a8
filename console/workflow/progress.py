"""Where a run stands, for the board, for text and for machines: what it waits for, its pods, how long it takes. Pure.

Owns what counts as waiting now, and the estimate. Refuses to guess: where nothing comparable has been timed, or where a
person or an unusual wait decides, there is no estimate and the reason stands instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from console.format import duration
from console.workflow.codec import Entry
from console.workflow.events import Asked
from console.workflow.report import waits
from console.workflow.state import SETTLED, State, Status, StepState
from console.workflow.steps import Step

_UNUSUAL = 3.0
"""A step that takes so many times as long as its kind did is not foreseen any more."""
_LEAST = 5.0


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that holds the run up now: who (a step's title, or the run), the sentence, since when (epoch s)."""

    step: str
    title: str
    text: str
    since: float
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod that a step of the run is about: `state` in a word, since when (epoch s, 0: not yet), what blocks it."""

    name: str
    namespace: str
    state: str
    since: float
    why: str
    step: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds that are left, or None; `text` says it, or why there is none."""

    seconds: float | None
    text: str


def standing(state: State, entries: Sequence[Entry] = ()) -> tuple[Standing, ...]:
    """What holds the run up now: questions first, then waits, the longest first; nothing once it has ended."""
    if state.end is not None or state.plan is None:
        return ()
    since = {each.step: each.since for each in waits(entries, state.now)}
    asked = {entry.fact.step: entry.fact.at for entry in entries if isinstance(entry.fact, Asked)}
    found: list[Standing] = []
    if run := run_waits(state):
        found.append(Standing("", "the run", run, since.get("", state.waiting_at)))
    for step in state.plan.steps:
        now = state.steps[step.id]
        if now.question:
            found.append(Standing(step.id, step.title, now.question, asked.get(step.id, now.begun), asks=True))
        elif now.waiting and now.status not in SETTLED:
            found.append(Standing(step.id, step.title, now.waiting, since.get(step.id, now.waiting_at)))
    return tuple(sorted(found, key=lambda each: (not each.asks, each.since)))


def run_waits(state: State) -> str:
    """What the run itself waits for (a lease, a slot); empty once one of its steps was heard of after that."""
    heard = max((max(step.begun, step.since, step.waiting_at) for step in state.steps.values()), default=0.0)
    return state.waiting if state.end is None and state.waiting_at >= heard else ""


def waits_for(state: State) -> str:
    """The most important wait as one sentence; empty where there is none."""
    first = next(iter(standing(state)), None)
    return f"{first.title}: {first.text}" if first is not None and first.step else first.text if first else ""


def pods(state: State) -> tuple[Pod, ...]:
    """The pods that the plan's steps name, in its order."""
    return tuple(_pods(state))


def _pods(state: State) -> Iterator[Pod]:
    steps = state.plan.steps if state.plan is not None else ()
    titles = {step.id: step.title for step in steps}
    for step in steps:
        name = step.params.get("pod")
        if isinstance(name, str) and name:
            now = state.steps[step.id]
            word, why = _pod_state(now), _why(state, step, now, titles)
            since = now.since or now.begun
            yield Pod(name, str(step.params.get("namespace", "")), word, since, why, step.id)


def _pod_state(now: StepState) -> str:
    if now.question:
        return "asks"
    words = {Status.INTENDED: "asked to go", Status.SENT: "leaving", Status.DONE: "gone", Status.SKIPPED: "left here"}
    return words.get(now.status, "held" if now.waiting else "here")


def _why(state: State, step: Step, now: StepState, titles: Mapping[str, str]) -> str:
    if now.question or now.waiting or now.error:
        return now.question or now.waiting or now.error
    if now.status is not Status.TODO:
        return now.evidence.removeprefix("gone; ")
    before = [titles[name] for name in step.after if name in titles and state.steps[name].status not in SETTLED]
    return f"after {', '.join(before)}" if before else ""


def estimate(state: State, now: float) -> Estimate:
    """How long the rest may take, by what steps of the same kind took in this run.

    Steps that stand side by side count once. A kind that was never timed counts nothing, and is named.
    """
    if why := _no_estimate(state):
        return Estimate(None, f"no estimate: {why}")
    assert state.plan is not None  # noqa: S101 - _no_estimate has looked
    took = _timed(state)
    left = [step for step in state.plan.steps if state.steps[step.id].status not in SETTLED]
    known = [step for step in left if step.kind in took]
    if not known:
        return Estimate(None, "no estimate: no step of this kind has ended yet")
    for step in known:
        gone, usual = _gone(state, step, now), max(took[step.kind], _LEAST)
        if gone > _UNUSUAL * usual:
            text = f"no estimate: {step.title} takes {duration(gone)} already, others took about {duration(usual)}"
            return Estimate(None, text)
    seconds = sum(_longest(state, phase, took, now) for phase in _by_phase(left).values())
    unknown = len({step.kind for step in left} - set(took))
    more = f", and {unknown} kind{'s' if unknown > 1 else ''} of step not timed yet" if unknown else ""
    return Estimate(seconds, f"about {duration(max(1.0, seconds))} to go{more}")


def _no_estimate(state: State) -> str:
    if state.plan is None or state.end is not None:
        return "it has ended" if state.end is not None else "there is no plan"
    if state.aborted:
        return "it is being undone"
    if state.paused:
        return f"paused by {state.paused}"
    if state.asked:
        return "it waits for an answer"
    if all(step.status in SETTLED for step in state.steps.values()):
        return "all steps are done"
    return "no runner holds it" if not state.holder else run_waits(state)


def _timed(state: State) -> dict[str, float]:
    """Mean seconds of the steps that were done, by kind."""
    found: dict[str, list[float]] = {}
    for step in state.plan.steps if state.plan is not None else ():
        its = state.steps[step.id]
        if its.status is Status.DONE and its.begun:
            found.setdefault(step.kind, []).append(its.since - its.begun)
    return {kind: mean(values) for kind, values in found.items()}


def _gone(state: State, step: Step, now: float) -> float:
    begun = state.steps[step.id].begun
    return max(0.0, now - begun) if begun else 0.0


def _by_phase(steps: Sequence[Step]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for step in steps:
        found.setdefault(step.phase, []).append(step)
    return found


def _longest(state: State, steps: Sequence[Step], took: Mapping[str, float], now: float) -> float:
    """The longest way through one phase: `after` makes a row, the rest goes side by side. Plans are in order."""
    ends: dict[str, float] = {}
    for step in steps:
        own = max(0.0, took.get(step.kind, 0.0) - _gone(state, step, now))
        ends[step.id] = own + max((ends.get(before, 0.0) for before in step.after), default=0.0)
    return max(ends.values(), default=0.0)


def last_progress(state: State) -> float:
    """When the run last came on (epoch s): a step began, was sent or ended, or a person said something; 0 never."""
    if state.plan is None:
        return 0.0
    return max([state.plan.at, *(max(step.begun, step.since, step.retried) for step in state.steps.values())])


def status_of(state: State) -> str:
    """One word for where a run stands."""
    if state.end is not None:
        return state.end.value
    if state.asked:
        return "asks"
    if state.aborted:
        return "aborting"
    return "paused" if state.paused else "running"


def retried(state: State) -> float:
    """When a person last had a step tried again that asks now (epoch s); 0 where none was."""
    return max((state.steps[name].retried for name in state.asked), default=0.0)
