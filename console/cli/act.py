"""`pilothouse act PANE OBJECT [ACTION]`: what can be done to a row of a pane, and doing it through the gate.

Without ACTION it lists what there is. Answers to an action's questions are given with `--set ID=VALUE`; what is not
given is asked on a terminal, and is an error elsewhere. What destroys wants the object's name typed again (`--name`).
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from console.cli.exits import ExitCode
from console.cli.session import opened
from console.errors import NotFound, Refused, UsageError
from console.gate import YES, Consent, Deed
from console.model import InstanceId
from console.performing import phrase
from console.plugin import Ask, Pane

if TYPE_CHECKING:
    from console.runtime import Runtime


class _Chosen(Struct, frozen=True):
    """What was named on the command line: a row of a pane of an instance."""

    instance: InstanceId
    pane: Pane[Any]
    row: Any


def main(arguments: argparse.Namespace) -> int:
    """List what can be done, or do it."""
    return asyncio.run(act(arguments))


async def act(arguments: argparse.Namespace) -> int:
    """The command, inside a loop."""
    async with opened(arguments) as runtime:
        chosen = await _chosen(runtime, arguments)
        if not arguments.action:
            _list(runtime, chosen, arguments.output)
            return ExitCode.DONE
        return await _do(runtime, chosen, arguments)


async def _chosen(runtime: Runtime, arguments: argparse.Namespace) -> _Chosen:
    found = await runtime.look_up(arguments.pane, arguments.instance)
    if found is None:
        raise UsageError(f"there is no pane `{arguments.pane}`", next_step="`pilothouse get PANE` names them")
    instance, pane = found
    view = runtime.view(instance, pane.table)
    beside = [runtime.view(instance, table).table for table in pane.reads]
    problems = await runtime.ready(instance, [pane.table, *beside], arguments.timeout)
    rows = view.snapshot.rows.values()
    named = [row for row in rows if arguments.object in {pane.ref(row).name, pane.table.key(row)}]
    if len(named) > 1:
        keys = ", ".join(sorted(pane.table.key(row) for row in named)[:5])
        raise UsageError(
            f"{len(named)} rows of {pane.name} are called {arguments.object}", next_step=f"say which: {keys}"
        )
    if not named:
        why = f": {problems[0]}" if problems else ""
        raise NotFound(f"there is no {arguments.object}{why}", where=pane.name)
    return _Chosen(instance, pane, named[0])


def _list(runtime: Runtime, chosen: _Chosen, output: str) -> None:
    facts = runtime.facts(chosen.instance)
    found = [(action, action.when(chosen.row, facts), action.asks(chosen.row, facts)) for action in chosen.pane.actions]
    if output == "json":
        listed = [
            {
                "id": action.id,
                "title": action.title,
                "effect": action.effect.value,
                "disabled": why_not or "",
                "asks": [{"id": ask.id, "title": ask.title, "default": ask.default} for ask in asks],
            }
            for action, why_not, asks in found
        ]
        print(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for action, why_not, asks in found:
        needs = "  ".join(f"--set {ask.id}={'@FILE' if ask.hidden else ask.default or 'VALUE'}" for ask in asks)
        print(f"{action.id:<24} {action.effect.value:<8} {why_not or action.title}{'  ' + needs if needs else ''}")


async def _do(runtime: Runtime, chosen: _Chosen, arguments: argparse.Namespace) -> int:
    action = next((one for one in chosen.pane.actions if one.id == arguments.action), None)
    if action is None:
        known = ", ".join(one.id for one in chosen.pane.actions) or "none"
        raise UsageError(f"{chosen.pane.name} has no action `{arguments.action}`", next_step=f"actions: {known}")
    facts, subject = runtime.facts(chosen.instance), chosen.pane.ref(chosen.row)
    if why_not := action.when(chosen.row, facts):
        print(f"pilothouse: {action.id} {subject}: {why_not}", file=sys.stderr)
        return ExitCode.NO
    asks = action.asks(chosen.row, facts)
    answers = _answers(asks, _given(arguments.set))
    gate = await runtime.gate()
    if missing := await gate.missing(tuple(action.rights(chosen.row))):
        raise Refused(f"you may not {action.id} {subject}", next_step=missing)
    if arguments.dry_run:
        told = " ".join(f"{ask.id}={'(hidden)' if ask.hidden else answers[ask.id]}" for ask in asks)
        print(f"would {action.title}: {subject} of {chosen.instance}" + (f" with {told}" if told else ""))
        print("nothing was changed", file=sys.stderr)
        return ExitCode.DONE
    wanted = phrase(action.title, [subject.name])
    typed = _consent(
        gate.consent(Deed(action.id, subject, action.effect)), f"{action.title} {subject}", wanted, arguments
    )
    if typed is None:
        print("nothing was changed", file=sys.stderr)
        return ExitCode.STOPPED
    outcome = (await runtime.perform(chosen.instance, chosen.pane, action, [chosen.row], answers, typed))[0]
    if arguments.output == "json":
        print(json.dumps({"object": str(outcome.subject), "ok": outcome.ok, "text": outcome.text}, ensure_ascii=False))
    else:
        print(outcome.text, file=sys.stdout if outcome.ok else sys.stderr)
    return ExitCode.DONE if outcome.ok else ExitCode.FAILED


def _given(words: Sequence[str]) -> dict[str, str]:
    """`ID=VALUE` each. Raises UsageError."""
    wrong = next((word for word in words if "=" not in word), None)
    if wrong is not None:
        raise UsageError(f"`--set {wrong}` has no value", next_step="--set ID=VALUE")
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _answers(asks: Sequence[Ask], given: Mapping[str, str]) -> dict[str, str]:
    """An answer to each question: as given, else typed, else its default."""
    unknown = sorted(set(given) - {ask.id for ask in asks})
    if unknown:
        known = ", ".join(ask.id for ask in asks) or "nothing"
        raise UsageError(f"nobody asks for `{unknown[0]}`", next_step=f"it asks for: {known}")
    return {ask.id: _checked(ask, _read(ask, given[ask.id]) if ask.id in given else _typed(ask)) for ask in asks}


def _read(ask: Ask, given: str) -> str:
    """As given; what is hidden from a file (`@FILE`), since every process on the machine can see a command line."""
    if not ask.hidden:
        return given
    if not given.startswith("@"):
        raise UsageError(f"{ask.id} would be seen by all", next_step=f"--set {ask.id}=@FILE")
    try:
        return Path(given[1:]).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"{ask.id}: {given[1:]} cannot be read") from error


def _typed(ask: Ask) -> str:
    if sys.stdin.isatty():
        if ask.hidden:
            return getpass.getpass(f"{ask.title}: ", sys.stderr)
        hint = f" [{ask.default}]" if ask.default else f" ({'|'.join(ask.choices)})" if ask.choices else ""
        print(f"{ask.title}{hint}: ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip() or ask.default
    if not ask.default:
        raise UsageError(f"it asks: {ask.title}", next_step=f"--set {ask.id}={'@FILE' if ask.hidden else 'VALUE'}")
    return ask.default


def _checked(ask: Ask, answer: str) -> str:
    if ask.choices and answer not in ask.choices:
        raise UsageError(f"{ask.id}: `{answer}` is none of {', '.join(ask.choices)}")
    if ask.number and not answer.lstrip("-").isdigit():
        raise UsageError(f"{ask.id}: a whole number is wanted, not `{answer}`")
    return answer


def _consent(consent: Consent, title: str, wanted: str, arguments: argparse.Namespace) -> str | None:
    """What counts as typed for the gate: empty for a plain yes; None: the person does not agree."""
    if consent is Consent.NONE:
        return ""
    if arguments.name:
        return arguments.name
    if arguments.yes:
        if consent is Consent.NAME:
            raise UsageError(f"{title}: --yes is not enough", next_step=f"--name {wanted}")
        return ""
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody can be asked here", next_step=f"--name {wanted}" if consent is Consent.NAME else "--yes"
        )
    asked = wanted if consent is Consent.NAME else YES
    print(f"{title}? type `{asked}`: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != asked:
        return None
    return wanted if consent is Consent.NAME else ""
