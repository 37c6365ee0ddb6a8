from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from console.clock import SYSTEM_CLOCK
from console.model import NodeName, Ref
from console.plugin import Container, Reach, Server, ServerSet
from console.simulating import Folder, Standing
from plugins.pulsar.client import connect
from plugins.pulsar.config import configure
from plugins.pulsar.finding import component, search
from plugins.pulsar.simulator import routes, sandbox

IMAGE = "apachepulsar/pulsar-all:2.7.4"


def a_set(
    name: str, word: str = "", ports: tuple[int, ...] = (), image: str = IMAGE, release: str = "pulsar"
) -> ServerSet:
    labels = {"component": word, "release": release} if word else {}
    service = name if name.endswith(("broker", "bookie")) else ""
    return ServerSet(
        "pulsar", name, "StatefulSet", labels=labels, service=service, containers=(Container(name, image, ports),)
    )


class Stream:
    """A connection of the machine, as the platform's dialer gives one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self, count: int) -> bytes:
        return await self.reader.read(count)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def close(self) -> None:
        self.writer.close()


class Ground:
    """A platform with the chart's sets, whose pods' ports lead to the simulator."""

    def __init__(self, sets: list[ServerSet], leads: dict[tuple[str, int], int] | None = None) -> None:
        self.all = sets
        self.leads = leads or {}
        self.dialed: list[tuple[str, int]] = []

    async def sets(self) -> list[ServerSet]:
        return self.all

    async def servers(self, of: ServerSet) -> list[Server]:
        return [
            Server(
                Ref("pod", f"{of.name}-{n}", of.namespace),
                NodeName(f"node{n + 1}"),
                f"{of.name}-{n}.{of.service}.{of.namespace}.svc",
                ready=True,
            )
            for n in range(3)
        ]

    async def secret(self, namespace: str, name: str) -> dict[str, bytes]:
        assert (namespace, name) == ("pulsar", "pulsar-token-admin")
        return {"TOKEN": b"invented-admin"}

    async def dial(self, host: str, port: int) -> Stream:
        self.dialed.append((host, port))
        return Stream(*await asyncio.open_connection("127.0.0.1", self.leads[host.partition(".")[0], port]))


CHART = [
    a_set("pulsar-broker", "broker", (8080, 6650)),
    a_set("pulsar-bookie", "bookie", (3181, 8000)),
    a_set("pulsar-proxy", "proxy", (8080, 6650)),
    a_set("pulsar-zookeeper", "zookeeper", (2181,)),
    a_set("my-redis", "server", (6379,), "redis:5"),
]


async def test_a_release_of_the_chart_is_one_instance() -> None:
    platform: Any = Ground(CHART)
    (found,) = await search(configure({}), platform)
    place = found.settings.place
    assert found.id.name == "pulsar/pulsar"
    assert [one.name for one in (place.brokers, place.bookies, place.proxies)] == [
        "pulsar-broker",
        "pulsar-bookie",
        "pulsar-proxy",
    ]
    assert place.manager is None


async def test_two_releases_are_two_instances_with_bookies_of_their_own() -> None:
    more = [a_set("b-broker", "broker", release="b"), a_set("b-bookie", "bookie", release="b")]
    platform: Any = Ground(CHART + more)
    found = await search(configure({}), platform)
    assert [(one.id.name, one.settings.place.bookies.name) for one in found] == [
        ("pulsar/pulsar", "pulsar-bookie"),
        ("pulsar/b", "b-bookie"),
    ]


def test_without_labels_image_and_ports_say_what_it_is() -> None:
    assert component(a_set("x-broker", ports=(8080, 6650))) == "broker"
    assert component(a_set("x-proxy", ports=(8080, 6650))) == "proxy"
    assert component(a_set("x", ports=(3181, 8000))) == "bookie"
    assert component(a_set("x", "broker", image="kafka:3")) == ""
    assert component(a_set("x", ports=(9092,))) == ""


async def test_behind_the_platform_members_are_their_pods(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    served = await sandbox(folder)
    leads = {(one.pod, one.port): one.to for one in routes(served)}
    platform: Any = Ground(CHART, leads)
    (instance,) = await search(configure({}), platform)
    client = connect(instance, Reach(SYSTEM_CLOCK, "0", platform))
    try:
        rows = await client.brokers.rows()
        assert [(row.name, row.node, row.ready, row.listed) for row in rows] == [
            (f"pulsar-broker-{n}", f"node{n + 1}", True, True) for n in range(3)
        ]
        bookies = await client.bookies.rows()
        assert [(row.pod, row.mode) for row in bookies] == [(f"pulsar-bookie-{n}", "rw") for n in range(3)]
        assert bookies[0].id == "pulsar-bookie-0.pulsar-bookie.pulsar.svc.cluster.local:3181"
        path, owner = (
            "/admin/v2/persistent/shop/orders/audit/stats",
            served.world.owner("persistent://shop/orders/audit"),
        )
        for row in rows:
            await client.admin.call("GET", path, base=row.url)
        advertised = f"{owner}.pulsar-broker.pulsar.svc.cluster.local"
        assert (advertised, 8080) in platform.dialed, "the redirection is followed by the platform's dialer"
        folder.tell(Standing({f"pulsar/pulsar-broker-{n}": "x" for n in (1, 2)}))
        client.admin.kept.forget("brokers", "active")
        gone = {row.name: row for row in await client.brokers.rows()}["pulsar-broker-0"]
        assert gone.fault
        assert gone.listed is False
    finally:
        await client.aclose()
        await served.close()
