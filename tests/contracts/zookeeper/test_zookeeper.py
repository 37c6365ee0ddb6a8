"""What the plugin relies on of ZooKeeper's words: the same of the simulated ensemble and of the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from console.clock import SYSTEM_CLOCK
from console.plugin import Reach
from console.simulating import Folder
from plugins.zookeeper.client import Client, connect
from plugins.zookeeper.config import Settings
from plugins.zookeeper.finding import search
from plugins.zookeeper.simulator import Simulator, sandbox
from tests.contracts.ground import BOTH, ground


class Ensembles(Struct):
    """All simulated ensembles as one thing that is closed."""

    running: list[Simulator]

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self.running))


async def simulated(folder: Folder) -> Ensembles:
    return Ensembles(await sandbox(folder))


@pytest.fixture(params=BOTH)
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Client]:
    """Pulsar's ensemble, found and reached through the platform."""
    async with ground(request, tmp_path, "pulsar", simulated) as hosting:
        found = await search(Settings(), hosting)
        instance = next(one for one in found if one.id.name == "pulsar/pulsar-zookeeper")
        patient = replace(instance, settings=replace(instance.settings, timeout=60.0))  # a slow machine breaks nothing
        client = connect(patient, Reach(SYSTEM_CLOCK, "0", hosting))
        try:
            yield client
        finally:
            await client.aclose()


async def test_members_say_who_leads_who_votes_and_how_far_they_are(client: Client) -> None:
    rows = list(await client.members())
    assert [row.name for row in rows] == [f"pulsar-zookeeper-{n}" for n in range(3)]
    assert [row.problem for row in rows] == [""] * 3
    assert [row.id for row in rows] == [1, 2, 3]
    assert [row.votes for row in rows] == [True] * 3
    assert sorted(row.state for row in rows) == ["follower", "follower", "leader"]
    said = [row.said for row in rows if row.said is not None]
    assert len({one.epoch for one in said}) == 1
    for one in said:
        assert one.version
        assert one.zxid
        assert one.znodes
        assert None not in {one.outstanding, one.latency, one.watches, one.connections}
    [ring] = await client.rings()
    assert ring.sentence == "3 voters, quorum 2, 3 serving: one may go"
    assert ring.synced == 3


async def test_each_word_is_answered_and_the_server_hangs_up(client: Client) -> None:
    [first, *_] = await client.members()
    for word, begins in (("srvr", "Zookeeper version: 3."), ("mntr", "zk_version\t3."), ("conf", "clientPort=2181")):
        said = await client._word(first.seat, word)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        assert said.startswith(begins), said[:200]
