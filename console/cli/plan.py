"""`pilothouse plan drain|rejoin NODE...`: what a run would meet and do; the exit code says whether it may start."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from console import runs
from console.cli.session import opened
from console.errors import SourceError, UsageError
from console.plugin import Json, Target
from console.selector import parse_selector
from console.ways import wrong_name
from console.workflow import planview
from console.workflow.plan import Plan

if TYPE_CHECKING:
    from console.runtime import Runtime

_OPTIONS = (
    "grace-period",
    "timeout",
    "pod-selector",
    "delete-emptydir-data",
    "force",
    "disable-eviction",
    "skip-wait-for-delete-timeout",
    "way",
    "new-name",
)
"""The options of a drain (kubectl's names) and of a rejoin; they are frozen in the plan under these names."""


def main(arguments: argparse.Namespace) -> int:
    """Print the plan; 0 safe, 3 decisions needed, 4 no, 5 unknown."""
    return asyncio.run(_plan(arguments))


def target_of(arguments: argparse.Namespace, more: Mapping[str, Json] | None = None) -> Target:
    """What the arguments ask for; `more` are options that only a run has."""
    decisions = [word for text in arguments.decide for word in text.split(",") if word]
    given = {option: getattr(arguments, option.replace("-", "_"), None) for option in _OPTIONS}
    if given["pod-selector"]:
        parse_selector(given["pod-selector"])  # a slip is said before anything is asked of a server
    if given["new-name"] and (given["way"] != "replaced" or len(arguments.nodes) > 1):
        raise UsageError("--new-name is for one node that is replaced", next_step="--way replaced --new-name NODE")
    if given["new-name"] and (wrong := wrong_name(given["new-name"])):
        raise UsageError(wrong, where="--new-name")
    options: dict[str, Json] = {option: value for option, value in given.items() if value is not None}
    options |= dict(more or {})
    return runs.target(arguments.run, arguments.nodes, decisions=decisions, options=options)


async def _plan(arguments: argparse.Namespace) -> int:
    async with opened(arguments) as runtime:
        made = await runs.plan(runtime, target_of(arguments), within=arguments.within)
        missing = await _lacking(runtime, made)
    if missing:
        print(f"pilothouse: you may look, but not {arguments.run}: {missing}", file=sys.stderr)
    if arguments.output == "json":
        print(json.dumps(planview.as_json(made), indent=2, ensure_ascii=False))
    else:
        print(planview.as_text(made))
    return made.exit_code


async def _lacking(runtime: Runtime, made: Plan) -> str:
    """Asked beside the plan: a server that does not answer is the plan's news."""
    try:
        return await runs.lacking(runtime, made)
    except SourceError:
        return ""
