"""A client before the simulated cluster, and the fixtures' parts."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from console.clock import SYSTEM_CLOCK, Clock
from console.model import InstanceId, NodeName, Ref
from console.plugin import Container, Instance, Ran, Reach, Server, ServerSet
from console.simulating import Said
from plugins.rabbitmq.client import connect
from plugins.rabbitmq.client.broker import Broker
from plugins.rabbitmq.config import Named, Place
from plugins.rabbitmq.simulator.serving import Served
from plugins.rabbitmq.simulator.tools import run
from plugins.rabbitmq.simulator.world import World, modern
from tests.plugins.rabbitmq.ground import Ground

R = TypeVar("R")
SET = ServerSet(
    "shop",
    "rabbit",
    "StatefulSet",
    labels={"app.kubernetes.io/name": "rabbitmq"},
    service="rabbit-headless",
    replicas=3,
    containers=(Container("sidecar", "envoy:1"), Container("broker", "rabbitmq:4.1", (5672, 15672))),
)


class PodGround(Ground):
    """A platform whose pods run the simulator's tools."""

    world: World

    async def run(
        self, pod: Ref, command: Any, *, container: str = "", stdin: bytes = b"", within: float = 30.0
    ) -> Ran:
        self.ran.append((f"{pod.name}/{container}", tuple(command)))
        said: Said = run(self.world, f"rabbit@{pod.name}", command)
        return Ran(said.code, said.out, said.err)


@asynccontextmanager
async def serving(world: World) -> AsyncGenerator[Served]:
    served = Served(world)
    await served.start()
    try:
        yield served
    finally:
        await served.close()


@asynccontextmanager
async def named(served: Served, *, username: str = "admin", password: str = "admin-lab") -> AsyncGenerator[Broker]:
    """A client of named addresses."""
    urls = tuple(served.url(member) for member in served.world.members)
    with NamedTemporaryFile("w") as file:
        file.write(password)
        file.flush()
        settings = Named(name="lab", url=urls, username=username, password_file=file.name)
        client = connect(Instance(InstanceId("rabbitmq", "lab"), Place(settings)), Reach(SYSTEM_CLOCK, "0"))
        try:
            yield client
        finally:
            await client.aclose()


def _host(number: int) -> str:
    return f"rabbit-{number}.rabbit-headless.shop.svc"


def ground(served: Served, **secrets: str) -> PodGround:
    """A platform on which the members are pods."""
    made = PodGround(
        sets_=(SET,),
        servers_=tuple(
            Server(Ref("pod", f"rabbit-{n}", "shop", uid=f"u{n}"), NodeName(f"node{n}"), _host(n), ready=True)
            for n in range(len(served.world.members))
        ),
        secrets={("shop", "rabbit"): {key.replace("_", "-"): value.encode() for key, value in secrets.items()}},
        ports={(_host(n), 15672): served.ports[member] for n, member in enumerate(served.world.members)},
    )
    made.world = served.world
    return made


@asynccontextmanager
async def on_platform(made: Ground, clock: Clock = SYSTEM_CLOCK) -> AsyncGenerator[Broker]:
    """A client of a set of pods."""
    place = Place(Named(name="shop/rabbit"), SET)
    client = connect(Instance(InstanceId("rabbitmq", "shop/rabbit"), place), Reach(clock, "0", made))
    try:
        yield client
    finally:
        await client.aclose()


async def all_rows(pages: AsyncIterator[Iterable[R]]) -> list[R]:
    return [row async for page in pages for row in page]


def small(version: tuple[int, int, int] = (4, 1, 4), queues: int = 0) -> World:
    return modern(3, time.time, queues=queues, version=version)
