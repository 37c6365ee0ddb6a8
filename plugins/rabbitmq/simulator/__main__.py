"""Runs the simulated cluster as a process of its own until SIGTERM, beside the platform's (console.simulating)."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from console.simulating import Folder, until_told
from plugins.rabbitmq.simulator.sandbox import sandbox


async def serve(folder: Folder) -> None:
    """Serve until a signal says stop."""
    made = await sandbox(folder)
    await until_told()
    await made.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m plugins.rabbitmq.simulator", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the simulators of a sandbox meet")
    asyncio.run(serve(Folder(parser.parse_args().directory)))


if __name__ == "__main__":
    main()
