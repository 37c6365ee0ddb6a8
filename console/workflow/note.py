"""The hand-over note of a run: what the next shift must know, in a few plain lines. Pure.

Owns its words: what is out, since when, until when announced, what it waits for, what to do next. Foreign text is
cleaned, for a note is pasted into chats and terminals.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.format import elapsed, timestamp, until_words
from console.text import clean
from console.workflow.codec import Entry
from console.workflow.events import End, Planned
from console.workflow.progress import estimate, standing
from console.workflow.state import State, fold


def until_of(plan: Planned) -> float:
    """Until when the nodes were announced to be out (epoch s); 0 where nobody said."""
    value = plan.target.options.get("until")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def as_text(run: str, entries: Sequence[Entry], *, now: float, left: Sequence[str] = ()) -> str:
    """The note. `now` in epoch seconds; `left`: what stays behind, a sentence each."""
    state = fold(entry.fact for entry in entries)
    plan = state.plan
    if plan is None:
        return f"run {clean(run)}: its journal holds no plan\n"
    nodes = ", ".join(plan.target.nodes)
    lines = [
        f"{plan.target.run} of {nodes}, run {clean(run)}: {_stands(state)}",
        f"by {clean(plan.author) or 'unknown'}, because: {clean(plan.reason)}",
        f"began {timestamp(plan.at)}, {elapsed((state.ended_at or now) - plan.at)} {'in all' if state.end else 'ago'}",
        f"out: {_out(state, nodes, now)}",
    ]
    waiting = standing(state, entries)
    for each in waiting[:5]:
        word = "asks" if each.asks else "waits"
        lines.append(f"{clean(each.title)} {word}, since {timestamp(each.since)}: {clean(each.text, 400)}")
    if len(waiting) > 5:  # noqa: PLR2004 - as many as are told
        lines.append(f"and {len(waiting) - 5} more wait")
    skipped = [state.step(name).title for name, step in state.steps.items() if step.skipped_because]
    if skipped:
        lines.append(f"skipped: {clean(', '.join(skipped), 400)}")
    if state.end is None:
        lines.append(estimate(state, now).text)
    lines += [f"left behind: {clean(each, 400)}" for each in left]
    return "\n".join([*lines, f"next: {next_step(run, state)}"]) + "\n"


def _stands(state: State) -> str:
    done = f"{state.finished} of {len(state.steps)} steps done"
    if state.end is not None:
        return f"{state.end.value}, {done}"
    if state.asked:
        return f"asks, {done}"
    if state.aborted:
        return f"aborted by {clean(state.aborted)}, being undone"
    if state.paused:
        return f"paused by {clean(state.paused)}, {done}"
    return f"running, {done}" if state.holder else f"NO RUNNER HOLDS IT, {done}"


def _out(state: State, nodes: str, now: float) -> str:
    plan = state.plan
    assert plan is not None  # noqa: S101 - the caller looked
    words = until_words(until_of(plan), now) or "nobody announced until when"
    if plan.target.run == "drain":
        return "nothing, it was put back" if state.end is End.ABORTED else f"{nodes}, {words}"
    return "nothing any more by this run" if state.end is End.DONE else f"{nodes}, until this run has ended"


def next_step(run: str, state: State) -> str:
    """What a person does next about this run, with the command."""
    plan = state.plan
    if plan is None:
        return "nothing: its journal holds no plan"
    if state.asked:
        return f"answer: pilothouse runs answer {run} {state.asked[0]} retry|skip|undo|stop"
    if state.end is None:
        if state.paused:
            return f"continue it: pilothouse runs continue {run}"
        if not state.holder:
            return f"take it over: pilothouse runs resume {run}"
        return f"watch it: pilothouse runs follow {run}"
    if plan.target.run == "drain" and state.end is End.DONE:
        return f"when the work on it is done: pilothouse rejoin {' '.join(plan.target.nodes)} --reason TEXT"
    if state.end is End.STOPPED:
        return f"it was stopped half-way: look at {', '.join(plan.target.nodes)}, then plan again"
    return f"nothing; the report: pilothouse runs report {run}"
