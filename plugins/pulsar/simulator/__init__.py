"""Simulated Pulsar on loopback sockets: the demo and the tests' other half. Never imported at run time.

`cluster` opens it in this event loop; `python -m plugins.pulsar.simulator` runs it as a process of its own, behind the
pods of the sandbox's platform.
"""

from __future__ import annotations

from console.simulating import Folder, Route
from plugins.pulsar.simulator import bookies, brokers, manager
from plugins.pulsar.simulator.serving import Reply, Request, Served
from plugins.pulsar.simulator.world import Bookie, World, furnish

__all__ = ["Served", "World", "answer", "cluster", "sandbox"]

NAMESPACE = "pulsar"
_MEMBERS = 3


def answer(world: World, asked: Request) -> Reply:
    """One request to any member."""
    if asked.member in world.bookies:
        return bookies.answer(world, asked)
    if asked.member in world.managers:
        return manager.answer(world, asked)
    return brokers.answer(world, asked)


async def cluster(*, count: int = 2) -> Served:
    """Brokers whose advertised addresses are those on which they listen: for tests and named instances."""
    world = World(cluster="lab", brokers=[f"broker-{n}" for n in range(count)])
    world.bookies = {f"bookie-{n}": Bookie("", rack=f"/rack-{n}") for n in range(_MEMBERS)}
    world.tokens = {"sesame": "admin", "weak": "viewer"}
    furnish(world)
    served = Served(world, answer)
    await served.start()
    for member, port in served.ports.items():
        world.addresses[member] = f"127.0.0.1:{port}"
    for name, one in world.bookies.items():
        one.id = world.addresses[name]
    return served


async def sandbox(folder: Folder) -> Served:
    """The reference installation behind the sandbox's pods, by its in-cluster names."""
    world = World(version="2.7.4", brokers=[f"pulsar-broker-{n}" for n in range(_MEMBERS)])
    names = [f"pulsar-bookie-{n}" for n in range(_MEMBERS)]
    world.bookies = {one: Bookie(f"{one}.pulsar-bookie.{NAMESPACE}.svc.cluster.local:3181") for one in names}
    world.tokens = {f"invented-{role}": role for role in ("admin", "broker-admin", "proxy-admin")}
    world.addresses = {one: f"{one}.pulsar-broker.{NAMESPACE}.svc.cluster.local:8080" for one in world.brokers}
    world.alive = lambda member: folder.stands(NAMESPACE, member)
    world.functions = {}
    furnish(world)
    served = Served(world, answer)
    await served.start()
    folder.publish("pulsar", routes(served))
    return served


def routes(served: Served) -> list[Route]:
    """Where each pod's HTTP is served."""
    return [
        Route(NAMESPACE, member, 8000 if member in served.world.bookies else 8080, port)
        for member, port in served.ports.items()
    ]
