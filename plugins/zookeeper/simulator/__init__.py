"""Simulated ZooKeeper on loopback sockets: the demo and the tests' other half. Never imported at run time.

`ensemble` opens one in this event loop; `python -m plugins.zookeeper.simulator` runs those of the sandbox, Pulsar's and
Kafka's, behind its platform's pods.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from console.simulating import Folder, Route
from plugins.zookeeper.simulator import answers
from plugins.zookeeper.simulator.world import Ensemble, Peer

__all__ = ["Ensemble", "Peer", "Simulator", "ensemble", "sandbox"]

_SETS = (("pulsar", "pulsar-zookeeper", "3.5.7"), ("kafka", "my-cluster-zookeeper", "3.5.9"))
_WORD = 4


class Simulator:
    """A running ensemble. `ports` and `admin` are by member; `faults`: `hang`, `half`, `cut`, `tls` by member.

    `inside`: an answer ends in the middle of its last line.
    """

    def __init__(self, world: Ensemble, *, admin: bool = True) -> None:
        self.world = world
        self.ports: dict[str, int] = {}
        self.admin: dict[str, int] = {}
        self.faults: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self._with_admin = admin
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on free ports; with a context the client ports speak TLS."""
        for name, one in self.world.peers.items():
            self.ports[name] = await self._listen(lambda r, w, one=one: self._word(one, r, w), context)
            if self._with_admin:
                self.admin[name] = await self._listen(lambda r, w, one=one: self._command(one, r, w))

    async def close(self) -> None:
        """End every listener and connection."""
        for server in self._servers:
            server.close()
        for writer in list(self._open):
            writer.close()
        for server in self._servers:
            await server.wait_closed()

    async def _listen(
        self,
        serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        context: ssl.SSLContext | None = None,
    ) -> int:
        async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open.add(writer)
            try:
                await serve(reader, writer)
            except (OSError, ValueError, asyncio.IncompleteReadError):
                pass  # who speaks something else, or goes, is hung up on
            finally:
                self._open.discard(writer)
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

        server = await asyncio.start_server(kept, "127.0.0.1", 0, ssl=context)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def _word(self, one: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word = (await reader.readexactly(_WORD)).decode("ascii", "replace")
        fault = self.faults.get(one.name, "")
        self.asked.append((one.name, word))
        if fault in {"cut", "tls"} or not self.world.up(one.name) or word not in one.knows:
            return
        if fault == "hang":
            await reader.read()  # until the other side has enough
            return
        said = answers.word(self.world, one, word).encode()
        writer.write(said[: {"half": len(said) // 8, "inside": -2}.get(fault, len(said))])
        await writer.drain()

    async def _command(self, one: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            while (await reader.readline()).strip():
                pass
            path = line.split(b" ")[1].decode()
            name = path.rpartition("/")[2]
            self.asked.append((one.name, path))
            if not self.world.up(one.name) or self.faults.get(one.name):
                return
            body = json.dumps(answers.command(self.world, one, name)).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()


async def ensemble(
    voters: int = 3,
    *,
    observers: int = 0,
    version: str = "3.9.4",
    admin: bool = True,
    context: ssl.SSLContext | None = None,
) -> Simulator:
    """An ensemble of its own, for tests."""
    simulator = Simulator(Ensemble(voters, observers=observers, version=version), admin=admin)
    await simulator.start(context)
    return simulator


async def sandbox(folder: Folder) -> list[Simulator]:
    """The ensembles of the sandbox, behind their pods."""
    routes: list[Route] = []
    started: list[Simulator] = []
    for namespace, name, version in _SETS:
        world = Ensemble(3, version=version, prefix=name)
        world.alive = lambda pod, namespace=namespace: folder.stands(namespace, pod)
        simulator = Simulator(world, admin=False)
        await simulator.start()
        routes += [Route(namespace, pod, 2181, port) for pod, port in simulator.ports.items()]
        started.append(simulator)
    folder.publish("zookeeper", routes)
    return started
