"""Simulated Redis with Sentinel on loopback sockets: the demo and the tests' other half. Never imported at run time.

`cluster` opens it in this event loop; `python -m plugins.redis.simulator` runs it as a process of its own, behind the
pods of the sandbox's platform.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence

from console.simulating import Folder, Route
from plugins.redis.simulator import answers
from plugins.redis.simulator.wire import Place, Reply
from plugins.redis.simulator.world import Sentinel, Server, World

__all__ = ["Simulator", "World", "cluster", "sandbox"]

Answer = Callable[[Sequence[str]], Reply]
NAMESPACE, SET = "redis", "my-redis-redis-ha-server"
_ANNOUNCED = ("10.100.192.130", "10.100.55.75", "10.100.111.254")
_LOOK_EVERY = 0.25
_SLOW = (("KEYS", "session:*"), ("SMEMBERS", "cart:all"), ("SORT", "jobs", "BY", "weight_*"))


class Simulator:
    """A running group; `places` are its listeners by member's name (`redis-0`, `sentinel-0`)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.places: dict[str, Place] = {}
        self._looking: asyncio.Task[None] | None = None

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on a free port for each member, by TLS where a context is given, and let the Sentinels look."""
        for name, one in self.world.servers.items():
            self.places[name] = Place(self._server(one), lambda: self.world.password, self._up(name))
        for name, one in self.world.sentinels.items():
            self.places[name] = Place(self._sentinel(one), lambda: self.world.sentinel_password, self._up(name))
        for place in self.places.values():
            await place.listen(context)
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """End every listener."""
        if self._looking is not None:
            self._looking.cancel()
        for place in self.places.values():
            await place.close()

    def _server(self, one: Server) -> Answer:
        return lambda command: answers.server(self.world, one, command)

    def _sentinel(self, one: Sentinel) -> Answer:
        return lambda command: answers.sentinel(self.world, one, command)

    def _up(self, name: str) -> Callable[[], bool]:
        return lambda: self.world.up(name)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            self.world.look(time.monotonic())


async def cluster(*, version: str = "7.0.15", members: int = 3, context: ssl.SSLContext | None = None) -> Simulator:
    """A group whose announced addresses are those on which it listens: for tests and named instances."""
    world = World(version=version)
    for n in range(members):
        world.servers[f"redis-{n}"] = Server(f"redis-{n}", ("127.0.0.1", 0))
        world.sentinels[f"sentinel-{n}"] = Sentinel(f"sentinel-{n}", ("127.0.0.1", 0))
    world.furnish()
    simulator = Simulator(world)
    await simulator.start(context)
    for name, one in (*world.servers.items(), *world.sentinels.items()):
        one.announced = ("127.0.0.1", simulator.places[name].port)
    return simulator


async def sandbox(folder: Folder) -> Simulator:
    """The reference group behind the sandbox's pods, announced by the addresses of its services."""
    world = World(version="5.0.3")
    pods = [f"{SET}-{n}" for n in range(len(_ANNOUNCED))]
    for pod, address in zip(pods, _ANNOUNCED, strict=True):
        world.servers[pod] = Server(pod, (address, 6379))
        world.sentinels[f"sentinel {pod}"] = Sentinel(f"sentinel {pod}", (address, 26379))
    world.password = "invented"  # noqa: S105 - as the platform's sandbox has it in its Secret
    world.alive = lambda name: folder.stands(NAMESPACE, name.removeprefix("sentinel "))
    now = int(time.time())
    world.slow = [(n, now - 600 * (n + 1), 12_000 * (n + 1), words) for n, words in enumerate(_SLOW)]
    world.furnish()
    simulator = Simulator(world)
    await simulator.start()
    folder.publish("redis", routes(simulator, pods))
    return simulator


def routes(simulator: Simulator, pods: Sequence[str]) -> list[Route]:
    """Where each pod's two ports are served."""
    return [
        Route(NAMESPACE, pod, port, simulator.places[f"{prefix}{pod}"].port)
        for pod in pods
        for prefix, port in (("", 6379), ("sentinel ", 26379))
    ]
