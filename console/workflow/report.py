"""The report of a run as Markdown: who, what, when, evidence, waits, answers, what was before and after. Pure.

Owns the words and the order of the report. Everything in it stands in journals; it reads no clock and asks no system.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from console.format import elapsed, timestamp
from console.text import clean
from console.workflow.codec import Entry
from console.workflow.events import (
    Aborted,
    Answered,
    Asked,
    Claimed,
    Continued,
    Fact,
    Failed,
    Finished,
    Paused,
    Released,
    Waiting,
)
from console.workflow.proof import NOT_READ, Comparison, Snap
from console.workflow.state import SETTLED, State, Status, StepState, fold

_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_SHOWN = 200
"""Most values of a snapshot that the report spells out; a difference is always spelled out."""


@dataclass(frozen=True, slots=True)
class Waited:
    """One wait of a step (empty: of the run itself): its last sentence, when it began and ended (epoch s)."""

    step: str
    reason: str
    since: float
    until: float


def waits(entries: Sequence[Entry], now: float) -> list[Waited]:
    """All waits in the order in which they began; sentences that differ in their numbers alone are one wait."""
    found: list[Waited] = []
    current: dict[str, Waited] = {}
    for entry in entries:
        fact = entry.fact
        step = getattr(fact, "step", None)
        if isinstance(fact, Finished):
            found += [replace(each, until=fact.at) for each in current.values()]
            current = {}
        elif isinstance(step, str) or isinstance(fact, Claimed):
            _hear(fact, step or "", current, found)
    found += [replace(each, until=max(now, each.since)) for each in current.values()]
    return sorted(found, key=lambda each: each.since)


def _hear(fact: Fact, step: str, current: dict[str, Waited], found: list[Waited]) -> None:
    if step and "" in current:  # a step is heard of: what the run itself waited for is there
        found.append(replace(current.pop(""), until=fact.at))
    old = current.get(step)
    if isinstance(fact, Waiting) and fact.reason:
        if old is not None and _DIGITS.sub("#", old.reason) == _DIGITS.sub("#", fact.reason):
            current[step] = replace(old, reason=fact.reason)
            return
        if old is not None:
            found.append(replace(old, until=fact.at))
        current[step] = Waited(step, fact.reason, fact.at, fact.at)
    elif old is not None:
        found.append(replace(current.pop(step), until=fact.at))


def as_markdown(run: str, entries: Sequence[Entry], proof: Comparison, *, now: float, left: Sequence[str] = ()) -> str:
    """The whole report. `now` (epoch s) is the end of what has not ended; `left`: what stays behind, in sentences."""
    state = fold(entry.fact for entry in entries)
    if state.plan is None:
        return f"# Run {_cell(run)}\n\nIts journal holds no plan.\n"
    blocks = [
        _head(run, state, now),
        _beginning(state),
        _steps(state, now),
        _waits(state, entries, now),
        _people(state, entries),
        _left(left),
        _runners(entries),
        _proof(proof),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(run: str, state: State, now: float) -> str:
    plan = state.plan
    assert plan is not None  # noqa: S101 - the caller looked
    end = state.end.value if state.end is not None else "not ended"
    ended = timestamp(state.ended_at) if state.end is not None else "-"
    until = plan.target.options.get("until")
    lines = [
        f"# {plan.target.run.capitalize()} of {_cell(', '.join(plan.target.nodes))}: {end}",
        "",
        f"- run: {_cell(run)}",
        f"- by: {_cell(plan.author) or 'unknown'}{f' from {_cell(plan.origin)}' if plan.origin else ''}",
        f"- reason: {_cell(plan.reason)}",
        f"- began: {timestamp(plan.at)}",
        f"- ended: {ended}, after {elapsed((state.ended_at or now) - plan.at)}",
    ]
    if isinstance(until, int | float) and until:
        lines.append(f"- announced to be out until: {timestamp(until)}")
    return "\n".join([*lines, f"- steps: {state.finished} of {len(state.steps)}", f"- version: {_cell(plan.version)}"])


def _beginning(state: State) -> str:
    plan = state.plan
    assert plan is not None  # noqa: S101 - the caller looked
    lines = [f"- {_cell(line)}" for line in plan.verdict] or ["- nothing was said"]
    decided = [f"- decided: {_cell(each)}" for each in sorted(plan.target.decisions)]
    return "\n".join(["## Verdict when it began", "", *lines, *decided])


def _steps(state: State, now: float) -> str:
    assert state.plan is not None  # noqa: S101 - the caller looked
    rows = [_row(step.title, state.steps[step.id], now) for step in state.plan.steps]
    head = "| step | state | evidence | began | took | tries |\n|---|---|---|---|---|---|"
    return "\n".join(["## Steps", "", head, *rows])


def _row(title: str, step: StepState, now: float) -> str:
    word = "is being undone" if step.undoing else step.status.value
    said = step.evidence or step.question or step.waiting or step.error
    if step.status is Status.SKIPPED:
        word = "**skipped**"
    began = timestamp(step.begun) if step.begun else "-"
    end = step.since if step.status in SETTLED else now
    took = elapsed(max(0.0, end - step.begun)) if step.begun else "-"
    return f"| {_cell(title)} | {word} | {_cell(said)} | {began} | {took} | {step.attempt or '-'} |"


def _waits(state: State, entries: Sequence[Entry], now: float) -> str:
    rows = [
        f"| {_cell(_title(state, each.step))} | {_cell(each.reason)} | {timestamp(each.since)} |"
        f" {elapsed(each.until - each.since)} |"
        for each in waits(entries, now)
    ]
    if not rows:
        return "## Waits\n\nNothing was waited for."
    return "\n".join(["## Waits", "", "| who waited | for what | since | for |\n|---|---|---|---|", *rows])


def _people(state: State, entries: Iterable[Entry]) -> str:
    """Questions, failures, and what people said."""
    rows = [line for entry in entries for line in _said(state, entry.fact)]
    return "\n".join(["## Questions and answers", "", *rows]) if rows else ""


def _said(state: State, fact: Fact) -> Iterator[str]:
    at = timestamp(fact.at)
    match fact:
        case Asked():
            yield f"- {at} {_cell(_title(state, fact.step))} asked: {_cell(fact.question)}"
        case Failed():
            yield f"- {at} {_cell(_title(state, fact.step))} failed: {_cell(fact.error)}"
        case Answered():
            why = f": {_cell(fact.reason)}" if fact.reason else ""
            yield f"- {at} {_cell(fact.by)} answered {fact.choice.value} to {_cell(_title(state, fact.step))}{why}"
        case Paused() | Aborted():
            word = "paused" if isinstance(fact, Paused) else "aborted"
            yield f"- {at} {_cell(fact.by)} {word} the run{f': {_cell(fact.reason)}' if fact.reason else ''}"
        case Continued():
            yield f"- {at} {_cell(fact.by)} continued the run"
        case _:
            return


def _left(left: Sequence[str]) -> str:
    return "\n".join(["## Left behind", "", *(f"- {_cell(each)}" for each in left)]) if left else ""


def _runners(entries: Iterable[Entry]) -> str:
    rows: list[str] = []
    for entry in entries:
        match entry.fact:
            case Claimed(at=at, fencing=fencing, holder=holder):
                rows.append(f"- {timestamp(at)} fencing {fencing}: {_cell(holder)}")
            case Released(at=at, why=why):
                rows.append(f"- {timestamp(at)} let go: {_cell(why)}")
            case _:
                pass
    return "\n".join(["## Runners", "", *(rows or ["- none took it"])])


def _proof(proof: Comparison) -> str:
    lines = ["## Before and after", "", f"**{_cell(proof.sentence)}.**"]
    for name, snap in (("Before", proof.before), ("After", proof.after)):
        if snap is not None:
            lines.append(f"{name}: seen at {timestamp(snap.at)} by run {_cell(snap.run)}.")
    differ = [each.what for each in proof.differences]
    one, two = _values(proof.before), _values(proof.after)
    keys = [*dict.fromkeys([*differ, *one, *two])]
    if not keys:
        return "\n".join(lines)
    lines += ["", "| what | before | after | |", "|---|---|---|---|"]
    for what in keys[: max(_SHOWN, len(differ))]:
        mark = "**differs**" if what in differ else "same" if what in one and what in two else ""
        before, after = one.get(what, NOT_READ), two.get(what, NOT_READ)
        lines.append(f"| {_cell(what)} | {_cell(before)} | {_cell(after)} | {mark} |")
    rest = len(keys) - max(_SHOWN, len(differ))
    return "\n".join([*lines, f"\nand {rest} more that do not differ"] if rest > 0 else lines)


def _values(snap: Snap | None) -> Mapping[str, str]:
    return snap.values if snap is not None else {}


def _title(state: State, step: str) -> str:
    if not step:
        return "the run"
    try:
        return state.step(step).title
    except KeyError:
        return step


_MARKS = {"|": "\\|", "<": "&lt;", ">": "&gt;", "*": "\\*", "_": "\\_", "`": "\\`", "[": "\\[", "]": "\\]"}


def _cell(text: str) -> str:
    """Foreign text as one piece of Markdown: nothing in it is read as markup."""
    return "".join(_MARKS.get(letter, letter) for letter in clean(text, 600))
