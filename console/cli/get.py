"""`pilothouse get PANE`: what a pane shows, for scripts; with --watch, what changes."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from console import beside
from console.cli.exits import ExitCode
from console.cli.session import opened
from console.errors import NotFound, UsageError
from console.filtering import Filter, parse_filter
from console.model import Delta, Snapshot, SourceState
from console.output import RowSubject, chosen, ordered, record, render
from console.plugin import Pane

if TYPE_CHECKING:
    from console.runtime import Runtime
    from console.store import View

_BESIDE = 5.0
"""Seconds for which rows wait at most for what stands beside them in tables of their own."""


def main(arguments: argparse.Namespace) -> int:
    """Print once, or watch until interrupted."""
    return asyncio.run(get(arguments))


async def get(arguments: argparse.Namespace) -> int:
    """The command, inside a loop."""
    line = parse_filter(" ".join(filter(None, [arguments.filter, _scope(arguments)])))
    async with opened(arguments) as runtime:
        found = await runtime.look_up(arguments.pane, arguments.instance)
        if found is None:
            raise _unknown(runtime, arguments)
        instance, pane = found
        if limits := pane.limits.get(arguments.pane):
            line = parse_filter(" ".join([*(f"{name}={value}" for name, value in limits.items()), line.line]))
        view = runtime.view(instance, pane.table)
        others = [runtime.view(instance, table).table for table in beside.tables(pane)]
        problems = await runtime.ready(instance, [pane.table], arguments.timeout)
        await runtime.ready(instance, others, min(_BESIDE, arguments.timeout))  # without them their cells say so
        if problems and not view.snapshot.rows:
            print(f"pilothouse: {problems[0]}", file=sys.stderr)
            return ExitCode.UNKNOWN
        rows = _rows(runtime, pane, view.snapshot, line, arguments)
        if arguments.name and not rows and not arguments.watch:
            raise NotFound(f"there is no {arguments.name}", where=pane.name)
        sys.stdout.write(_text(runtime, pane, rows, arguments))
        for text in filter(None, [*problems, view.snapshot.note]):
            print(f"pilothouse: {text}", file=sys.stderr)
        if arguments.watch:
            await _watch(runtime, pane, view, (line, arguments))
        return ExitCode.UNKNOWN if problems else ExitCode.DONE


def _unknown(runtime: Runtime, arguments: argparse.Namespace) -> UsageError:
    """Of which instances there is such a pane, or which panes there are; and what could not be looked for."""
    named = [one.id for one in runtime.instances if arguments.pane in {pane.name for pane in runtime.panes(one.id)}]
    if named:
        known = ", ".join(instance.name for instance in named)
        return UsageError(f"no instance `{arguments.instance}` has {arguments.pane}", next_step=f"instances: {known}")
    names = ", ".join(sorted({pane.name for one in runtime.instances for pane in runtime.panes(one.id)}))
    failed = "".join(f"; {system} could not be looked for: {why}" for system, why in runtime.searching.failed.items())
    return UsageError(f"there is no pane or kind `{arguments.pane}`{failed}", next_step=f"panes: {names}")


def _scope(arguments: argparse.Namespace) -> str:
    namespace = getattr(arguments, "namespace", None)
    return f"namespace={namespace}" if namespace else ""


def _rows(
    runtime: Runtime, pane: Pane[Any], snapshot: Snapshot[Any], line: Filter, arguments: argparse.Namespace
) -> list[Any]:
    rows = chosen(pane, snapshot.rows.values(), line, now=runtime.clock.now(), fence=runtime.fence)
    if arguments.name:
        rows = [row for row in rows if arguments.name in {pane.ref(row).name, pane.table.key(row)}]
    if arguments.sort:
        titles = [column.title for column in pane.columns]
        if arguments.sort.removeprefix("-").upper() not in [title.upper() for title in titles]:
            raise UsageError(f"{pane.name} has no column `{arguments.sort}`", next_step=f"columns: {', '.join(titles)}")
        rows = ordered(pane, rows, arguments.sort, runtime.fence)
    return rows


def _text(runtime: Runtime, pane: Pane[Any], rows: list[Any], arguments: argparse.Namespace) -> str:
    if arguments.watch and arguments.output == "json":
        return "".join(_event("is", record(pane, row, runtime.fence)) for row in rows)
    return render(pane, rows, arguments.output, now=runtime.clock.now(), fence=runtime.fence)


def _event(kind: str, content: dict[str, Any]) -> str:
    return json.dumps({"event": kind, **content}, ensure_ascii=False) + "\n"


async def _watch(
    runtime: Runtime, pane: Pane[Any], view: View[Any], chosen_by: tuple[Filter, argparse.Namespace]
) -> None:
    line, arguments = chosen_by
    printer = _Printer(runtime, pane, line, arguments)
    printer.state = view.snapshot.state
    view.subscribe(printer.take)
    await asyncio.Event().wait()


class _Printer:
    """Prints what a publication changed; the first one, with everything, was printed already."""

    def __init__(self, runtime: Runtime, pane: Pane[Any], line: Filter, arguments: argparse.Namespace) -> None:
        self.state = SourceState.LOADING
        self._runtime = runtime
        self._pane = pane
        self._line = line
        self._arguments = arguments
        self._first = True

    def take(self, snapshot: Snapshot[Any], delta: Delta) -> None:
        if snapshot.state is not self.state:
            self.state = snapshot.state
            why = f": {snapshot.error}" if snapshot.error else ""
            print(f"pilothouse: {self._pane.name} is {snapshot.state.value}{why}", file=sys.stderr, flush=True)
        if self._first:
            self._first = False
            return
        fence, now = self._runtime.fence, self._runtime.clock.now()
        rows = [snapshot.rows[key] for key in sorted(delta.added | delta.changed) if key in snapshot.rows]
        kept = [row for row in rows if self._line.accepts(RowSubject(self._pane, row, now, fence))]
        if self._arguments.name:
            kept = [row for row in kept if self._pane.ref(row).name == self._arguments.name]
        if self._arguments.output == "json":
            text = "".join(_event("changed", record(self._pane, row, fence)) for row in kept)
            text += "".join(_event("gone", {"key": key}) for key in sorted(delta.removed))
        else:
            text = render(self._pane, kept, self._arguments.output, now=now, fence=fence) if kept else ""
            if self._arguments.output in {"table", "wide", "csv"}:
                text = text.partition("\n")[2]
            text += "".join(f"{key}  gone\n" for key in sorted(delta.removed))
        sys.stdout.write(text)
        sys.stdout.flush()
