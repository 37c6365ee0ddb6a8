"""The client against simulated ensembles: by which way a member is read, what is missing, and who is behind."""

from __future__ import annotations

import asyncio

import pytest

from plugins.zookeeper.client import Client
from plugins.zookeeper.model.rows import Member, Ring
from tests.clock import FakeClock
from tests.plugins.zookeeper.parts import client_of, running

WITHOUT_MNTR = frozenset({"srvr"})


async def looked(client: Client) -> tuple[list[Member], Ring]:
    members = list(await client.members())
    [found] = await client.rings()
    return members, found


async def test_members_modes_votes_and_the_sentence() -> None:
    async with running() as simulator, client_of(simulator) as client:
        members, found = await looked(client)
        assert [(one.state, one.votes, one.id) for one in members] == [
            ("follower", True, 1),
            ("follower", True, 2),
            ("leader", True, 3),
        ]
        assert {one.read_by for one in members} == {"mntr, srvr"}
        assert found.sentence == "3 voters, quorum 2, 3 serving: one may go"
        assert (found.synced, found.spare) == (3, 1)


async def test_one_round_serves_both_tables() -> None:
    async with running() as simulator, client_of(simulator, clock=FakeClock()) as client:
        await looked(client)
        assert sum(word == "mntr" for _, word in simulator.asked) == 3
        assert sum(word == "conf" for _, word in simulator.asked) == 3


async def test_without_mntr_the_admin_server_is_asked() -> None:
    async with running() as simulator, client_of(simulator) as client:
        for one in simulator.world.peers.values():
            one.allows = frozenset()
        members, found = await looked(client)
        assert {one.read_by for one in members} == {"AdminServer"}
        assert all(one.said and one.said.zxid and one.problem == "" for one in members)
        assert found.sentence == "3 voters, quorum 2, 3 serving: one may go"


async def test_with_srvr_alone_the_row_says_what_is_missing() -> None:
    async with running(admin=False) as simulator, client_of(simulator) as client:
        for one in simulator.world.peers.values():
            one.allows = WITHOUT_MNTR
        members, found = await looked(client)
        assert {one.read_by for one in members} == {"srvr"}
        assert "mntr is not in 4lw.commands.whitelist" in members[0].problem
        assert "no AdminServer answers" in members[0].problem
        assert members[0].said is not None
        assert members[0].said.watches is None  # not known, not zero
        assert found.synced is None
        assert found.sentence == "3 voters, quorum 2, 3 serving: one may go"


async def test_with_nothing_open_a_member_is_unknown_and_not_counted() -> None:
    async with running(admin=False) as simulator, client_of(simulator) as client:
        simulator.world.peers["zk-0"].allows = frozenset()
        members, found = await looked(client)
        assert (members[0].state, members[0].serving) == ("unknown", None)
        assert "srvr and mntr are not in 4lw.commands.whitelist" in members[0].problem
        assert found.sentence == "3 voters, quorum 2, 2 serving, 1 unknown: none may go"


async def test_a_member_that_is_away_leaves_none_to_spare() -> None:
    async with running() as simulator, client_of(simulator) as client:
        simulator.world.down.add("zk-0")
        members, found = await looked(client)
        assert members[0].said is None
        assert members[0].problem
        assert found.sentence == "3 voters, quorum 2, 2 serving, 1 unknown: none may go"


async def test_without_a_quorum_nobody_serves_although_imok() -> None:
    async with running() as simulator, client_of(simulator) as client:
        simulator.world.peers["zk-0"].follows = False
        simulator.world.peers["zk-1"].follows = False
        members, found = await looked(client)
        assert [one.state for one in members] == ["not serving"] * 3
        assert [one.serving for one in members] == [False] * 3
        assert found.sentence == "3 voters, quorum 2, 0 serving: there is no quorum"
        assert found.lost


async def test_observers_are_no_voters() -> None:
    async with running(3, observers=2) as simulator, client_of(simulator) as client:
        members, found = await looked(client)
        assert [one.votes for one in members] == [True, True, True, False, False]
        assert [one.state for one in members[3:]] == ["observer", "observer"]
        assert found.sentence == "3 voters, quorum 2, 3 serving: one may go"
        assert found.observers == 2


async def test_synced_followers_without_a_vote_do_not_count() -> None:
    async with running(5) as simulator, client_of(simulator) as client:
        simulator.world.peers["zk-0"].follows = False
        simulator.world.peers["zk-1"].follows = False
        simulator.world.without_vote = 1  # zk_synced_followers is 3 now, two of them voters
        _, found = await looked(client)
        assert found.synced == 3
        assert found.sentence == "5 voters, quorum 3, 3 serving: none may go"


async def test_how_far_behind_and_who_is_left_in_an_old_epoch() -> None:
    async with running() as simulator, client_of(simulator) as client:
        simulator.world.rate = 0.0
        simulator.world.peers["zk-0"].late = 50
        simulator.world.peers["zk-1"].epoch = 1
        members, _ = await looked(client)
        assert members[0].behind == 50
        assert (members[1].behind, members[1].old_epoch) == (None, True)
        assert members[2].behind == 0


async def test_weighted_votes_are_not_counted_by_heads() -> None:
    async with running() as simulator, client_of(simulator) as client:
        simulator.world.weighted = True
        _, found = await looked(client)
        assert found.spare is None
        assert found.sentence.endswith("votes are weighted, so who may go is UNKNOWN")


@pytest.mark.parametrize(
    ("fault", "words"),
    [("hang", "no answer within 8 s"), ("half", "half an answer"), ("cut", "an empty answer"), ("tls", "wants TLS")],
)
async def test_what_one_member_does_wrong_is_said_at_its_row(fault: str, words: str) -> None:
    async with running(admin=False) as simulator, client_of(simulator, timeout=8.0) as client:
        simulator.faults["zk-1"] = fault
        async with asyncio.timeout(60):
            members, _ = await looked(client)
        assert words in members[1].problem
        assert members[0].said is not None
        assert members[2].said is not None


async def test_members_that_only_the_ensemble_names_have_a_row() -> None:
    async with running() as simulator:
        one = [f"127.0.0.1:{simulator.ports['zk-2']}"]
        async with client_of(simulator, servers=one, admin=[]) as client:
            members, found = await looked(client)
            assert [row.name for row in members][1:] == ["server.1", "server.2"]
            assert members[1].problem == "the ensemble names it, the configuration does not"
            assert found.sentence == "3 voters, quorum 2, 1 serving, 2 unknown: none may go"
