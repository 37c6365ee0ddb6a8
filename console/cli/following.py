"""A run as lines while it goes on: one line a change of a step, waits as sentences, and how it ended."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from console import own, runs
from console.cli.ending import Ending, ending
from console.cli.exits import ExitCode
from console.errors import SourceError
from console.format import clock_time, elapsed, timestamp
from console.notifying import terminal_bytes
from console.present import Sight, rows
from console.telling import left
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
_ORDERLY = {0, 6}
"""Exit codes of a runner whose run ended, or that was asked to leave, or that another one followed."""
_LOOK_EVERY = 0.2


async def follow(runtime: Runtime, name: str, output: str = "text", *, patience: float | None = None) -> int:
    """Print until the run ends; its exit code. Progress goes to stderr when the result is JSON.

    `patience`: seconds that a question of the run may stay without an answer; then this ends too, with DECIDE, and the
    run waits on. None: for as long as it takes. A runner of this process that fails ends it with FAILED.
    """
    with ending(name, runs.STARTED) as runner:
        following = _Following(runtime, name, output, runner)
        code = await following.until(patience)
    state = following.state
    for each in left(runtime, name, state):
        print(f"pilothouse: left behind: {each}", file=sys.stderr)
    if output == "json":
        page = await runs.look(runtime, name)
        print(json.dumps(as_json(page, runtime.clock.now()), indent=2, ensure_ascii=False))
    elif state.end is not None and state.plan is not None:
        print(f"run {name} {state.end.value} after {elapsed(state.ended_at - state.plan.at)}", file=sys.stdout)
    return code


def patience_of(arguments: argparse.Namespace) -> float | None:
    """What the arguments say of waiting for answers; by itself a person at a terminal waits, a script does not."""
    said: float | None = arguments.wait_for_answers
    if said is not None:
        return said
    return None if sys.stdin.isatty() else 0.0


class _Following:
    """One run while it is followed: its newest state, and what ends the following of it."""

    def __init__(self, runtime: Runtime, name: str, output: str, runner: Ending) -> None:
        self.state = State()
        self._runtime = runtime
        self._name = name
        self._stream = sys.stderr if output == "json" else sys.stdout
        self._runner = runner
        self._seen: dict[str, str] = {}

    async def until(self, patience: float | None) -> ExitCode:
        """Follow until the run ends, or until one of the other ends (see `follow`)."""
        settings, clock = self._runtime.settings.notify, self._runtime.clock
        watching = Watching(self._name, lambda: self.state, settings, clock, also=_ring)
        ends = [asyncio.create_task(self._read(watching)), asyncio.create_task(self._left_alone(patience))]
        telling = asyncio.create_task(watching.keep())
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return next(task for task in ends if task.done()).result()
        finally:
            over: list[asyncio.Task[Any]] = [*ends, telling]
            for task in over:
                task.cancel()
            await asyncio.gather(*over, return_exceptions=True)

    async def _read(self, watching: Watching) -> ExitCode:
        async for page in runs.follow(self._runtime, self._name, hurry=self._runner.happened):
            if isinstance(page, SourceError):
                self._print(self._runtime.clock.now(), f"cannot read the journal: {page}")
                continue
            self.state = page.state
            for line in _news(self.state, self._seen):
                self._print(self.state.now or self._runtime.clock.now(), line)
            await watching.once()
        return _ENDS[self.state.end] if self.state.end is not None else ExitCode.FAILED

    async def _left_alone(self, patience: float | None) -> ExitCode:
        """A question that nobody answers in time, or a runner that failed."""
        clock, asked_at = self._runtime.clock, 0.0
        while True:
            await clock.sleep(_LOOK_EVERY)
            now = clock.monotonic()
            asked_at = (asked_at or now) if self.state.asked and self.state.end is None else 0.0
            if patience is not None and asked_at and now - asked_at >= patience:
                for line in _unanswered(self._name, self.state):
                    print(line, file=sys.stderr)
                return ExitCode.DECIDE
            if self._runner.happened.is_set() and self._runner.code not in {None, *_ORDERLY}:
                print(f"pilothouse: the runner of run {self._name} failed; see {runs.log(self._name)}", file=sys.stderr)
                print(f"pilothouse: then `pilothouse runs resume {self._name}`", file=sys.stderr)
                return ExitCode.FAILED

    def _print(self, at: float, line: str) -> None:
        print(f"{clock_time(at)} {line}", file=self._stream, flush=True)


def _unanswered(run: str, state: State) -> list[str]:
    """Which questions wait, and how they are answered."""
    lines = [f"pilothouse: run {run} asks, and nobody is here to answer; it waits until somebody does:"]
    for step in state.asked:
        lines += [
            f"  {state.step(step).title}: {state.steps[step].question}",
            f"    pilothouse runs answer {run} {step} retry|skip|undo|stop",
        ]
    return [*lines, f"pilothouse: then `pilothouse runs follow {run}`"]


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


def as_json(page: Page, now: float = 0.0, sight: Sight | None = None) -> dict[str, Any]:
    """A run for machines. Keys are never renamed; times are RFC 3339, spans in seconds. `now` 0: its last change.

    `sight`: what is seen on its nodes now; without it the pods are as the journal tells of them.
    """
    seen = sight or Sight()
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
            for pod in rows(pods(state), seen.things)
        ],
        "unseen": list(seen.missing),
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
