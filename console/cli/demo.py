"""`pilothouse demo`: the console on the embedded sandbox, with a short tour."""

from __future__ import annotations

import argparse
import sys

from console.cli import screen
from console.cli.exits import ExitCode
from console.cli.session import settings_of
from console.discovery import Broken, discover
from console.errors import UsageError
from console.sandbox import running, scenarios


def main(arguments: argparse.Namespace) -> int:
    """Start the simulator of the platform, open the screen on it, end it."""
    module = next((p.simulator for p in discover() if not isinstance(p, Broken) and p.simulator), "")
    if not module:
        raise UsageError("no plugin brings a sandbox")
    if arguments.scenario == "list":
        sys.stdout.write(scenarios(module))
        return ExitCode.DONE
    options = ["--scenario", arguments.scenario] if arguments.scenario else []
    if arguments.nodes or arguments.pods:
        options += ["--scale", str(arguments.nodes or 0), str(arguments.pods or 0)]
    settings = settings_of(arguments)
    with running(module, options) as sandbox:
        arguments.kubeconfig = str(sandbox.connection)
        return screen.show(arguments, settings, tour=not arguments.no_tour)
