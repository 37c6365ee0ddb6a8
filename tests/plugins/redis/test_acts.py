"""Failover and reset: they change the group, say before and after, and refuse where it would harm."""

from __future__ import annotations

import asyncio

import pytest

from console.errors import Conflict, Rejected
from console.plugin import Act
from plugins.redis import acts
from plugins.redis.model.rows import MASTERS, SENTINELS
from plugins.redis.panes import masters, sentinels
from tests.plugins.redis.facts import client_of, group, rows_of
from tests.values import replace


async def test_a_failover_names_the_master_before_and_after() -> None:
    async with group() as simulator, client_of(simulator) as client:
        facts = await rows_of(client)
        row = facts.rows(MASTERS)["mymaster"]
        assert masters.PANE.actions[0].when(row, facts) is None
        before = simulator.world.master
        text = await acts.failover(Act(client, facts), row)
        assert simulator.world.master != before
        assert text.startswith(f"master was {row.address} (")
        assert "3 of 3 Sentinels agree; the old one is a replica now" in text


async def test_a_failover_is_refused_without_a_good_replica() -> None:
    async with group() as simulator, client_of(simulator) as client:
        for one in simulator.world.servers.values():
            one.broken_link = True
        facts = await rows_of(client)
        row = facts.rows(MASTERS)["mymaster"]
        assert (why := masters.PANE.actions[0].when(row, facts)) is not None
        assert "no good replica: 127.0.0.1:" in why
        assert "its link to the master is down for 42 s" in why
        with pytest.raises(Rejected, match="no good replica"):
            await acts.failover(Act(client, facts), row)
        assert simulator.world.master == "redis-0"


async def test_a_failover_that_was_done_meanwhile_is_not_done_again() -> None:
    async with group() as simulator, client_of(simulator) as client:
        facts = await rows_of(client)
        old = replace(facts.rows(MASTERS)["mymaster"], address="127.0.0.1:1")
        with pytest.raises(Conflict, match="already"):
            await acts.failover(Act(client, facts), old)
        assert all(c[:2] != ("SENTINEL", "FAILOVER") for p in simulator.places.values() for c in p.asked)


async def test_a_reset_forgets_who_is_gone_and_waits_for_the_others() -> None:
    async with group() as simulator, client_of(simulator) as client:
        one = simulator.world.sentinels["sentinel-1"]
        one.knows.append("redis-0")  # left over
        facts = await rows_of(client)
        row = next(r for r in facts.rows(SENTINELS).values() if r.seat.port == simulator.places["sentinel-1"].port)
        assert sentinels.PANE.actions[0].when(row, facts) is None
        text = await acts.reset(Act(client, facts), row)
        assert text == "it forgot 3 replicas and 2 others, and has found 2 and 2 again"
        asked = [name for name, place in simulator.places.items() if ("SENTINEL", "RESET", "mymaster") in place.asked]
        assert asked == ["sentinel-1"]


async def test_a_second_sentinel_is_not_reset_while_the_first_looks_around() -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.world.sentinels["sentinel-0"].others = []
        simulator.world.quorum = 1
        facts = await rows_of(client)
        row = next(r for r in facts.rows(SENTINELS).values() if r.seat.port == simulator.places["sentinel-1"].port)
        with pytest.raises(Rejected, match="knows 0 of 2 others: it was reset just now"):
            await acts.reset(Act(client, facts), row)


async def test_nobody_is_reset_while_a_replica_is_away_or_a_sentinel_is_silent() -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.world.down.add("redis-2")
        facts = await rows_of(client)
        row = next(iter(facts.rows(SENTINELS).values()))
        assert "is not in sync" in (sentinels.no_reset(row, facts) or "")
        simulator.world.down = {"sentinel-2"}
        await asyncio.sleep(0)
        await client.round(fresh=True)
        facts = await rows_of(client)
        row = next(iter(facts.rows(SENTINELS).values()))
        assert "does not answer" in (sentinels.no_reset(row, facts) or "")
