"""`pilothouse plan drain|rejoin NODE...`: what a run would meet and do; the exit code says whether it may start."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING

from console import runs
from console.cli.session import opened
from console.errors import SourceError
from console.plugin import Target
from console.workflow import planview
from console.workflow.plan import Plan

if TYPE_CHECKING:
    from console.runtime import Runtime


def main(arguments: argparse.Namespace) -> int:
    """Print the plan; 0 safe, 3 decisions needed, 4 no, 5 unknown."""
    return asyncio.run(_plan(arguments))


def target_of(arguments: argparse.Namespace) -> Target:
    """What the arguments ask for."""
    decisions = [word for text in arguments.decide for word in text.split(",") if word]
    options = {} if arguments.grace_period is None else {"grace_period": arguments.grace_period}
    return runs.target(arguments.run, arguments.nodes, decisions=decisions, options=options)


async def _plan(arguments: argparse.Namespace) -> int:
    async with opened(arguments) as runtime:
        made = await runs.plan(runtime, target_of(arguments), within=arguments.timeout)
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
