"""A run as lines while it goes on: one line a change of a step, waits as sentences, and how it ended."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from console import own, runs
from console.cli.exits import ExitCode
from console.errors import SourceError
from console.format import clock_time, elapsed, timestamp
from console.notifying import terminal_bytes
from console.workflow.codec import step_json
from console.workflow.events import End
from console.workflow.journal import Page
from console.workflow.note import until_of
from console.workflow.notices import Notice
from console.workflow.progress import estimate, pods, run_waits, standing
from console.workflow.state import SETTLED, State, StepState
from console.workflow.watching import Watching

if TYPE_CHECKING:
    from console.runtime import Runtime

_ENDS = {End.DONE: ExitCode.DONE, End.ABORTED: ExitCode.STOPPED, End.STOPPED: ExitCode.STOPPED}


async def follow(runtime: Runtime, name: str, output: str = "text") -> int:
    """Print until the run ends; its exit code. Progress goes to stderr when the result is JSON."""
    stream = sys.stderr if output == "json" else sys.stdout
    seen: dict[str, str] = {}
    state = State()
    watching = Watching(name, lambda: state, runtime.settings.notify, runtime.clock, also=_ring)
    telling = asyncio.create_task(watching.keep())
    try:
        async for page in runs.follow(runtime, name):
            if isinstance(page, SourceError):
                print(f"{clock_time(runtime.clock.now())} cannot read the journal: {page}", file=stream, flush=True)
                continue
            state = page.state
            for line in _news(state, seen):
                print(f"{clock_time(state.now or runtime.clock.now())} {line}", file=stream, flush=True)
            await watching.once()
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    if output == "json":
        page = await runs.look(runtime, name)
        print(json.dumps(as_json(page, runtime.clock.now()), indent=2, ensure_ascii=False))
    elif state.end is not None and state.plan is not None:
        print(f"run {name} {state.end.value} after {elapsed(state.ended_at - state.plan.at)}", file=stream)
    return _ENDS[state.end] if state.end is not None else ExitCode.FAILED


def _ring(notice: Notice) -> None:
    """The bell and OSC 9, where a person sits."""
    if sys.stderr.isatty():
        sys.stderr.write(terminal_bytes(notice))
        sys.stderr.flush()


def _news(state: State, seen: dict[str, str]) -> list[str]:
    """What was not said yet: a line for the run itself, and one for each step that changed."""
    lines: list[str] = []
    news = [("run", _of_run(state))]
    news += [(step, _line(state, step, now)) for step, now in state.steps.items()]
    for key, line in news:
        if line and seen.get(key) != line:
            seen[key] = line
            over = key in state.steps and state.steps[key].status in SETTLED
            lines.append(f"[{state.finished}/{len(state.steps)}] {line}" if over else line)
    return lines


def _of_run(state: State) -> str:
    if state.paused:
        return f"paused by {state.paused}"
    if state.aborted and state.end is None:
        return f"aborted by {state.aborted}: changes are put back"
    return f"..  {waits}" if (waits := run_waits(state)) else ""


def _line(state: State, name: str, step: StepState) -> str:
    title = state.step(name).title
    if step.question:
        return f"?  {title}: {step.question}; answer with `pilothouse runs answer RUN {name} retry|skip|undo|stop`"
    if step.status in SETTLED:
        words = step.evidence or step.skipped_because
        return f"{'ok' if step.status.value == 'done' else step.status.value}  {title}{': ' + words if words else ''}"
    if step.waiting:
        return f"..  {title}: {step.waiting}"
    if step.error:
        return f"!!  {title}: {step.error}"
    return f"->  {title}" if step.status.value in {"intended", "sent"} else ""


def as_json(page: Page, now: float = 0.0) -> dict[str, Any]:
    """A run for machines. Keys are never renamed; times are RFC 3339, spans in seconds. `now` 0: its last change."""
    state, plan = page.state, page.state.plan
    guess = estimate(state, now or state.now)
    until = until_of(plan) if plan else 0.0
    return {
        "run": page.run,
        "kind": plan.target.run if plan else "",
        "nodes": list(plan.target.nodes) if plan else [],
        "status": own.status(state),
        "author": plan.author if plan else "",
        "reason": plan.reason if plan else "",
        "began": timestamp(plan.at) if plan else None,
        "ended": timestamp(state.ended_at) if state.end is not None else None,
        "runner": state.holder,
        "fencing": state.fencing,
        "waits": run_waits(state),
        "until": timestamp(until) if until else None,
        "progress": {
            "done": state.finished,
            "of": len(state.steps),
            "seconds_left": guess.seconds,
            "estimate": guess.text,
        },
        "waiting": [
            {
                "step": each.step,
                "title": each.title,
                "text": each.text,
                "since": timestamp(each.since),
                "asks": each.asks,
            }
            for each in standing(state, page.entries)
        ],
        "pods": [
            {
                "namespace": pod.namespace,
                "name": pod.name,
                "state": pod.state,
                "since": timestamp(pod.since) if pod.since else None,
                "why": pod.why,
                "step": pod.step,
            }
            for pod in pods(state)
        ],
        "steps": [
            {
                **step_json(step),
                "status": state.steps[step.id].status.value,
                "waits": state.steps[step.id].waiting,
                "question": state.steps[step.id].question,
                "evidence": state.steps[step.id].evidence,
                "error": state.steps[step.id].error,
            }
            for step in (plan.steps if plan else ())
        ],
    }
