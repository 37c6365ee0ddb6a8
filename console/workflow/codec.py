"""Facts as JSON lines: one object a fact, after a header line with the schema version.

Owns the written form of a journal. Refuses a newer schema (an older console must not guess what a newer one meant) and
lines that are not facts. Nothing that is written here is ever renamed; see SCHEMA when a fact's meaning changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

from msgspec.structs import asdict

from console.errors import BadAnswer, Refused
from console.model import NodeName
from console.plugin import Effect, Right, Target
from console.workflow import events
from console.workflow.events import Choice, End, Fact, Planned
from console.workflow.steps import Phase, Step

SCHEMA = 1
"""Version of the written form; raised when an older console would misread it."""

_NAMES: dict[str, type[Any]] = {
    "planned": events.Planned,
    "claimed": events.Claimed,
    "released": events.Released,
    "remembered": events.Remembered,
    "intent": events.Intent,
    "sent": events.Sent,
    "waiting": events.Waiting,
    "done": events.StepDone,
    "failed": events.Failed,
    "asked": events.Asked,
    "answered": events.Answered,
    "undone": events.Undone,
    "paused": events.Paused,
    "continued": events.Continued,
    "aborted": events.Aborted,
    "finished": events.Finished,
}
_WORDS = {kind: word for word, kind in _NAMES.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the fact, its number in the journal, and the fencing number of its writer (0: a person's answer)."""

    number: int
    fencing: int
    fact: Fact


def word(fact: Fact) -> str:
    """The word by which journal, screens and scripts know this fact."""
    return _WORDS[type(fact)]


def header(run: str) -> str:
    """The first line of a journal."""
    return _line({"schema": SCHEMA, "run": run})


def encode(entry: Entry) -> str:
    """One line, without its line end."""
    fact = entry.fact
    content: dict[str, Any] = {"n": entry.number, "under": entry.fencing, "fact": word(fact)}
    if isinstance(fact, Planned):
        return _line(content | _plan(fact))
    return _line(content | {field.name: getattr(fact, field.name) for field in fields(fact)})


def decode(text: str) -> tuple[Entry, ...]:
    """All facts of a journal's text. Raises Refused for a newer schema, BadAnswer for what is not a journal."""
    head, *lines = text.splitlines() or [""]
    try:
        schema = _read(head).get("schema")
    except ValueError as error:
        raise BadAnswer(f"a journal begins with its schema, not with {head[:40]!r}") from error
    if not isinstance(schema, int):
        raise BadAnswer(f"a journal begins with its schema, not with {head[:40]!r}")
    if schema > SCHEMA:
        raise Refused(
            f"the journal was written in schema {schema}, this console knows {SCHEMA}",
            next_step="use the console version that wrote it, or a newer one",
        )
    return tuple(_entry(line, number) for number, line in enumerate(lines, start=2) if line)


def run_of(text: str) -> str:
    """The run that a journal's header names; empty where it is not a journal."""
    try:
        return str(_read(text.split("\n", 1)[0]).get("run", ""))
    except ValueError:
        return ""


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _read(line: str) -> dict[str, Any]:
    content: object = json.loads(line)
    if not isinstance(content, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for all that is not a journal line
    return cast("dict[str, Any]", content)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    raise TypeError(f"{type(value).__name__} is not written into a journal")


def _entry(line: str, number: int) -> Entry:
    try:
        content = _read(line)
        kind = _NAMES[content.pop("fact")]
        position, fencing = int(content.pop("n")), int(content.pop("under"))
        return Entry(position, fencing, _FACTS.get(kind, lambda fields: kind(**fields))(content))
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"line {number} of the journal is not a fact: {error}") from error


def _plan(fact: Planned) -> dict[str, Any]:
    target = fact.target
    return {
        "at": fact.at,
        "target": {
            "run": target.run,
            "nodes": list(target.nodes),
            "options": dict(target.options),
            "decisions": sorted(target.decisions),
        },
        "steps": [step_json(step) for step in fact.steps],
        "author": fact.author,
        "origin": fact.origin,
        "reason": fact.reason,
        "version": fact.version,
        "proof": dict(fact.proof),
        "verdict": list(fact.verdict),
    }


def step_json(step: Step) -> dict[str, Any]:
    """A step with all its parameters, as plans and journals write it."""
    return {
        "id": step.id,
        "title": step.title,
        "system": step.system,
        "instance": step.instance,
        "kind": step.kind,
        "phase": step.phase.name,
        "params": dict(step.params),
        "after": list(step.after),
        "effect": step.effect.value,
        "timeout": step.timeout,
        "every": step.every,
        "rights": [asdict(right) for right in step.rights],
    }


def _step(content: dict[str, Any]) -> Step:
    typed: dict[str, Any] = {
        "phase": Phase[content["phase"]],
        "after": tuple(content["after"]),
        "effect": Effect(content["effect"]),
        "rights": tuple(Right(**right) for right in content["rights"]),
    }
    return Step(**(content | typed))


def _planned(content: dict[str, Any]) -> Planned:
    target: dict[str, Any] = content["target"]
    nodes: Sequence[str] = target["nodes"]
    typed: dict[str, Any] = {
        "target": Target(
            run=target["run"],
            nodes=tuple(NodeName(node) for node in nodes),
            options=target["options"],
            decisions=frozenset(target["decisions"]),
        ),
        "steps": tuple(_step(step) for step in content["steps"]),
        "verdict": tuple(content["verdict"]),
    }
    return Planned(**(content | typed))


def _answered(content: dict[str, Any]) -> Fact:
    typed: dict[str, Any] = {"choice": Choice(content["choice"])}
    return events.Answered(**(content | typed))


def _finished(content: dict[str, Any]) -> Fact:
    typed: dict[str, Any] = {"end": End(content["end"])}
    return events.Finished(**(content | typed))


_FACTS: dict[type[Any], Callable[[dict[str, Any]], Fact]] = {
    events.Planned: _planned,
    events.Answered: _answered,
    events.Finished: _finished,
}
