"""A simulated Kafka on loopback sockets: the demo and the tests' other half. Never imported at run time.

`cluster` opens it in this event loop; `python -m plugins.kafka.simulator` runs it as a process of its own, behind the
pods of the sandbox's platform. It answers what the plugin sends and ends the connection on anything else.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from console.simulating import Folder, Members, Route
from plugins.kafka.simulator import changes
from plugins.kafka.simulator.answers import READS
from plugins.kafka.simulator.exporter import MEMBER, Exporter
from plugins.kafka.simulator.grouped import GROUPS
from plugins.kafka.simulator.protocol import OWN, Incoming, classes, versions
from plugins.kafka.simulator.world import Broker, World, reference, topic

__all__ = ["Simulator", "World", "cluster", "reference", "sandbox", "topic"]

NAMESPACE, SET, SERVICE = "kafka", "my-cluster-kafka", "my-cluster-kafka-brokers"
EXPORTER_PODS = "my-cluster-kafka-exporter-*"
API_VERSIONS, HANDSHAKE, AUTHENTICATE = 18, 17, 36
UNSUPPORTED, BAD_MECHANISM, BAD_LOGIN = 35, 33, 58


class Simulator(Members):
    """A running cluster. `hung` brokers accept and say nothing; `seen` counts requests by broker and API key."""

    def __init__(self, world: World, release: tuple[int, ...], tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.world = world
        self.hung: set[int] = set()
        self.garbage: set[int] = set()
        """Brokers that send half an answer."""
        self.seen: dict[tuple[int, int], int] = {}
        self.unknown: list[str] = []
        self._tls = tls
        self._classes = classes()
        known = versions(release)
        self._versions = {key: span for key, span in known.items() if key in OWN and key in self._classes}
        self._known: WeakSet[asyncio.StreamWriter] = WeakSet()
        self.exporter: Exporter | None = None
        """Behind a pod of its own; the sandbox has one."""

    async def start(self) -> None:
        """Listen on a free port for each broker."""
        await self.listen(map(str, self.world.brokers), self._tls)

    async def close(self) -> None:
        await super().close()
        if self.exporter is not None:
            await self.exporter.close()

    async def cut(self) -> None:
        """End every connection; new ones are served."""
        for task in list(self._talking):
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)

    def forget(self, key: int) -> None:
        """From now on the brokers have not this request."""
        self._versions = {one: span for one, span in self._versions.items() if one != key}

    def port(self, broker: int) -> int:
        """Where a broker listens."""
        return self.ports[str(broker)]

    def serves(self, member: str) -> bool:
        self.world.look()
        return self.world.up(int(member))

    async def one(self, member: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; a connection is ended on what is not answered, for tests to look at in `unknown`."""
        frame = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
        broker = int(member)
        if not self.serves(member):
            return False
        try:
            request = Incoming(frame, self._classes)
            self.seen[broker, request.key] = self.seen.get((broker, request.key), 0) + 1
            if not self._may(writer, request):
                return False
            if broker in self.hung:
                await asyncio.Event().wait()
            answer, right = self._answer(broker, request)
        except Exception as error:  # noqa: BLE001 - tests look here
            self.unknown.append(f"{type(error).__name__}: {error}")
            return False
        if right:
            self._known.add(writer)
        half = broker in self.garbage and request.key != API_VERSIONS
        writer.write(answer[: len(answer) // 2] if half else answer)
        await writer.drain()
        return not half

    def _may(self, writer: asyncio.StreamWriter, request: Incoming) -> bool:
        """Whether somebody who has not logged in may ask this."""
        return not self.world.users or writer in self._known or request.key in {API_VERSIONS, HANDSHAKE, AUTHENTICATE}

    def _answer(self, broker: int, request: Incoming) -> tuple[bytes, bool]:
        """The frame, and whether the client is known from now on."""
        if request.key == API_VERSIONS:
            return self._api_versions(request), False
        if request.key == HANDSHAKE:
            fine = request.body.mechanism == "PLAIN"
            made = request.answer(error_code=0 if fine else BAD_MECHANISM, mechanisms=["PLAIN"])
            return request.frame(made), False
        if request.key == AUTHENTICATE:
            _, user, password = bytes(request.body.auth_bytes).decode().split("\0")
            right = self.world.users.get(user) == password
            code, said = (0, None) if right else (BAD_LOGIN, "Authentication failed: Invalid username or password")
            made = request.answer(error_code=code, error_message=said, auth_bytes=b"", session_lifetime_ms=0)
            return request.frame(made), right
        act = (READS | GROUPS | changes.CHANGES).get(request.key)
        if act is None or request.key not in self._versions:
            raise LookupError(f"the simulator does not answer request {request.key}")
        return request.frame(act(self.world, broker, request)), False

    def _api_versions(self, request: Incoming) -> bytes:
        low, high = self._versions[API_VERSIONS]
        fine = low <= request.version <= high
        kind: Any = request.answer
        made = kind(
            error_code=0 if fine else UNSUPPORTED,
            api_keys=[
                kind.ApiVersion(api_key=key, min_version=span[0], max_version=span[1])
                for key, span in sorted(self._versions.items())
            ],
            throttle_time_ms=0,
        )
        return request.frame(made, None if fine else 0)


async def cluster(
    world: World, *, members: int = 3, release: tuple[int, ...] = (4, 1), tls: ssl.SSLContext | None = None
) -> Simulator:
    """Brokers that advertise the loopback ports on which they listen: for tests and named instances."""
    for number in range(members):
        world.brokers[number] = Broker(number, "127.0.0.1", 0, f"rack-{number}")
    simulator = Simulator(world, release, tls)
    await simulator.start()
    for number, broker in world.brokers.items():
        broker.port = simulator.port(number)
    world.look()
    return simulator


async def sandbox(folder: Folder) -> Simulator:
    """The reference cluster behind the sandbox's pods: Kafka 2.8 with ZooKeeper, by the names that Strimzi gives."""
    world = World(now=time.time)
    pods = [f"{SET}-{number}" for number in range(3)]
    for number, pod in enumerate(pods):
        world.brokers[number] = Broker(number, f"{pod}.{SERVICE}.{NAMESPACE}.svc", 9092)
    world.alive = lambda broker: folder.stands(NAMESPACE, pods[broker])
    reference(world)
    simulator = Simulator(world, (2, 8))
    await simulator.start()
    world.look()
    simulator.exporter = Exporter(world)
    await simulator.exporter.listen([MEMBER])
    made = Route(NAMESPACE, EXPORTER_PODS, 9404, simulator.exporter.ports[MEMBER])
    folder.publish("kafka", [*routes(simulator, pods), made])
    return simulator


def routes(simulator: Simulator, pods: Sequence[str]) -> list[Route]:
    """Where each pod's client ports are served."""
    return [
        Route(NAMESPACE, pod, port, simulator.port(number)) for number, pod in enumerate(pods) for port in (9092, 9093)
    ]
