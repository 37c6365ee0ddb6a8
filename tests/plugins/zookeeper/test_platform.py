"""Found on the platform and reached through it; Strimzi's want mutual TLS, and where it cannot be had that is said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import Forbidden, NotFound, SourceError
from console.model import NodeName, Ref
from console.plugin import Container, Reach, Server, ServerSet, Stream
from console.simulating import Folder
from plugins.kubernetes.client import contexts
from plugins.kubernetes.config import Settings as Kubernetes
from plugins.kubernetes.offers.hosting import Hosting
from plugins.kubernetes.simulator import ManualClock, serve
from plugins.kubernetes.simulator.neighbours import Neighbours
from plugins.zookeeper.client import connect
from plugins.zookeeper.config import Settings
from plugins.zookeeper.finding import search
from plugins.zookeeper.simulator import Simulator, sandbox
from plugins.zookeeper.sockets import directly
from tests.plugins.zookeeper.parts import running
from tests.values import replace

STRIMZI = {"strimzi.io/cluster": "my-cluster", "strimzi.io/name": "my-cluster-zookeeper"}


@dataclass
class Paper:
    """A platform with one set, whose pods are those of a simulated ensemble."""

    found: Sequence[ServerSet]
    simulator: Simulator
    secrets: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict[str, Mapping[str, bytes]])
    refuses: SourceError | None = None
    gone: frozenset[str] = frozenset()

    async def sets(self) -> Sequence[ServerSet]:
        return self.found

    async def servers(self, of: ServerSet) -> Sequence[Server]:
        there = [name for name in self.simulator.ports if name not in self.gone]
        return [Server(Ref("pod", name, of.namespace), NodeName(f"node-{name}"), name) for name in there]

    async def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        if self.refuses is not None:
            raise self.refuses
        if name not in self.secrets:
            raise NotFound(f"{name} is not there")
        return self.secrets[name]

    async def dial(self, host: str, port: int) -> Stream:
        return await directly("127.0.0.1", self.simulator.ports[host] if port == 2181 else 1)


def zk(**more: Any) -> ServerSet:
    own = Container("zookeeper", "apachepulsar/pulsar:2.7.4", (2181,))
    values: dict[str, Any] = {
        "labels": {"component": "zookeeper"},
        "replicas": 3,
        "service": "zk",
        "containers": (own,),
        **more,
    }
    return ServerSet("pulsar", "zk", "StatefulSet", **values)


async def test_what_is_an_ensemble_and_what_only_talks_to_one() -> None:
    sets = [
        zk(),
        replace(zk(labels=STRIMZI), name="my-cluster-zookeeper", kind="StrimziPodSet"),
        replace(zk(labels={"app": "zookeeper"}), name="bitnami"),
        replace(zk(labels={"app": "zoo-entrance"}), name="zoo-entrance", kind="Deployment"),
        replace(zk(labels={"app": "broker"}), name="broker"),
    ]
    paper: Any = Paper(sets, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    found = await search(Settings(), paper)
    assert [str(one.id) for one in found] == [
        "zookeeper:pulsar/bitnami",
        "zookeeper:pulsar/my-cluster-zookeeper",
        "zookeeper:pulsar/zk",
    ]
    assert [one.settings.strimzi for one in found] == ["", "my-cluster", ""]


async def test_pods_nodes_and_one_that_is_not_there() -> None:
    async with running(admin=False) as simulator:
        paper: Any = Paper([zk()], simulator, gone=frozenset({"zk-1"}))
        simulator.world.down.add("zk-1")
        [instance] = await search(Settings(), paper)
        client = connect(instance, Reach(SYSTEM_CLOCK, "0", paper))
        try:
            rows = list(await client.members())
            assert [(row.name, row.seat.node, row.state) for row in rows] == [
                ("zk-0", "node-zk-0", "follower"),
                ("zk-1", "", "unknown"),
                ("zk-2", "node-zk-2", "leader"),
            ]
            assert rows[1].problem == "its pod is not there"
            [ring] = await client.rings()
            assert ring.sentence == "3 voters, quorum 2, 2 serving, 1 unknown: none may go"
        finally:
            await client.aclose()


@pytest.mark.parametrize(
    ("paper", "words"),
    [
        ({"refuses": Forbidden("you may not get secrets")}, "you may not get secrets"),
        ({}, "my-cluster-cluster-operator-certs is not there"),
        ({"secrets": {"my-cluster-cluster-operator-certs": {}, "my-cluster-cluster-ca-cert": {}}}, "no ca.crt"),
    ],
)
async def test_mutual_tls_without_a_certificate_is_unknown_with_the_reason(
    paper: Mapping[str, Any], words: str
) -> None:
    async with running(admin=False) as simulator:
        for name in simulator.ports:
            simulator.faults[name] = "tls"
        platform: Any = Paper([zk(labels=STRIMZI)], simulator, **paper)
        [instance] = await search(Settings(), platform)
        client = connect(instance, Reach(SYSTEM_CLOCK, "0", platform))
        try:
            rows = list(await client.members())
            assert [row.state for row in rows] == ["unknown"] * 3
            assert rows[0].problem.startswith("UNKNOWN: 2181 wants mutual TLS, and its certificate cannot be read: ")
            assert words in rows[0].problem
            [ring] = await client.rings()
            assert ring.spare is None
        finally:
            await client.aclose()


async def test_strimzis_that_speaks_without_tls_is_read_without_a_secret() -> None:
    async with running(admin=False) as simulator:
        platform: Any = Paper([zk(labels=STRIMZI)], simulator, refuses=Forbidden("no"))
        [instance] = await search(Settings(), platform)
        client = connect(instance, Reach(SYSTEM_CLOCK, "0", platform))
        try:
            assert [row.problem for row in await client.members()] == ["", "", ""]
        finally:
            await client.aclose()


@pytest.fixture
async def hosting(tmp_path: Path) -> AsyncIterator[Hosting]:
    platform = await serve(tmp_path, clock=ManualClock())
    folder = Folder(tmp_path)
    platform.world.neighbours = Neighbours(folder)
    ensembles = await sandbox(folder)
    instance = contexts.discover(Kubernetes(kubeconfig=(str(platform.kubeconfig),)))[0]
    api = contexts.connect(instance, Reach(SYSTEM_CLOCK, "0"))
    try:
        yield Hosting(api)
    finally:
        await api.aclose()
        for one in ensembles:
            await one.close()
        await platform.close()


async def test_the_sandboxs_ensembles_are_found_and_read_through_the_api_server(hosting: Hosting) -> None:
    found = await search(Settings(), hosting)
    assert [str(one.id) for one in found] == [
        "zookeeper:kafka/my-cluster-zookeeper",
        "zookeeper:pulsar/pulsar-zookeeper",
    ]
    for instance in found:
        patient = replace(instance, settings=replace(instance.settings, timeout=30.0))
        client = connect(patient, Reach(SYSTEM_CLOCK, "0", hosting))
        try:
            rows = list(await client.members())
            assert [row.problem for row in rows] == ["", "", ""]
            assert all(row.seat.node for row in rows)
            [ring] = await client.rings()
            assert ring.sentence == "3 voters, quorum 2, 3 serving: one may go"
        finally:
            await client.aclose()
