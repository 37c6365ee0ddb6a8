"""The lab by hand.

uv run python -m tests.lab up              build once, start, apply the reference topology; it stays until `down`
uv run python -m tests.lab run COMMAND ..  run a command inside, with KUBECONFIG set
uv run python -m tests.lab status          one line a component
uv run python -m tests.lab reset           back to the reference topology
uv run python -m tests.lab scale NODES PODS
uv run python -m tests.lab churn RATE SECONDS
uv run python -m tests.lab down [--purge]  stop; --purge also removes data and namespace
uv run python -m tests.lab build           only build the binaries
uv run python -m tests.lab brokers install [SYSTEM ...]   fetch the real servers (Debian packages as root, jars)
uv run python -m tests.lab brokers up [SYSTEM ...]        start them behind their pods, and the lab, if it does not run
uv run python -m tests.lab brokers down                   stop them; their pods are played ones again
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.lab.brokers import bringup
from tests.lab.brokers.systems import KINDS, USUAL
from tests.lab.lab import Lab, started
from tests.lab.world import binaries, network
from tests.lab.world.place import LabError


def main() -> None:
    """Run one verb."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in ("build", "up", "status", "reset"):
        verbs.add_parser(name)
    verbs.add_parser("down").add_argument("--purge", action="store_true")
    verbs.add_parser("run").add_argument("command", nargs=argparse.REMAINDER)
    brokers = verbs.add_parser("brokers")
    brokers.add_argument("action", choices=["install", "up", "down"])
    brokers.add_argument("systems", nargs="*", metavar="SYSTEM", help=", ".join(KINDS))
    scale = verbs.add_parser("scale")
    scale.add_argument("nodes", type=int)
    scale.add_argument("pods", type=int)
    churn = verbs.add_parser("churn")
    churn.add_argument("rate", type=float)
    churn.add_argument("seconds", type=float)
    try:
        _run(parser.parse_args())
    except LabError as error:
        sys.exit(f"lab: {error}")


def _run(arguments: argparse.Namespace) -> None:
    lab = Lab()
    match arguments.verb:
        case "build":
            binaries.require()
            binaries.build()
        case "up":
            lab, took = started(played=False)
            print(f"{lab.kubeconfig}  (ready after {took:.1f} s; network namespace {lab.place.name})")
        case "down":
            lab.down(purge=arguments.purge)
        case "status":
            print(lab.status())
        case "brokers":
            usual = KINDS if arguments.action == "install" else USUAL
            _brokers(lab, arguments.action, arguments.systems or [*usual])
        case _:
            _inside(lab, arguments)


def _brokers(lab: Lab, action: str, systems: list[str]) -> None:
    match action:
        case "install":
            bringup.install(lab.place, systems)
        case "up":
            bringup.install(lab.place, systems)
            lab, _ = started(played=False)
            before = time.monotonic()
            bringup.up(lab.place, systems)
            print(f"{', '.join(systems)}: ready after {time.monotonic() - before:.1f} s")
        case _:
            started(played=True)


def _inside(lab: Lab, arguments: argparse.Namespace) -> None:
    if not network.path(lab.place.name).exists():
        raise LabError("it does not run; `uv run python -m tests.lab up`")
    lab.enter()
    match arguments.verb:
        case "run":
            os.execvpe(arguments.command[0], arguments.command, lab.env)  # noqa: S606 - it becomes the command
        case "reset":
            lab.reset()
        case "scale":
            lab.scale(arguments.nodes, arguments.pods)
        case _:
            print(f"{lab.churn(arguments.rate, arguments.seconds)} pods deleted")


if __name__ == "__main__":
    main()
