"""A run as lines: its steps with state, evidence and time; what it waits for, as sentences; what it asks. Pure."""

from __future__ import annotations

from textual.content import Content

from console.format import age, elapsed
from console.model import Tone
from console.plugin import Cell
from console.text import clean
from console.workflow.state import SETTLED, State, Status, StepState
from console.workflow.steps import Step
from screens.paint import Paint, Part, fit, span

_TONES = {
    Status.TODO: Tone.MUTED,
    Status.INTENDED: Tone.BUSY,
    Status.SENT: Tone.BUSY,
    Status.DONE: Tone.OK,
    Status.SKIPPED: Tone.WARN,
    Status.UNDONE: Tone.MUTED,
}
TITLE = 26
"""Cells for a step's title."""


def tone_of(step: StepState) -> Tone:
    """What the state of a step means."""
    if step.question or step.error:
        return Tone.BAD
    return Tone.BUSY if step.undoing else _TONES[step.status]


def words(step: StepState) -> str:
    """What is known of a step, in a few words: the question, the wait, the evidence, the error."""
    if step.question:
        return f"asks: {step.question}"
    if step.undoing:
        return "is being put back"
    if step.status in SETTLED:
        return step.evidence or step.status.value
    return step.waiting or step.error or step.evidence or ("" if step.status is Status.TODO else step.status.value)


def took(step: StepState, now: float) -> str:
    """How long it took, or has been going on."""
    if not step.begun:
        return ""
    end = step.since if step.status in SETTLED else now
    return elapsed(max(0.0, end - step.begun)) if step.status in SETTLED else age(step.begun, now)


def step_line(paint: Paint, step: Step, state: StepState, *, now: float, cells: int) -> Content:
    """One step on one line, time at the right."""
    tone, time = tone_of(state), took(state, now)
    glyph = paint.glyphs.of(tone) or " "
    title = min(TITLE, max(12, cells // 3))
    room = max(0, cells - title - span(time) - 5)
    said = fit(clean(words(state)), room, ellipsis=paint.glyphs.ellipsis)
    named = fit(clean(step.title), title, ellipsis=paint.glyphs.ellipsis)
    role = "plain" if tone is Tone.OK else tone.value
    return paint.line(
        (f"{glyph} ", tone.value), (named, role), " ", (said, "muted" if tone is Tone.OK else role), f" {time}"
    )


def step_lines(paint: Paint, state: State, *, now: float, cells: int) -> list[Content]:
    """All steps in the order of the plan."""
    steps = state.plan.steps if state.plan is not None else ()
    return [step_line(paint, step, state.steps[step.id], now=now, cells=cells) for step in steps]


def wait_lines(paint: Paint, state: State, *, now: float) -> list[Content]:
    """What the run waits for or asks now, as sentences; how it ended when it has."""
    lines: list[Content] = []
    if state.end is not None:
        ok = state.end.value == "done"
        lines.append(paint.line(Cell(f"ended: {state.end.value}", Tone.OK if ok else Tone.WARN)))
    if state.paused:
        lines.append(paint.line(Cell(f"paused by {clean(state.paused)}: nothing new is begun", Tone.WARN)))
    if state.aborted and state.end is None:
        lines.append(paint.line(Cell(f"aborted by {clean(state.aborted)}: changes are put back", Tone.WARN)))
    if state.waiting and state.end is None:
        lines.append(_sentence(paint, "the run", state.waiting, age(state.waiting_at or None, now)))
    for name, step in state.steps.items():
        title = clean(state.step(name).title)
        if step.question:
            lines.append(paint.line(Cell(f"{title} asks:", Tone.BAD), f" {clean(step.question, 400)}"))
        elif step.waiting and step.status not in SETTLED:
            lines.append(_sentence(paint, title, step.waiting, age(step.waiting_at or None, now)))
        if step.error and step.status not in SETTLED:
            lines.append(paint.line((f"  {clean(step.error, 400)}", "bad")))
    return lines


def _sentence(paint: Paint, who: str, why: str, since: str) -> Content:
    parts: list[Part] = [Cell(f"{who} waits:", Tone.BUSY), f" {clean(why, 400)}", (f"  ({since})", "muted")]
    return paint.line(*parts)
