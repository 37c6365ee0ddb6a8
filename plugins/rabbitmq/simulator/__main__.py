"""Runs the simulated cluster as a process of its own until SIGTERM, beside the platform's (console.simulating)."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

from console.simulating import Asked, Folder, Route, Said, Tools, tools, until_told
from plugins.rabbitmq.simulator.serving import Served
from plugins.rabbitmq.simulator.tools import NAMES, run
from plugins.rabbitmq.simulator.world import reference

_NAMESPACE, _SET, _SERVICE = "rabbitmq", "my-rabbitmq-ha", "my-rabbitmq-ha-discovery"
_COUNT = 3


async def serve(folder: Folder) -> None:
    """Serve until a signal says stop."""
    pods = {f"rabbit@{_SET}-{n}.{_SERVICE}.{_NAMESPACE}.svc.cluster.local": f"{_SET}-{n}" for n in range(_COUNT)}
    world = reference(list(pods), time.time)
    world.up = lambda member: folder.stands(_NAMESPACE, pods[member])
    served = Served(world)
    await served.start()

    async def said(asked: Asked) -> Said:
        member = next((one for one, pod in pods.items() if pod == asked.pod), "")
        return run(world, member, asked.command)

    answering = await tools(said)
    routes = [Route(_NAMESPACE, pod, 15672, served.ports[member]) for member, pod in pods.items()]
    folder.publish("rabbitmq", routes, Tools(NAMES, answering.sockets[0].getsockname()[1]))
    await until_told()
    answering.close()
    await served.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m plugins.rabbitmq.simulator", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where the simulators of a sandbox meet")
    asyncio.run(serve(Folder(parser.parse_args().directory)))


if __name__ == "__main__":
    main()
