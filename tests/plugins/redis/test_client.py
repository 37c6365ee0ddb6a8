"""The client against the simulated group: who is who, old and new servers, and everything that can be wrong."""

from __future__ import annotations

import asyncio

import pytest

from console.errors import ConfigError, SourceError
from plugins.redis.client import Client
from plugins.redis.model.rows import Member
from tests.clock import FakeClock
from tests.plugins.redis.facts import client_of, group


async def members(client: Client) -> dict[str, Member]:
    return {row.address: row for row in await client.members()}


@pytest.mark.parametrize("version", ["5.0.3", "7.0.15"])
async def test_roles_lag_and_groups_of_an_old_and_a_new_server(version: str) -> None:
    async with group(version) as simulator, client_of(simulator) as client:
        rows = await members(client)
        assert sorted(row.role for row in rows.values()) == ["master", "replica", "replica"]
        replicas = [row for row in rows.values() if row.role == "replica"]
        assert [row.lag for row in replicas] == [150, 150]
        assert {row.master for row in rows.values()} == {"mymaster"}
        asked = [command[:2] for command in simulator.places["redis-0"].asked]
        assert ("INFO", "server") in asked  # several sections are tried
        assert (("INFO",) in asked) is (version == "5.0.3")  # and the whole where they are not known
        assert all(row.info and row.info.version == version for row in rows.values())


async def test_the_sections_are_not_tried_again_each_cycle() -> None:
    async with group("5.0.3") as simulator, client_of(simulator) as client:
        await client.round()
        await client.round(fresh=True)
        tried = [command for command in simulator.places["redis-0"].asked if command[:2] == ("INFO", "server")]
        assert len(tried) == 1


async def test_one_round_serves_all_panes() -> None:
    async with group() as simulator, client_of(simulator, clock=FakeClock()) as client:
        await client.members()
        asked = len(simulator.places["sentinel-0"].asked)
        await client.masters()
        await client.sentinels()
        assert len(simulator.places["sentinel-0"].asked) == asked


async def test_masters_say_what_sentinels_agree_on() -> None:
    async with group() as simulator, client_of(simulator) as client:
        [row] = await client.masters()
        assert (row.name, row.role, row.agree, row.sentinels, row.quorum_ok, row.usable) == (
            "mymaster",
            "master",
            3,
            3,
            True,
            3,
        )
        assert len(row.good or ()) == 2


async def test_a_silent_member_stays_a_row_and_says_why() -> None:
    async with group() as simulator, client_of(simulator) as client:
        await client.round()
        simulator.world.down.add("redis-2")
        await client.round(fresh=True)
        rows = await members(client)
        row = rows[f"127.0.0.1:{simulator.places['redis-2'].port}"]
        assert row.info is None
        assert row.problem
        assert row.master == "mymaster"  # the Sentinels still name it
        assert sum(one.info is not None for one in rows.values()) == 2


async def test_a_member_that_hangs_holds_up_nobody_for_longer_than_its_deadline() -> None:
    async with group() as simulator, client_of(simulator, timeout=8.0) as client:
        simulator.places["redis-1"].fault = "hang"
        async with asyncio.timeout(60):
            rows = await members(client)
        row = rows[f"127.0.0.1:{simulator.places['redis-1'].port}"]
        assert row.problem == "no answer within 8 s"
        simulator.places["redis-1"].fault = ""
        await client.round(fresh=True)
        assert (await members(client))[row.address].info is not None  # it is asked anew on a new connection


@pytest.mark.parametrize("fault", ["half", "cut"])
async def test_half_an_answer_and_a_cut_line_are_a_problem_of_that_member(fault: str) -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.places["redis-1"].fault = fault
        rows = await members(client)
        silent = [row for row in rows.values() if row.info is None]
        assert [row.seat.port for row in silent] == [simulator.places["redis-1"].port]
        assert "closed" in silent[0].problem.lower()


async def test_a_wrong_password_is_said_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRONG", "not-the-password")
    async with group() as simulator, client_of(simulator, password_env="WRONG") as client:
        simulator.world.password = "right"
        rows = list(await client.members())
        assert all("the login is not accepted" in row.problem for row in rows)
        assert "not-the-password" not in "".join(map(str, rows))


async def test_the_right_password_and_a_sentinel_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGHT", "right")
    async with group() as simulator, client_of(simulator, password_env="RIGHT") as client:
        simulator.world.password = "right"
        assert all(row.info for row in await client.members())
        simulator.world.sentinel_password = "right"  # from now on also the Sentinels want it
        for place in simulator.places.values():
            place.fault = "cut"
        await client.round(fresh=True)
        for place in simulator.places.values():
            place.fault = ""
        survey = await client.round(fresh=True)
        assert [one.problem for one in survey.sentinels] == ["", "", ""]


async def test_a_password_that_is_refused_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGHT", "right")
    async with group() as simulator, client_of(simulator, password_env="RIGHT") as client:
        simulator.world.password = "right"
        await client.round()
        simulator.world.password = "changed"
        simulator.places["redis-0"].fault = "cut"
        await client.round(fresh=True)
        simulator.places["redis-0"].fault = ""
        survey = await client.round(fresh=True)
        assert "the login is not accepted" in survey.servers[0].problem
        assert survey.servers[1].info is not None  # a connection that is known stays


async def test_tls_to_a_server_without_it_says_so() -> None:
    async with group() as simulator, client_of(simulator, tls=True, timeout=1.0) as client:
        with pytest.raises(SourceError) as caught:
            await client.masters()
        assert "TLS" in str(caught.value) or "no answer" in str(caught.value) or "cut" in str(caught.value)


async def test_a_missing_authority_is_a_wrong_configuration() -> None:
    async with group() as simulator, client_of(simulator, tls=True, ca_file="/nowhere/ca.pem") as client:
        with pytest.raises(ConfigError, match=r"file of the authorities, /nowhere/ca\.pem, cannot be read"):
            await client.masters()


async def test_nobody_there_is_an_error_of_the_pane() -> None:
    async with group() as simulator:
        at = client_of(simulator)
        async with at as client:
            for place in simulator.places.values():
                await place.close()
            with pytest.raises(SourceError, match="refused"):
                await client.masters()
            assert all(row.problem for row in await client.sentinels())


async def test_a_sentinel_that_is_a_server_and_the_other_way_round() -> None:
    async with group() as simulator:
        servers = [f"127.0.0.1:{simulator.places['sentinel-0'].port}"]
        sentinels = [f"127.0.0.1:{simulator.places['redis-0'].port}"]
        async with client_of(simulator, servers=servers, sentinels=sentinels) as client:
            survey = await client.round()
            assert survey.servers[0].problem
            assert survey.sentinels[0].problem == "a server answers here, no Sentinel"


async def test_without_sentinels_the_servers_speak_for_themselves() -> None:
    async with group() as simulator:
        servers = [f"127.0.0.1:{simulator.places[f'redis-{n}'].port}" for n in range(3)]
        async with client_of(simulator, servers=servers, sentinels=[]) as client:
            [row] = await client.masters()
            assert (row.name, row.role, row.sentinels) == ("test", "master", 0)
            assert "nothing fails over" in row.quorum_text


async def test_slow_commands_hide_what_may_be_secret() -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.world.slow = [
            (0, 1_700_000_000, 25_000, ("CONFIG", "SET", "requirepass", "geheim")),
            (1, 1_700_000_001, 12_000, ("GET", "a\x1b]0;x\x07b")),
        ]
        await client.round()  # the servers are those that the Sentinels name
        rows = list(await client.slowlog())
        assert len(rows) == 6
        assert {row.command for row in rows} == {"CONFIG (arguments are not shown)", "GET a\ufffd]0;x\ufffdb"}
        assert {row.took for row in rows} == {0.025, 0.012}


async def test_a_sentinel_that_differs_says_how() -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.world.sentinels["sentinel-2"].knows.append("redis-0")
        rows = {row.seat.port: row for row in await client.sentinels()}
        odd = rows[simulator.places["sentinel-2"].port]
        assert odd.differs == ("replicas known 3, 2 of 3 say 2",)
        assert [row.differs for row in rows.values() if row is not odd] == [(), ()]


async def test_quorum_is_lost_with_the_majority() -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.world.down |= {"sentinel-1", "sentinel-2"}
        [row] = await client.masters()
        assert (row.quorum_ok, row.usable, row.agree, row.sentinels) == (False, 1, 1, 3)
        assert row.quorum_text.startswith("NOQUORUM 1 usable")
