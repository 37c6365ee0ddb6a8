"""Runs the simulated Kafka of the sandbox as a process of its own until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from console.simulating import Folder, until_told
from plugins.kafka.simulator import sandbox


async def run(directory: Path) -> None:
    """Serve until a signal says stop."""
    simulator = await sandbox(Folder(directory))
    await until_told()
    await simulator.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m plugins.kafka.simulator", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the sandbox's simulators meet")
    asyncio.run(run(parser.parse_args().directory))


if __name__ == "__main__":
    main()
