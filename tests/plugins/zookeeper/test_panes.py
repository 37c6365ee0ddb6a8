"""What the pane, the tile, the findings and `doctor` say of an ensemble."""

from __future__ import annotations

from console.model import Severity, Tone
from plugins.zookeeper.checks import RULES
from plugins.zookeeper.doctor import examine
from plugins.zookeeper.model.rows import MEMBERS, RINGS
from plugins.zookeeper.panes import PANE, tile
from tests.plugins.zookeeper.parts import Rows, client_of, rows_of, running


def found(facts: Rows) -> dict[str, Severity]:
    return {
        one.id: one.severity
        for rule in RULES
        for row in facts.rows(rule.reads).values()
        for one in rule.check(facts, row, 0.0)
    }


def cells(facts: Rows, title: str) -> list[str]:
    column = next(one for one in PANE.columns if one.title == title)
    assert column.cell is not None
    return [column.cell(row, 0.0).text for row in facts.rows(MEMBERS).values()]


async def test_a_whole_ensemble_is_well() -> None:
    async with running() as simulator, client_of(simulator) as client:
        facts = await rows_of(client)
        assert cells(facts, "MODE") == ["follower", "follower", "leader"]
        assert cells(facts, "SYNCED") == ["-", "-", "2/2"]
        assert cells(facts, "VOTE") == ["voter"] * 3
        assert found(facts) == {}
        made = tile(facts)
        assert (made.tone, made.up, made.total) == (Tone.OK, 3, 3)
        assert [line.text for line in made.lines] == [f"leader {facts.rows(RINGS)['test'].leaders[0]}", "one may go"]


async def test_describe_begins_with_the_ring() -> None:
    async with running() as simulator, client_of(simulator) as client:
        facts = await rows_of(client)
        leader = list(facts.rows(MEMBERS).values())[2]
        sections = PANE.describe(leader, facts)
        assert [section.title for section in sections] == ["ring", "member", "load", "as leader"]
        assert sections[0].lines[0][1].text == "3 voters, quorum 2, 3 serving: one may go"
        ring = [cell.text for _, cell in sections[0].lines[3:]]  # by name, which here is a port that chance gives
        assert sorted(ring) == ["follower", "follower", "◆ leader"]


async def test_one_away_leaves_none_to_spare_and_two_lose_the_quorum() -> None:
    async with running() as simulator, client_of(simulator) as client:
        simulator.world.down.add("zk-0")
        facts = await rows_of(client)
        assert found(facts) == {"zookeeper.Z3": Severity.HIGH, "zookeeper.Z4": Severity.WARNING}
        assert cells(facts, "MODE")[0] == "UNKNOWN"
        assert tile(facts).tone is Tone.WARN
    async with running() as simulator, client_of(simulator) as client:
        simulator.world.peers["zk-0"].follows = simulator.world.peers["zk-1"].follows = False
        facts = await rows_of(client)
        assert found(facts) == {"zookeeper.Z2": Severity.CRITICAL, "zookeeper.Z5": Severity.HIGH}
        assert tile(facts).tone is Tone.BAD


async def test_two_leaders_are_told() -> None:
    async with running(1) as one, running(1) as other:
        ports = [f"127.0.0.1:{next(iter(each.ports.values()))}" for each in (one, other)]
        async with client_of(one, servers=ports, admin=[]) as client:
            facts = await rows_of(client)
            assert found(facts)["zookeeper.Z1"] is Severity.CRITICAL


async def test_requests_that_wait_are_told() -> None:
    async with running() as simulator, client_of(simulator) as client:
        simulator.world.peers["zk-1"].outstanding = 101
        assert found(await rows_of(client)) == {"zookeeper.Z6": Severity.HIGH}


async def test_doctor_says_who_is_read_how_and_what_is_missing() -> None:
    async with running() as simulator, client_of(simulator) as client:
        simulator.faults["zk-0"] = "cut"
        lines = await examine(client)
        texts = [line.text for line in lines]
        assert texts[0] == "named in the configuration: 2 of 3 members can be read by mntr, srvr"
        assert texts[1] == "3 voters, quorum 2, 2 serving, 1 unknown: none may go"
        assert "an empty answer" in texts[2]
