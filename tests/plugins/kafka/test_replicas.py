"""Plans of where replicas go, and what becomes of one that is on its way."""

from __future__ import annotations

import time

import pytest

from console.errors import Conflict, NotFound, Refused, UsageError
from plugins.kafka import acts, acts_replicas, sources
from plugins.kafka.client import Client
from plugins.kafka.model.rows import Partition, Topic
from plugins.kafka.model.wire import Part
from plugins.kafka.panes import PANES
from plugins.kafka.panes.replicas import CANCEL, DELETE_RECORDS
from plugins.kafka.reassigning import brokers, exact, spread
from plugins.kafka.simulator import World, reference, topic
from tests.contracts.kafka.promises import act
from tests.plugins.kafka.bench import client, simulated, until


def part(number: int, *replicas: int) -> Part:
    return Part("t", number, replicas[0], replicas, replicas, (), 0, internal=False)


def test_brokers_are_named_in_order_and_must_be_there() -> None:
    there = {0, 1, 2}
    assert brokers("all", there) == [0, 1, 2]
    assert brokers(" 2, 0", there) == [2, 0]
    with pytest.raises(Refused, match="broker 7,9 is away"):
        brokers("0,7,9", there)
    for wrong in ("0,0", "one", "0;1"):
        with pytest.raises(UsageError):
            brokers(wrong, there)


def test_one_partition_keeps_its_number_of_copies() -> None:
    plan = exact(part(3, 0, 1), [1, 2])
    assert str(plan) == "t/3: 0,1 -> 1,2 (copied to 2, deleted from 0)"
    assert str(exact(part(3, 0, 1), [1, 0])) == "t/3: 0,1 -> 1,0 (preferred leader 1)"
    assert str(exact(part(3, 0, 1), [0, 1])) == "t/3: 0,1 -> 0,1 (stays)"
    with pytest.raises(Refused, match="has 2 copies; name 2 brokers"):
        exact(part(3, 0, 1), [0, 1, 2])


def test_a_topic_is_spread_with_as_little_copied_as_possible() -> None:
    parts = [part(0, 0, 1), part(1, 1, 2), part(2, 2, 0), part(3, 0, 1)]
    plan = spread(parts, [1, 2, 3])
    assert [one.after for one in plan] == [(3, 1), (1, 2), (2, 3), (1, 2)], "0 is left; who leads least takes over"
    assert sum(len(one.copied) for one in plan) == 3
    assert [one.after for one in spread(parts, [0, 1, 2])] == [one.replicas for one in parts], "nothing to do"
    with pytest.raises(Refused, match="2 copies need 2 brokers"):
        spread(parts, [1])


async def _row(asking: Client, number: int) -> Partition:
    rows = await sources.partitions(asking)
    return next(row for row in rows if (row.topic, row.number) == ("two", number))


def world(arrives: float) -> World:
    """With a topic of two copies, whose moves take so many seconds."""
    made = reference(World(now=time.time, arrives=arrives))
    made.topics["two"] = topic("two", 3, replicas=2, end=50)
    return made


async def test_what_is_on_its_way_is_shown_not_sent_twice_and_called_back() -> None:
    async with simulated(world(1e9)) as simulator, client(simulator.port(0)) as asking:
        row = await _row(asking, 0)
        assert row.replicas == (0, 1)
        await acts_replicas.reassign_partition(act(asking, to="1,2", plan="do"), row)
        [moving] = list(await sources.reassignments(asking))
        assert (moving.replicas, moving.adding, moving.removing) == ((1, 2, 0), (2,), (0,))
        with pytest.raises(Conflict, match="two/0 is on its way already"):
            await acts_replicas.reassign_partition(act(asking, to="2,0", plan="do"), row)
        assert sorted((await _row(asking, 0)).isr) == [0, 1], "what comes is not in sync yet"
        assert CANCEL.when is not None
        assert CANCEL.when(moving, None) is None  # type: ignore[arg-type]
        said = await acts_replicas.cancel(act(asking), moving)
        assert said == "two/0 stays on 1,0; what was copied is deleted"
        assert list(await sources.reassignments(asking)) == []
        assert (await _row(asking, 0)).replicas == (0, 1)
        with pytest.raises(NotFound, match="arrived already"):
            await acts_replicas.cancel(act(asking), moving)


async def test_a_broker_that_is_away_gets_nothing() -> None:
    made = world(0.0)
    async with simulated(made) as simulator, client(simulator.port(0)) as asking:
        row = await _row(asking, 0)
        made.alive = lambda broker: broker != 2
        for code, asked in ((acts_replicas.plan_partition, row), (acts_replicas.reassign_partition, row)):
            with pytest.raises(Refused, match="broker 2 is away"):
                await code(act(asking, to="1,2", plan="do"), asked)
        with pytest.raises(Refused, match="broker 2 is away"):
            await acts_replicas.reassign_topic(act(asking, to="1,2", plan="do"), Topic("two"))
        with pytest.raises(NotFound, match="it is gone"):
            await acts_replicas.plan_topic(act(asking, to="all"), Topic("nothing"))


async def test_a_topic_leaves_a_broker() -> None:
    async with simulated(world(0.0)) as simulator, client(simulator.port(0)) as asking:
        told = await acts_replicas.plan_topic(act(asking, to="1,2"), Topic("two"))
        assert told.startswith("two: 2 of 3 partitions would change, 2 replicas (")
        await acts_replicas.reassign_topic(act(asking, to="1,2", plan="do"), Topic("two"))

        async def left() -> bool:
            asking.changed()
            return all(0 not in row.replicas for row in await sources.partitions(asking) if row.topic == "two")

        await until(left, "broker 0 keeps some")


async def test_records_are_deleted_only_where_there_are_some() -> None:
    async with simulated(world(0.0)) as simulator, client(simulator.port(0)) as asking:
        row = await _row(asking, 1)
        with pytest.raises(Refused, match="offsets 0 to 50: 51 is not among them"):
            await acts.delete_records(act(asking, before="51"), row)
        with pytest.raises(UsageError):
            await acts.delete_records(act(asking, before="half"), row)
        assert "40 offsets are deleted" in await acts.delete_records(act(asking, before="40"), row)
        asking.changed()
        now = await _row(asking, 1)
        assert (now.start, now.end) == (40, 50)
    assert DELETE_RECORDS.when is not None
    assert DELETE_RECORDS.when(Partition("two", 1, leader=0, start=50, end=50), None) == "it is empty"  # type: ignore[arg-type]
    assert DELETE_RECORDS.when(Partition("two", 1, leader=-1), None) == "it has no leader"  # type: ignore[arg-type]


def test_the_actions_stand_in_their_panes() -> None:
    found = {f"{pane.name} {action.id}": action.effect.name for pane in PANES for action in pane.actions}
    assert found["kafka.topics plan-reassign"] == found["kafka.partitions plan-reassign"] == "READ"
    assert found["kafka.topics reassign"] == found["kafka.partitions reassign"] == "CHANGE"
    assert found["kafka.reassignments cancel"] == "CHANGE"
    assert found["kafka.partitions delete-records"] == "DESTROY"
