"""The cluster as other systems see it: sets, their pods, secrets, commands in pods and connections to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import Forbidden, NotFound, Unreachable
from console.plugin import Reach, Resource, ServerSet
from console.simulating import Asked, Folder, Route, Said, Tools, tools
from plugins.kubernetes.client import contexts
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.config import Settings
from plugins.kubernetes.offers.hosting import Hosting
from plugins.kubernetes.simulator import ManualClock, Simulator, serve
from plugins.kubernetes.simulator.access import VIEWER, view_of
from plugins.kubernetes.simulator.kinds import PODS
from plugins.kubernetes.simulator.kubeconfig import write_kubeconfig
from plugins.kubernetes.simulator.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class Ground:
    hosting: Hosting
    simulator: Simulator
    folder: Folder

    async def set_of(self, name: str) -> ServerSet:
        return next(one for one in await self.hosting.sets() if one.name == name)


@asynccontextmanager
async def hosting_of(kubeconfig: Path, *namespaces: str) -> AsyncGenerator[Hosting]:
    instance = contexts.discover(Settings(kubeconfig=(str(kubeconfig),), namespaces=namespaces))[0]
    api = contexts.connect(instance, Reach(clock=SYSTEM_CLOCK, version="0"))
    yield Hosting(api)
    await api.aclose()


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    simulator = await serve(tmp_path, clock=ManualClock())
    folder = Folder(tmp_path)
    simulator.world.neighbours = Neighbours(folder)
    async with hosting_of(simulator.kubeconfig) as hosting:
        yield Ground(hosting, simulator, folder)
    await simulator.close()


async def test_a_set_has_labels_ports_images_and_the_service_that_names_its_servers(ground: Ground) -> None:
    rabbit = await ground.set_of("my-rabbitmq-ha")
    assert (rabbit.namespace, rabbit.kind, rabbit.replicas) == ("rabbitmq", "StatefulSet", 3)
    assert rabbit.service == "my-rabbitmq-ha-discovery"
    assert rabbit.labels["app"] == "rabbitmq-ha"
    assert {5672, 15672} <= rabbit.ports
    assert rabbit.containers[0].image == "rabbitmq:3.7.12-alpine"
    kinds = {one.kind for one in await ground.hosting.sets()}
    assert {"StatefulSet", "Deployment"} <= kinds


async def test_servers_are_the_pods_that_the_set_owns(ground: Ground) -> None:
    servers = await ground.hosting.servers(await ground.set_of("my-rabbitmq-ha"))
    assert [server.pod.name for server in servers] == [f"my-rabbitmq-ha-{n}" for n in range(3)]
    first = servers[0]
    assert first.host == "my-rabbitmq-ha-0.my-rabbitmq-ha-discovery.rabbitmq.svc"
    stored = ground.simulator.world.store.get(PODS, "rabbitmq/my-rabbitmq-ha-0")
    assert stored is not None
    assert first.node == stored.spec["nodeName"]
    assert first.ready
    assert first.address
    deployment = next(one for one in await ground.hosting.sets() if one.kind == "Deployment" and one.replicas)
    assert all(server.host.split(".")[1] == "pod" for server in await ground.hosting.servers(deployment))


async def test_secrets_are_decoded_and_what_is_not_there_or_not_allowed_says_so(ground: Ground, tmp_path: Path) -> None:
    assert (await ground.hosting.secret("rabbitmq", "my-rabbitmq-ha"))["rabbitmq-username"] == b"guest"
    with pytest.raises(NotFound):
        await ground.hosting.secret("rabbitmq", "nothing")
    with pytest.raises(NotFound):
        await ground.hosting.resources(Resource("kafka.strimzi.io", "v1beta2", "kafkatopics"))
    rights = ground.simulator.rights
    rights.rules[VIEWER.groups[0]] = view_of("kafka", "redis")
    weak = tmp_path / "weak"
    weak.mkdir()
    write_kubeconfig(weak / "kubeconfig", ground.simulator.url, rights.token_for(VIEWER))
    async with hosting_of(weak / "kubeconfig", "kafka", "redis", "pulsar") as viewer:
        with pytest.raises(Forbidden):
            await viewer.secret("redis", "my-redis-redis-ha")
        assert {one.namespace for one in await viewer.sets()} == {"kafka", "redis"}, "only where it may look"


async def test_a_neighbour_answers_at_a_pods_port_and_its_tools(ground: Ground) -> None:
    asked: list[Asked] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async def answer(one: Asked) -> Said:
        asked.append(one)
        return Said(3, b"out", b"err")

    server, tool = await asyncio.start_server(echo, "127.0.0.1", 0), await tools(answer)
    ground.folder.publish(
        "rabbitmq",
        [Route("rabbitmq", "my-rabbitmq-ha-1", 5672, server.sockets[0].getsockname()[1])],
        Tools(("rabbitmqctl",), tool.sockets[0].getsockname()[1]),
    )
    stream = await ground.hosting.dial("my-rabbitmq-ha-1.my-rabbitmq-ha-discovery.rabbitmq.svc", 5672)
    await stream.write(b"hello\n")
    assert await stream.read(100) == b"HELLO\n"
    await stream.close()
    servers = await ground.hosting.servers(await ground.set_of("my-rabbitmq-ha"))
    ran = await ground.hosting.run(servers[1].pod, ["/opt/rabbitmqctl", "status"], stdin=b"to it")
    assert (ran.code, ran.out, ran.err) == (3, b"out", b"err")
    assert (asked[0].pod, asked[0].command, asked[0].stdin) == (
        "my-rabbitmq-ha-1",
        ("/opt/rabbitmqctl", "status"),
        b"to it",
    )
    assert (await ground.hosting.run(servers[0].pod, ["rabbitmqctl"])).code == 127, "not behind this pod"
    server.close()
    tool.close()


async def test_a_command_of_which_nobody_says_how_it_ended_is_no_answer(ground: Ground) -> None:
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    tool = Tools(("rabbitmqctl",), server.sockets[0].getsockname()[1])
    ground.folder.publish("rabbitmq", [Route("rabbitmq", "my-rabbitmq-ha-1", 5672, 1)], tool)
    servers = await ground.hosting.servers(await ground.set_of("my-rabbitmq-ha"))
    with pytest.raises(Unreachable, match="how `rabbitmqctl` ended is not known"):
        await ground.hosting.run(servers[1].pod, ["rabbitmqctl", "status"])
    server.close()


async def test_who_asks_for_the_sets_together_costs_the_server_one_look(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    listing = Api.list

    async def counted(self: Api, path: str, *rest: Any, **options: Any) -> Any:
        listed.append(path)
        return await listing(self, path, *rest, **options)

    monkeypatch.setattr(Api, "list", counted)
    answers = await asyncio.gather(*(ground.hosting.sets() for _ in range(5)))
    assert listed.count("/apis/apps/v1/statefulsets") == 1
    assert all(answer == answers[0] for answer in answers)
    await ground.hosting.sets()
    assert listed.count("/apis/apps/v1/statefulsets") == 2, "later it is asked anew"
