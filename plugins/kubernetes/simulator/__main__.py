"""Runs the simulated cluster as a process of its own until SIGTERM.

The first line it prints is the path of the kubeconfig. It ends when its parent does. Beside the reference topology it
has a worker that can be drained at once (`reference/sandbox.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from console.simulating import Folder, until_told
from plugins.kubernetes.simulator import SCENARIOS, LiveClock, serve
from plugins.kubernetes.simulator.neighbours import Neighbours
from plugins.kubernetes.simulator.reference.sandbox import sandbox


async def run(chosen: argparse.Namespace) -> None:
    """Serve until a signal says stop."""
    clock = LiveClock(speed=chosen.speed)
    nodes, pods = chosen.scale
    cluster = sandbox(clock, nodes=nodes, pods=pods)
    simulator = await serve(chosen.directory, scenario=chosen.scenario, clock=clock, port=chosen.port, cluster=cluster)
    simulator.world.neighbours = Neighbours(Folder(chosen.directory))
    telling = asyncio.create_task(simulator.world.neighbours.keep_told(simulator.world))
    await until_told(str(simulator.kubeconfig))
    telling.cancel()
    await simulator.close()


def main() -> None:
    """Read the command line."""
    lines = "\n".join(f"  {name:<16}{line}" for name, line in sorted(SCENARIOS.items()))
    parser = argparse.ArgumentParser(
        prog="python -m plugins.kubernetes.simulator",
        description=__doc__,
        epilog=f"scenarios:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--directory", type=Path, help="where the kubeconfig is written")
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), help="what goes wrong")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than life time goes by")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--scale", nargs=2, type=int, default=(0, 0), metavar=("NODES", "PODS"), help="further nodes, pods on them"
    )
    chosen = parser.parse_args()
    if chosen.list:
        sys.stdout.writelines(f"{name}  {line}\n" for name, line in sorted(SCENARIOS.items()))
        return
    if chosen.directory is None:
        parser.error("the following arguments are required: --directory")
    nodes, pods = chosen.scale
    if nodes < 0 or pods < 0 or (pods and not nodes):
        parser.error("argument --scale: both are 0 or more, and pods need a node to stand on")
    asyncio.run(run(chosen))


if __name__ == "__main__":
    main()
