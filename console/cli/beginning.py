"""A drain or a rejoin from the command line: plan, ask, begin, follow."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING

from console import runs
from console.cli.exits import ExitCode
from console.cli.following import follow, patience_of
from console.cli.plan import target_of
from console.cli.session import opened
from console.errors import Refused, UsageError
from console.gate import YES
from console.moments import moment
from console.plugin import Effect
from console.workflow import planview
from console.workflow.plan import Plan, refuse
from console.workflow.standby import Standby

if TYPE_CHECKING:
    from console.runtime import Runtime


async def drain(arguments: argparse.Namespace, standby: Standby) -> int:
    """Run it; the exit code tells how it ended, or why it may not start. `standby` gets the run."""
    async with opened(arguments) as runtime:
        made = await _planned(runtime, arguments)
        if arguments.output == "text" or made.exit_code:
            print(planview.as_text(made), file=sys.stderr)
        if made.exit_code == ExitCode.DECIDE and sys.stdin.isatty():
            made = _decided(made)
        if made.exit_code:
            if arguments.output == "json":
                print(json.dumps(planview.as_json(made), indent=2, ensure_ascii=False))
            return made.exit_code
        refuse(made)
        if missing := await runs.lacking(runtime, made):
            raise Refused(f"you may not {made.target.run} {', '.join(made.target.nodes)}", next_step=missing)
        given = _consent(runtime, made, arguments)
        if not given:
            print("nothing was changed", file=sys.stderr)
            return ExitCode.STOPPED
        name = await runs.begin(runtime, made, reason=arguments.reason, given=given, standby=standby)
        print(f"pilothouse: run {name}; it goes on by itself: pilothouse runs follow {name}", file=sys.stderr)
        if arguments.detach:
            print(json.dumps({"run": name}) if arguments.output == "json" else name)
            return ExitCode.DONE
        return await follow(runtime, name, arguments.output, patience=patience_of(arguments))


async def _planned(runtime: Runtime, arguments: argparse.Namespace) -> Plan:
    """The plan; what beginning it needs is got meanwhile."""
    announced = getattr(arguments, "until", "")
    options = {"until": moment(announced, runtime.clock.now())} if announced else {}
    warming = asyncio.create_task(runs.warm(runtime))
    try:
        return await runs.plan(runtime, target_of(arguments, options), within=arguments.within)
    finally:
        warming.cancel()  # what it has is kept, the rest is asked again
        await asyncio.gather(warming, return_exceptions=True)


def _decided(made: Plan) -> Plan:
    """Ask for each open decision by its name; what is not typed stays open."""
    taken = set(made.target.decisions)
    for decision in dict.fromkeys(reason.decision for reason in made.undecided):
        for reason in made.undecided:
            if reason.decision == decision:
                print(f"  {reason.text}", file=sys.stderr)
        print(f"agree? type `{decision}`: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() == decision:
            taken.add(decision)
    return runs.decided(made, sorted(taken))


def _consent(runtime: Runtime, made: Plan, arguments: argparse.Namespace) -> str:
    """YES, a typed name, or nothing."""
    nodes = ",".join(made.target.nodes)
    if arguments.name:
        return arguments.name
    production = runtime.settings.is_production(runtime.platform.name)
    destroys = any(step.effect is Effect.DESTROY for step in made.steps)
    if arguments.yes:
        if production or destroys:
            why = f"{runtime.platform.name} is a production context" if production else f"it deletes Node {nodes}"
            raise UsageError(f"{why}: --yes is not enough", next_step=f"--name {nodes}")
        return YES
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here", next_step="give --yes")
    wanted = nodes if production or destroys else "yes"
    print(
        f"{made.target.run} {nodes} in {runtime.platform.name}? type `{wanted}`: ", end="", file=sys.stderr, flush=True
    )
    typed = sys.stdin.readline().strip()
    if production or destroys:
        return typed
    return YES if typed in {"y", "yes"} else ""
