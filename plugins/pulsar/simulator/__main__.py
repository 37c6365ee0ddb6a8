"""Runs the simulated Pulsar of the sandbox as a process of its own until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from console.simulating import Folder, until_told
from plugins.pulsar.simulator import sandbox


async def run(directory: Path) -> None:
    """Serve until a signal says stop."""
    served = await sandbox(Folder(directory))
    await until_told()
    await served.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m plugins.pulsar.simulator", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the sandbox's simulators meet")
    asyncio.run(run(parser.parse_args().directory))


if __name__ == "__main__":
    main()
