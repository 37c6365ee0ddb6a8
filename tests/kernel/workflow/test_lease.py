"""Leases: who may act, judged by the observer's own clock; skewed clocks, lost answers, take-over, slots."""

from __future__ import annotations

import asyncio

import pytest

from console.offers import LeaseRecord
from console.workflow.lease import DURATION, LONGEST_ACT, LeaseLost, Leases, Slots
from tests.kernel.workflow.memory import LeaseTable, LoopClock, Network

pytestmark = pytest.mark.looptime


def leases(store: LeaseTable, holder: str, skew: float = 0.0) -> Leases:
    return Leases(store, LoopClock(skew), holder)


async def test_a_free_lease_is_taken_and_its_fencing_number_grows_with_each_holder() -> None:
    store = LeaseTable()
    one, two = leases(store, "one"), leases(store, "two")
    assert await one.acquire("run-d-1") == 1
    await one.release_all()
    assert await two.acquire("run-d-1") == 2
    assert one.left == 0.0
    assert DURATION - 1 < two.left <= DURATION


async def test_the_fencing_number_never_falls_behind_the_journal() -> None:
    assert await leases(LeaseTable(), "one").acquire("run-d-1", at_least=8) == 8


async def test_take_over_waits_one_lease_and_the_longest_act() -> None:
    store = LeaseTable()
    await leases(store, "dead").acquire("run-d-1")
    loop = asyncio.get_running_loop()
    began, said = loop.time(), list[str]()
    assert await leases(store, "next").acquire("run-d-1", waits=said.append) == 2
    assert DURATION + LONGEST_ACT <= loop.time() - began < DURATION + LONGEST_ACT + 3
    assert "held by dead" in said[0]


@pytest.mark.parametrize("skew", [-86400.0, 0.0, 86400.0])
async def test_skewed_clocks_do_no_harm(skew: float) -> None:
    store = LeaseTable()
    holder = leases(store, "holder", skew)
    await holder.acquire("run-d-1")
    keeping = asyncio.create_task(holder.keep())
    other = leases(store, "other")
    waiting = asyncio.create_task(other.acquire("run-d-1"))
    await asyncio.sleep(600)
    assert not waiting.done()
    assert holder.left > 0
    for task in (keeping, waiting):
        task.cancel()
    await asyncio.gather(keeping, waiting, return_exceptions=True)


async def test_a_holder_that_was_overtaken_hears_it_and_has_no_time_left() -> None:
    store = LeaseTable()
    old = leases(store, "old")
    await old.acquire("run-d-1")
    await leases(store, "new").acquire("run-d-1")
    assert old.left == 0.0
    with pytest.raises(LeaseLost, match="held by new"):
        await old.renew()
    with pytest.raises(LeaseLost):
        await old.keep()
    assert old.left == 0.0


async def test_what_is_left_counts_from_before_the_renewal_was_asked() -> None:
    network = Network(delay=5.0)
    holder = leases(LeaseTable(network), "one")
    await holder.acquire("run-d-1")
    assert holder.left == pytest.approx(DURATION - 5.0)


async def test_a_renewal_whose_answer_was_lost_keeps_the_lease() -> None:
    network = Network()
    holder = leases(LeaseTable(network), "one")
    await holder.acquire("run-d-1")
    network.lose_answer_of.add(network.calls + 1)
    keeping = asyncio.create_task(holder.keep())
    await asyncio.sleep(100)
    assert not keeping.done()
    assert holder.left > 0
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_an_outage_longer_than_the_lease_leaves_nothing_until_it_is_renewed_again() -> None:
    network = Network()
    holder = leases(LeaseTable(network), "one")
    await holder.acquire("run-d-1")
    keeping = asyncio.create_task(holder.keep())
    network.down = True
    await asyncio.sleep(DURATION + 1)
    assert holder.left == 0.0
    network.down = False
    await asyncio.sleep(5)
    assert holder.left > 0
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_of_two_that_try_at_once_one_gets_it() -> None:
    store = LeaseTable()
    both = [leases(store, "one"), leases(store, "two")]
    patience = await asyncio.gather(*(each.take("run-d-1") for each in both))
    assert sorted(value > 0 for value in patience) == [False, True]


@pytest.mark.parametrize("first", ["renewal", "release"])
async def test_what_is_given_back_while_it_is_being_renewed_is_free(first: str) -> None:
    store = LeaseTable()
    one, two = leases(store, "one"), leases(store, "two")
    await one.acquire("run-d-1")
    renewing = asyncio.create_task(one.renew())
    await asyncio.sleep(0.0005 if first == "renewal" else 0)
    await one.release("run-d-1")
    await renewing
    assert await two.take("run-d-1") == 0.0


async def test_slots_bound_how_many_nodes_are_out() -> None:
    store = LeaseTable()
    slots = Slots(store, 2)
    assert await slots.take("node1", note="run d-1 by oncall", now=1.0) == ""
    assert await slots.take("node1", note="run d-2 by oncall", now=1.0) == ""
    assert await slots.take("node2", note="run d-3 by anna", now=1.0) == ""
    refused = await slots.take("node3", note="run d-4", now=1.0)
    assert "node1 is out (run d-1 by oncall)" in refused
    assert "2 of 2 nodes may be out" in refused
    await slots.give_back("node1")
    assert await slots.take("node3", note="run d-4", now=1.0) == ""
    assert sorted(await slots.taken()) == ["node2", "node3"]


async def test_a_lease_of_nobody_is_free_at_once() -> None:
    store = LeaseTable()
    store.records["run-d-1"] = LeaseRecord("run-d-1", "", 4, 30.0, "9")
    assert await leases(store, "one").take("run-d-1") == 0.0
    assert store.records["run-d-1"].fencing == 5


async def test_what_a_dead_runner_left_is_waited_for_once() -> None:
    store = LeaseTable()
    dead, heir = leases(store, "dead"), leases(store, "heir")
    for name in ("run-d-1", "node-n1"):
        await dead.acquire(name)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await heir.acquire("run-d-1", beside=["node-n1"])
    assert await heir.take("node-n1") < 1.0
    await heir.acquire("node-n1")
    assert loop.time() - began < DURATION + LONGEST_ACT + 6
