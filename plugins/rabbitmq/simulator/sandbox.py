"""The reference cluster behind the platform's pods: its routes and tools, in the folder where simulators meet."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from console.simulating import Asked, Folder, Route, Said, Tools, tools
from plugins.rabbitmq.simulator.serving import Served
from plugins.rabbitmq.simulator.tools import NAMES, run
from plugins.rabbitmq.simulator.world import World, reference

_NAMESPACE, _SET, _SERVICE = "rabbitmq", "my-rabbitmq-ha", "my-rabbitmq-ha-discovery"
_COUNT = 3
_PORT = 15672


@dataclass(frozen=True)
class Sandbox:
    """A cluster that is served."""

    world: World
    served: Served
    tools: asyncio.Server

    async def close(self) -> None:
        self.tools.close()
        await self.served.close()


async def sandbox(folder: Folder) -> Sandbox:
    """Serve it, and say in the folder where; a member runs while its pod stands."""
    pods = {f"rabbit@{_SET}-{n}.{_SERVICE}.{_NAMESPACE}.svc.cluster.local": f"{_SET}-{n}" for n in range(_COUNT)}
    world = reference(list(pods), time.time)
    world.up = lambda member: folder.stands(_NAMESPACE, pods[member])
    served = Served(world)
    await served.start()

    async def said(asked: Asked) -> Said:
        member = next((one for one, pod in pods.items() if pod == asked.pod), "")
        return run(world, member, asked.command)

    answering = await tools(said)
    routes = [Route(_NAMESPACE, pod, _PORT, served.ports[member]) for member, pod in pods.items()]
    folder.publish("rabbitmq", routes, Tools(NAMES, answering.sockets[0].getsockname()[1]))
    return Sandbox(world, served, answering)
