"""`pilothouse runs ...`: see, follow, report, answer, pause, abort, take over."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from console import own, runs, telling
from console.cli.exits import ExitCode
from console.cli.following import as_json, follow, patience_of
from console.cli.session import opened
from console.errors import Refused, ServerFault, Throttled, Unreachable, UsageError
from console.format import timestamp
from console.instructing import instructions
from console.output import record, render
from console.present import sight
from console.workflow.events import Choice

if TYPE_CHECKING:
    from console.runtime import Runtime
    from console.workflow.journal import Page

_SAYS: Mapping[str, Callable[[Runtime, argparse.Namespace], Awaitable[Page]]] = {
    "pause": lambda runtime, given: runs.pause(runtime, given.id, reason=given.reason),
    "continue": lambda runtime, given: runs.proceed(runtime, given.id),
    "skip": lambda runtime, given: runs.skip(runtime, given.id, given.step, reason=given.reason),
    "answer": lambda runtime, given: runs.answer(
        runtime, given.id, given.step, choice=Choice(given.choice), reason=given.reason
    ),
}
"""What a person says to a run."""
_ROWS_WITHIN = 10.0
"""Seconds after which the pods are told as the journal knows them."""


def main(arguments: argparse.Namespace) -> int:
    """Do one of the verbs."""
    return asyncio.run(_runs(arguments))


async def _runs(arguments: argparse.Namespace) -> int:
    async with opened(arguments) as runtime:
        verb = arguments.verb
        if verb == "list":
            await _list(runtime, arguments.output)
            return ExitCode.DONE
        if verb == "show":
            await _show(runtime, arguments.id, arguments.output)
            return ExitCode.DONE
        if verb in _SAYS:
            await _SAYS[verb](runtime, arguments)
        elif verb == "abort":
            return await _abort(runtime, arguments)
        elif verb == "release":
            print(await runs.release(runtime, arguments.id, reason=arguments.reason))
        elif verb == "report":
            sys.stdout.write(await telling.report(runtime, arguments.id))
        elif verb == "resume":
            await _resume(runtime, arguments.id)
            return await follow(runtime, arguments.id, arguments.output, patience=patience_of(arguments))
        elif verb == "follow":
            return await follow(runtime, arguments.id, arguments.output, patience=patience_of(arguments))
        elif verb == "note":
            sys.stdout.write(await telling.note(runtime, arguments.id))
        return ExitCode.DONE


async def _found(runtime: Runtime, name: str) -> tuple[Page, Mapping[str, str], bool]:
    """The run, what a person has to do for it, and True; where no server answers, what this host last heard of it."""
    try:
        page = await runs.look(runtime, name)
        return page, await instructions(runtime, page), True
    except (Unreachable, ServerFault, Throttled) as error:
        page = runs.local(name)
        heard = timestamp(page.stored.changed_at)
        print(f"pilothouse: {error}; this is the copy of this host, of {heard}", file=sys.stderr)
        return page, {}, False


async def _abort(runtime: Runtime, arguments: argparse.Namespace) -> int:
    """Say what would be put back and what stays as it is, ask, abort."""
    for line in runs.undoing(runtime, (await runs.look(runtime, arguments.id)).state):
        print(f"  {line}", file=sys.stderr)
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody can be asked here", next_step="give --yes")
        print(f"abort {arguments.id}? type `abort`: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() != "abort":
            print("the run goes on", file=sys.stderr)
            return ExitCode.STOPPED
    await runs.abort(runtime, arguments.id, reason=arguments.reason)
    return ExitCode.DONE


async def _resume(runtime: Runtime, name: str) -> None:
    page = await runs.look(runtime, name)
    if page.state.end is not None:
        raise Refused(f"run {name} has ended ({page.state.end.value})")
    pid = runs.resume(runtime, name)
    print(f"pilothouse: runner {pid} takes run {name} as soon as no other one holds it", file=sys.stderr)


async def _list(runtime: Runtime, output: str) -> None:
    pane = own.PANES[0]
    store = await runtime.offer(lambda offers: offers.journal)
    rows = sorted((own.run_row(stored) for stored in await store.list()), key=lambda row: -row.began)
    if output == "json":
        print(json.dumps([record(pane, row, runtime.fence) for row in rows], indent=2, ensure_ascii=False))
    else:
        sys.stdout.write(render(pane, rows, "table", now=runtime.clock.now(), fence=runtime.fence))


async def _show(runtime: Runtime, name: str, output: str) -> None:
    page, to_do, there = await _found(runtime, name)
    if output == "json":
        seen = await sight(runtime, page, within=_ROWS_WITHIN) if there else None
        told = as_json(page, runtime.clock.now(), seen)
        if to_do:
            told["instructions"] = dict(to_do)
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    told = as_json(page, runtime.clock.now())
    print(f"run {told['run']}  {told['kind']} {', '.join(told['nodes'])}  {told['status']}  by {told['author']}")
    print(f'"{told["reason"]}"  began {told["began"]}  runner {told["runner"] or "none"}, fencing {told["fencing"]}')
    progress = told["progress"]
    print(f"{progress['done']} of {progress['of']} steps, {progress['estimate']}{_until(told['until'])}")
    for each in told["waiting"]:
        print(f"{each['title']} {'asks' if each['asks'] else 'waits'} since {each['since']}: {each['text']}")
    for step in told["steps"]:
        words = step["question"] or step["waits"] or step["evidence"] or step["error"]
        print(f"  {step['status']:<9} {step['title']}{'  ' + words if words else ''}")
    for text in to_do.values():
        print(f"\n{text}\n")
    if page.state.now:
        print(f"last change {timestamp(page.state.now)}")


def _until(stamp: str | None) -> str:
    return f", announced to be out until {stamp}" if stamp else ""
