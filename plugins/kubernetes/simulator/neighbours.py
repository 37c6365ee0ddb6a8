"""The other systems' simulators of the same sandbox: their servers stand behind our pods (console.simulating)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from console.simulating import Folder, Standing
from plugins.kubernetes.simulator.kinds import PODS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.kubernetes.simulator.store import Entry
    from plugins.kubernetes.simulator.streams import Door
    from plugins.kubernetes.simulator.world import World

TELL_EVERY = 0.5
_PIECE = 65_536


class Neighbours:
    """See the module. Without a folder there are none."""

    def __init__(self, folder: Folder | None = None) -> None:
        self._folder = folder

    def door(self, namespace: str, pod: str, port: int) -> Door | None:
        """What answers at a port of a pod, where a neighbour plays it."""
        for found in self._folder.published() if self._folder else ():
            for route in found.routes:
                if route.leads(namespace, pod, port):
                    return _door_to(route.to)
        return None

    def tool(self, pod: Entry, command: Sequence[str]) -> int | None:
        """The port at which a neighbour answers this command in this pod (console.simulating.ask)."""
        name = command[0].rpartition("/")[2] if command else ""
        for found in self._folder.published() if self._folder else ():
            here = any((route.namespace, route.pod) == (pod.namespace, pod.name) for route in found.routes)
            if here and name in found.tools.names:
                return found.tools.at
        return None

    async def keep_told(self, world: World) -> None:
        """Tell the neighbours which pods stand, whenever that changes, until cancelled."""
        told: Standing | None = None
        while self._folder is not None:
            standing = Standing(
                {pod.key: pod.spec["nodeName"] for pod in world.store.each(PODS) if _stands(world, pod)}
            )
            if standing != told:
                told = standing
                self._folder.tell(standing)
            await asyncio.sleep(TELL_EVERY)


def _stands(world: World, pod: Entry) -> bool:
    node = pod.spec.get("nodeName", "")
    return bool(node) and node not in world.faults.down_nodes and pod.status.get("phase") == "Running"


def _door_to(port: int) -> Door:
    async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs = await asyncio.open_connection("127.0.0.1", port)
        try:
            done, _ = await asyncio.wait(
                [asyncio.ensure_future(_pump(reader, theirs[1])), asyncio.ensure_future(_pump(theirs[0], writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for one in done:
                one.exception()
        finally:
            theirs[1].close()

    return door


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
