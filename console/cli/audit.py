"""`pilothouse audit`: the shared record where it can be read, and this host's own."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from msgspec import to_builtins

from console import own, paths
from console.audit import AuditLog
from console.cli.exits import ExitCode
from console.cli.session import opened
from console.errors import ConsoleError
from console.output import render


def main(arguments: argparse.Namespace) -> int:
    """Print what was changed, newest first."""
    return asyncio.run(_audit(arguments))


async def _audit(arguments: argparse.Namespace) -> int:
    code = ExitCode.DONE
    async with opened(arguments) as runtime:
        try:
            sink = await runtime.offer(lambda offers: offers.audit)
            entries = list(await sink.read())
        except ConsoleError as error:
            print(f"pilothouse: only this host's record: {error}", file=sys.stderr)
            entries = list(AuditLog(paths.state_dir() / "audit.jsonl").read())
            code = ExitCode.UNKNOWN
        if arguments.output == "json":
            sys.stdout.write(json.dumps([to_builtins(entry) for entry in entries], indent=2, ensure_ascii=False) + "\n")
        else:
            pane = next(pane for pane in own.PANES if pane.name == "audit")
            sys.stdout.write(render(pane, entries, "table", now=runtime.clock.now(), fence=runtime.fence))
    return code
