"""Runs the simulated cluster as a process of its own until SIGTERM.

The first line it prints is the path of the kubeconfig. It ends when its parent does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from plugins.kubernetes.simulator import SCENARIOS, LiveClock, serve

LOOK_FOR_PARENT = 5.0


async def run(directory: Path, *, scenario: str | None, speed: float, port: int) -> None:
    """Serve until a signal says stop."""
    simulator = await serve(directory, scenario=scenario, clock=LiveClock(speed=speed), port=port)
    sys.stdout.write(f"{simulator.kubeconfig}\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    parent = os.getppid()

    def orphaned() -> None:
        if os.getppid() != parent:
            stopped.set()
        loop.call_later(LOOK_FOR_PARENT, orphaned)

    loop.call_later(LOOK_FOR_PARENT, orphaned)
    await stopped.wait()
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
    chosen = parser.parse_args()
    if chosen.list:
        sys.stdout.writelines(f"{name}  {line}\n" for name, line in sorted(SCENARIOS.items()))
        return
    if chosen.directory is None:
        parser.error("the following arguments are required: --directory")
    asyncio.run(run(chosen.directory, scenario=chosen.scenario, speed=chosen.speed, port=chosen.port))


if __name__ == "__main__":
    main()
