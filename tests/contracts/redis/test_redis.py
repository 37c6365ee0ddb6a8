"""What the client relies on of servers and Sentinels: the same of the simulated group and of the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.clock import SYSTEM_CLOCK
from console.plugin import Reach
from plugins.redis.client import Client, connect
from plugins.redis.config import Settings
from plugins.redis.finding import search
from plugins.redis.simulator import sandbox
from tests.contracts.ground import BOTH, ground
from tests.values import replace


@pytest.fixture(params=BOTH)
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    """The group, found and reached through the platform, as whom its Secret says; with patience for a slow machine."""
    async with ground(request, tmp_path, "redis", sandbox) as hosting:
        [instance] = await search(Settings(), hosting)
        patient = replace(instance, settings=replace(instance.settings, timeout=30.0))
        client = connect(patient, Reach(SYSTEM_CLOCK, "0", hosting))
        try:
            yield client
        finally:
            await client.aclose()


async def test_a_server_tells_its_role_run_id_offset_memory_and_what_keeps_its_data(client: Client) -> None:
    survey = await client.round()
    assert [told.problem for told in survey.servers] == ["", "", ""]
    for told in survey.servers:
        info = told.info
        assert info is not None
        assert info.role in {"master", "replica"}
        assert len(info.run_id) == 40
        assert info.offset is not None
        assert info.memory
        assert info.clients
        assert info.aof is not None
        assert info.rdb_status in {"ok", "err"}
        assert None not in {info.hits, info.misses, info.ops, info.evicted, info.rejected, info.uptime}
        assert info.keyspace[0][0] == "db0"
        assert told.least is not None


async def test_a_replica_tells_its_link_and_the_master_what_it_heard_back(client: Client) -> None:
    survey = await client.round()
    infos = [told.info for told in survey.servers if told.info]
    [master] = [info for info in infos if info.role == "master"]
    assert len(master.fed) == master.connected_replicas == 2
    assert all(fed.offset is not None and fed.state == "online" for fed in master.fed)
    for info in infos:
        if info.role == "replica":
            assert (info.link, info.syncing) == ("up", False)
            assert info.master
            assert info.priority is not None


async def test_run_ids_lead_from_what_sentinels_announce_to_the_servers(client: Client) -> None:
    survey = await client.round()
    who = client.who(survey)
    for told in survey.servers:
        assert told.info is not None
        assert told.info.run_id in who.addresses
    rows = list(await client.members())
    assert sum(row.named_master for row in rows) == 1
    assert len({row.address for row in rows}) == 3


async def test_sentinels_tell_their_view_and_the_quorum_in_words(client: Client) -> None:
    survey = await client.round()
    assert [one.problem for one in survey.sentinels] == ["", "", ""]
    for one in survey.sentinels:
        [view] = one.views
        assert view.master == "mymaster"
        assert view.flags == {"master"}
        assert (view.quorum, view.others_known, view.replicas_known) == (2, 2, 2)
        assert view.quorum_text.startswith("OK 3 usable Sentinels.")
        assert (view.quorum_ok, view.usable) == (True, 3)
        assert view.good is not None
        assert len(view.good) == 2
        assert len(view.sentinels or ()) == 2
        assert one.pending == 0
        assert len(one.id) == 40


async def test_the_slow_log_is_a_list(client: Client) -> None:
    assert all(row.took >= 0 and row.at > 0 for row in await client.slowlog())
