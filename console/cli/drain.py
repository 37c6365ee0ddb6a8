"""`pilothouse drain|rejoin NODE...`: plan, ask, begin, follow. The run goes on when this command is gone."""

from __future__ import annotations

import argparse

from console.errors import UsageError
from console.workflow.standby import Standby


def main(arguments: argparse.Namespace) -> int:
    """Run it; the exit code tells how it ended, or why it may not start."""
    if not arguments.reason.strip():
        raise UsageError("a run needs a reason: colleagues will read it", next_step="--reason TEXT")
    with Standby() as standby:  # first of all: it imports while we do
        import asyncio

        from console.cli.beginning import drain

        return asyncio.run(drain(arguments, standby))
