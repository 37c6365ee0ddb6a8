"""`pilothouse demo`: the console on the embedded sandbox, with a short tour."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping

from console import runs
from console.cli import screen
from console.cli.exits import ExitCode
from console.cli.session import settings_of
from console.discovery import Broken, discover
from console.errors import UsageError
from console.sandbox import running, scenarios

LOOK_EVERY = 0.2
LEAVES_WITHIN = 5.0


def main(arguments: argparse.Namespace) -> int:
    """Start the simulator of the platform, open the screen on it, end it."""
    plugins = [plugin for plugin in discover() if not isinstance(plugin, Broken) and plugin.simulator]
    module = next((plugin.simulator for plugin in plugins if plugin.offers is not None), "")
    if not module:
        raise UsageError("no plugin brings a sandbox")
    if arguments.scenario == "list":
        sys.stdout.write(scenarios(module))
        return ExitCode.DONE
    options = ["--scenario", arguments.scenario] if arguments.scenario else []
    if arguments.nodes or arguments.pods:
        options += ["--scale", str(arguments.nodes or 0), str(arguments.pods or 0)]
    settings = settings_of(arguments)
    others = [plugin.simulator for plugin in plugins if plugin.offers is None]
    with running(module, options, beside=others) as sandbox:
        arguments.kubeconfig = str(sandbox.connection)
        try:
            return screen.show(arguments, settings, tour=not arguments.no_tour)
        finally:
            outlast(runs.STARTED)


def outlast(runners: Mapping[int, str]) -> None:
    """Keep the sandbox until its runners (run by process id) have ended; ctrl-c ends both, runners first.

    Without a cluster a run cannot end, and its runner would wait for one.
    """
    going = {pid: run for pid, run in runners.items() if _alive(pid)}
    if not going:
        return
    sys.stdout.write(f"the sandbox ends when {', '.join(sorted(going.values()))} has ended; ctrl-c ends it now\n")
    sys.stdout.flush()
    try:
        _wait(going)
    except KeyboardInterrupt:
        for pid in going:
            if _alive(pid):
                os.kill(pid, signal.SIGTERM)
        _wait(going, within=LEAVES_WITHIN)


def _wait(pids: Iterable[int], *, within: float = float("inf")) -> None:
    end = time.monotonic() + within
    while any(_alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(LOOK_EVERY)


def _alive(pid: int) -> bool:
    """Whether a child still runs; one that has ended is taken off the process table."""
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False
