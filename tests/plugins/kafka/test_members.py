"""Who is in a group, in either protocol: shown alike, asked by the request that knows it."""

from __future__ import annotations

import time

import pytest

from plugins.kafka import acts, sources
from plugins.kafka.checks import REBALANCING
from plugins.kafka.client import Client, members
from plugins.kafka.model.rows import Group
from plugins.kafka.simulator import World, reference
from plugins.kafka.simulator.world import Group as Simulated
from tests.contracts.kafka.promises import act
from tests.plugins.kafka.bench import client, simulated

DESCRIBE, NEWER = 15, 69
NAME = "newer"


def world() -> World:
    """With a group of the newer protocol, whose two members share the partitions of one topic."""
    made = reference(World(now=time.time))
    parts = made.topics["orders"].partitions
    committed = {("orders", number): part.end for number, part in enumerate(parts)}
    made.groups[NAME] = Simulated(NAME, committed, ["reader-0", "reader-1"], 50.0, kind="consumer")
    return made


async def group(asking: Client, name: str) -> Group:
    return next(row for row in await sources.groups(asking) if row.name == name)


async def test_a_group_of_the_newer_protocol_has_members_and_they_their_partitions() -> None:
    async with simulated(world()) as simulator, client(simulator.port(0)) as asking:
        row = await group(asking, NAME)
        classic = await group(asking, "billing")
        assert simulator.unknown == []
        asked = [key for _, key in simulator.seen]
    assert (row.state, row.kind, row.protocol, row.error) == ("Stable", "consumer", "uniform", "")
    assert row.members is not None
    assert [(one.client, one.host, one.partitions) for one in row.members] == [
        ("reader-0", "10.244.3.17", 3),
        ("reader-1", "10.244.3.17", 3),
    ]
    assert [place.member for place in row.places] == ["reader-0", "reader-1"] * 3
    assert classic.members is not None
    assert len(classic.members) == 2
    assert DESCRIBE in asked
    assert NEWER in asked


async def test_a_group_whose_members_move_says_so_and_is_not_reset() -> None:
    made = world()
    made.groups[NAME].moving = "Reconciling"
    async with simulated(made) as simulator, client(simulator.port(0)) as asking:
        row = await group(asking, NAME)
        assert row.state == "Reconciling"
        assert row.state in REBALANCING
        with pytest.raises(Exception, match="the group is Reconciling: stop its consumers first"):
            await acts.reset(act(asking, to="start", plan="do"), row)


async def test_an_empty_one_is_reset() -> None:
    made = world()
    made.groups[NAME].members.clear()
    async with simulated(made) as simulator, client(simulator.port(0)) as asking:
        row = await group(asking, NAME)
        assert (row.state, row.members) == ("Empty", ())
        said = await acts.reset(act(asking, to="start", plan="do"), row)
        assert said.startswith(f"{NAME} reset on 6 partitions")


async def test_a_broker_that_cannot_tell_is_not_asked_and_nothing_is_invented() -> None:
    async with simulated(world()) as simulator, client(simulator.port(0)) as asking:
        simulator.forget(NEWER)
        row = await group(asking, NAME)
        assert all(key != NEWER for _, key in simulator.seen)
    assert (row.state, row.members) == ("Stable", None)


def test_names_of_members_are_harmless_and_groups_with_errors_are_left_out() -> None:
    kinds = __import__("plugins.kafka.client.protocol", fromlist=["x"]).ConsumerGroupDescribeResponse
    made = kinds.DescribedGroup
    nothing = made.Member.Assignment(topic_partitions=[])
    member = made.Member(
        member_id="m\x1b[2J", client_id="c\x07", client_host="/h", subscribed_topic_names=[], assignment=nothing
    )
    answer = kinds(
        groups=[
            made(error_code=0, group_id="g", group_state="Assigning", assignor_name="range", members=[member]),
            made(error_code=30, group_id="secret", group_state="", assignor_name="", members=[]),
        ]
    )
    found = members.newer_groups(answer)
    assert list(found) == ["g"]
    state, assignor, [one], owners = found["g"]
    assert (state, assignor, one.id, one.client, owners) == ("Assigning", "range", "m\ufffd[2J", "c\ufffd", {})
