"""`pilothouse doctor`: is everything there that the console needs, and what to do next. Changes nothing.

Exit code 0: nothing that is needed is missing; 1: something is. What could not be found out is said, and is no failure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console import connection, paths
from console.cli import machine
from console.cli.exits import ExitCode
from console.cli.session import settings_of
from console.config import Settings
from console.errors import ConsoleError
from console.plugin import Check, Found, Instance, Need
from console.text import clean

if TYPE_CHECKING:
    from console.runtime import Runtime

_WITHIN = 40.0


def main(arguments: argparse.Namespace) -> int:
    """Look at this host, then at the cluster, and print a line each."""
    return asyncio.run(doctor(arguments))


async def doctor(arguments: argparse.Namespace) -> int:
    """The command, inside a loop."""
    checks = machine.examine(Path(arguments.config) if arguments.config else paths.config_file())
    read_only = bool(arguments.read_only)
    try:
        settings = settings_of(arguments)
    except ConsoleError as error:
        checks.append(Check("cluster", Found.UNKNOWN, "not asked: the configuration comes first", str(error)))
    else:
        read_only = settings.read_only
        checks += await _cluster(arguments, settings)
    failed = [check for check in checks if fails(check, read_only=read_only)]
    code = ExitCode.FAILED if failed else ExitCode.DONE
    print(_json(checks, code) if arguments.output == "json" else _text(checks, failed))
    return code


def fails(check: Check, *, read_only: bool) -> bool:
    """Whether the line makes the exit code 1: it is missing, and this console needs it."""
    spared = {Need.OPTIONAL, Need.TO_CHANGE} if read_only else {Need.OPTIONAL}
    return check.found is Found.MISSING and check.need not in spared


async def _cluster(arguments: argparse.Namespace, settings: Settings) -> list[Check]:
    from console.runtime import Runtime

    try:
        async with Runtime(settings, connection=connection.given(arguments)) as runtime:
            return [check async for check in _systems(runtime)]
    except ConsoleError as error:
        return [Check("kubeconfig", Found.MISSING, error.what, error.next_step or error.where)]


async def _systems(runtime: Runtime) -> AsyncGenerator[Check]:
    for broken in runtime.broken:
        yield Check(f"plugin {broken.name}", Found.MISSING, f"broken: {broken.reason}", "mend or remove it")
    await runtime.searching.first()
    for system, why in runtime.searching.failed.items():
        yield Check(system, Found.UNKNOWN, f"could not be looked for: {why}", need=Need.OPTIONAL)
    asked = await asyncio.gather(*(_instance(runtime, instance) for instance in runtime.instances))
    for check in (check for found in asked for check in found):
        yield check


async def _instance(runtime: Runtime, instance: Instance) -> list[Check]:
    """What one instance's plugin finds; all are asked side by side, for each may be silent for long."""
    ground = bool(runtime.context) and instance.id == runtime.platform
    topic = "context" if ground else instance.id.system
    checks = [Check(topic, Found.OK, instance.title or str(instance.id))]
    checks += [Check(topic, Found.MISSING, remark, need=Need.OPTIONAL) for remark in instance.remarks]
    deferred = runtime.plugin(instance.id).doctor
    if deferred is None:
        return checks
    try:
        examine = await asyncio.to_thread(deferred.load)
        async with asyncio.timeout(_WITHIN):
            found = [*await examine(await runtime.client(instance.id)), *_cost(runtime, instance)]
            # A system that one may not look into is no fault of the console: only the cluster itself is needed.
            return [*checks, *(found if ground else [replace(check, need=Need.OPTIONAL) for check in found])]
    except Exception as error:  # noqa: BLE001 - plugin code, or a server that never answers: a line like the others
        why = clean(str(error), 300) or f"no answer in {_WITHIN:.0f} s"
        return [*checks, Check(str(instance.id), Found.UNKNOWN, f"{type(error).__name__}: {why}", "see the log")]


def _cost(runtime: Runtime, instance: Instance) -> list[Check]:
    """What this look cost the system's servers; they are asked as much once a cadence while a pane is open."""
    asked = runtime.spending(instance.id).total
    if not asked:
        return []
    topic = f"{instance.id.system} {instance.id.name}: requests"
    said = f"{asked} for this look; a pane's title tells how many a second while it is open"
    return [Check(topic, Found.OK, said, need=Need.OPTIONAL)]


def _text(checks: Sequence[Check], failed: Sequence[Check]) -> str:
    width = max(len(check.topic) for check in checks)
    lines: list[str] = []
    for check in checks:
        mild = " (optional)" if check.found is Found.MISSING and check not in failed else ""
        lines.append(f"{check.found.value:<8} {check.topic:<{width}}  {check.text}{mild}")
        if check.advice and check.found is not Found.OK:
            lines.append(f"{'':<8} {'':<{width}}  -> {check.advice}")
    lines.append(f"{len(failed)} of {len(checks)} missing" if failed else "nothing that is needed is missing")
    return "\n".join(lines)


def _json(checks: Sequence[Check], code: ExitCode) -> str:
    lines = [
        {
            "topic": check.topic,
            "found": check.found.value,
            "need": check.need.value,
            "text": check.text,
            "next": "" if check.found is Found.OK else check.advice,
        }
        for check in checks
    ]
    return json.dumps({"checks": lines, "exit": int(code)}, indent=2, ensure_ascii=False)
