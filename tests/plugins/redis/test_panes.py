"""What panes, tile and findings say of a group that is well, and of one that is not."""

from __future__ import annotations

from console.model import Severity, Tone
from plugins.redis.checks import RULES
from plugins.redis.model.rows import MASTERS, MEMBERS, SENTINELS
from plugins.redis.panes import masters, members, sentinels
from plugins.redis.panes.overview import tile
from tests.plugins.redis.facts import Rows, client_of, group, rows_of


def found(facts: Rows) -> dict[str, Severity]:
    return {
        one.id: one.severity
        for rule in RULES
        for row in facts.rows(rule.reads).values()
        for one in rule.check(facts, row, 0.0)
    }


async def test_a_whole_group_is_well() -> None:
    async with group() as simulator, client_of(simulator) as client:
        facts = await rows_of(client)
        row = facts.rows(MASTERS)["mymaster"]
        assert masters.stands(row).text == "ok"
        assert masters.agreement(row).text == "3/3"
        assert masters.quorum(row).text == "ok, 3 of 3"
        assert masters.sentence(row) == "3 Sentinels, quorum 2, majority 2, 3 usable: one may go"
        assert found(facts) == {}
        assert (tile(facts).tone, tile(facts).up, tile(facts).total) == (Tone.OK, 3, 3)


async def test_a_silent_replica_and_a_silent_sentinel_are_findings() -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.world.down |= {"redis-2", "sentinel-2"}
        facts = await rows_of(client)
        assert {row.master for row in facts.rows(SENTINELS).values()} == {"mymaster"}  # a silent one keeps its row
        assert found(facts) == {
            "redis.S2": Severity.HIGH,  # two of three are usable: none may go
            "redis.S16": Severity.HIGH,
            "redis.S22": Severity.WARNING,
        }
        assert tile(facts).tone is Tone.WARN


async def test_without_replicas_writes_are_refused_and_nobody_can_take_over() -> None:
    async with group() as simulator, client_of(simulator) as client:
        for one in simulator.world.servers.values():
            one.broken_link = True
        facts = await rows_of(client)
        told = found(facts)
        assert told["redis.S15"] is Severity.HIGH
        assert told["redis.S3"] is Severity.CRITICAL
        assert told["redis.S17"] is Severity.HIGH


async def test_a_server_that_is_full_or_cannot_save_is_told() -> None:
    async with group() as simulator, client_of(simulator) as client:
        one = simulator.world.servers["redis-1"]
        one.memory, one.saves = int(0.96 * one.max_memory), False
        facts = await rows_of(client)
        assert found(facts) == {"redis.S18": Severity.HIGH, "redis.S20": Severity.HIGH}
        row = next(row for row in facts.rows(MEMBERS).values() if row.seat.port == simulator.places["redis-1"].port)
        assert members.PANE.fault(row)


async def test_the_master_that_is_gone_is_critical_until_somebody_takes_over() -> None:
    async with group() as simulator, client_of(simulator) as client:
        simulator.world.quorum = 9  # nobody takes over
        await client.round()
        simulator.world.down.add("redis-0")
        await client.round(fresh=True)
        told = found(await rows_of(client))
        assert told["redis.S14"] is Severity.CRITICAL


async def test_describe_shows_replication_and_the_keyspace() -> None:
    async with group() as simulator, client_of(simulator) as client:
        facts = await rows_of(client)
        for row in facts.rows(MEMBERS).values():
            sections = {section.title: dict(section.lines) for section in members.PANE.describe(row, facts)}
            assert sections["keyspace"]["db0"].text == "1200 keys, 40 of them expire"
            assert ("replica" in sections["replication"]) is (row.role == "master")
        master = facts.rows(MASTERS)["mymaster"]
        titles = [section.title for section in masters.PANE.describe(master, facts)]
        assert titles == ["master", "ring of Sentinels", "members", "replicas"]
        opinion = next(iter(facts.rows(SENTINELS).values()))
        beside = next(one for one in sentinels.PANE.describe(opinion, facts) if one.title == "side by side")
        assert len(beside.lines) == 3


async def test_columns_show_dashes_for_what_is_not_known() -> None:
    async with group() as simulator, client_of(simulator) as client:
        await client.round()
        simulator.world.down.add("redis-2")
        await client.round(fresh=True)
        facts = await rows_of(client)
        row = next(row for row in facts.rows(MEMBERS).values() if row.info is None)
        shown = {
            column.title: column.cell(row, 0.0).text
            for column in members.COLUMNS
            if column.cell is not None and column.title not in {"WHY", "NAME"}
        }
        assert shown["ROLE"] == "?"
        assert {shown[name] for name in ("LINK", "LAG", "CLIENTS", "MEMORY", "KEPT BY", "HITS", "OPS/S", "KEYS")} == {
            "-"
        }


async def test_the_sentinels_are_a_ring() -> None:
    async with group() as simulator, client_of(simulator) as client:
        await client.round()
        simulator.world.down.add("sentinel-2")
        await client.round(fresh=True)
        facts = await rows_of(client)
        master = facts.rows(MASTERS)["mymaster"]
        (ring,) = masters.circle(master, facts)
        texts = [cell.text for _, cell in ring.lines]
        assert texts[0] == "3 Sentinels, quorum 2, majority 2, 2 usable: none may go"
        assert ring.lines[0][1].tone is Tone.WARN
        assert sorted(texts[1][2] + texts[1][4] + texts[2][3]) == sorted("●●?"), "by name, a port that chance gives"
        assert sorted(text.partition(":")[0] for text in texts[3:]) == ["UNKNOWN", "agrees", "agrees"]
        for opinion in facts.rows(SENTINELS).values():
            assert ring in sentinels.PANE.describe(opinion, facts), "also beside the silent one's own"
        assert masters.circle(None, facts) == ()
