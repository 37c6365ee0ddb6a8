"""Runs from plan to end over a toy system: killed at every call, taken over, without the platform, with people."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.audit import AuditLog
from console.model import NodeName
from console.plugin import Target
from console.workflow import plan as plans
from console.workflow.calls import SIDE_BY_SIDE
from console.workflow.events import Aborted, Answered, Choice, Continued, End, Paused
from console.workflow.execution import Equipment, Execution, carry_out
from console.workflow.journal import append, page
from console.workflow.starting import start
from console.workflow.state import State
from console.workflow.steps import Ctx
from tests.journeys.toy import KINDS, TARGET, Desk, Server, Thing
from tests.kernel.workflow.memory import Journals, LeaseTable, Network

pytestmark = pytest.mark.looptime

THREE = ("web-1", "web-2", "kafka-0")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    network = Network()
    server = Server(network, {name: Thing(name, f"uid-{name}") for name in THREE})
    return Desk(server, Journals(network), LeaseTable(network), AuditLog(tmp_path / "audit.jsonl"))


async def begin(desk: Desk) -> str:
    equipment = desk.equipment("starter")
    plan = await plans.make(equipment.kernel, TARGET, leases=desk.leases)
    return await start(plan, desk.journals, equipment.gate, clock=equipment.kernel.clock, reason="disk", run="d-1")


async def state(desk: Desk) -> State:
    return page(await desk.journals.read("d-1")).state


ALL = ["cordon", "evict kafka-0", "evict web-1", "evict web-2"]


async def test_a_run_goes_through_and_is_recorded(desk: Desk) -> None:
    run = await begin(desk)
    assert await carry_out(run, desk.equipment("one")) is End.DONE
    assert sorted(desk.server.effects) == ALL
    now = await state(desk)
    assert now.steps["evict web-1"].evidence == "gone"
    assert now.plan is not None
    assert (now.plan.proof, now.plan.reason) == ({"toy:one: left": "3"}, "disk")
    assert {entry.action for entry in desk.sink.entries} == {"drain", "cordon", "evict"}


async def test_evictions_go_side_by_side_and_in_few_writes(desk: Desk) -> None:
    desk.server.things = {f"web-{number}": Thing(f"web-{number}", str(number)) for number in range(30)}
    run = await begin(desk)
    before = desk.server.network.calls
    began = asyncio.get_running_loop().time()
    assert await carry_out(run, desk.equipment("one")) is End.DONE
    evictions = [at for at, _, what in desk.server.calls if what.startswith("evict")]
    assert len(evictions) == 30
    assert max(evictions) - min(evictions) < 0.1
    assert asyncio.get_running_loop().time() - began < 5.0 + 2.0
    assert desk.server.network.calls - before < 30 + 60


async def test_a_hundred_evictions_are_sent_side_by_side_within_a_bound(desk: Desk) -> None:
    desk.server.things = {f"web-{number}": Thing(f"web-{number}", str(number)) for number in range(100)}
    run = await begin(desk)
    desk.server.network.delay = 0.2
    desk.server.takes = 60.0
    began = asyncio.get_running_loop().time()
    assert await carry_out(run, desk.equipment("one")) is End.DONE
    assert desk.server.most_asking == SIDE_BY_SIDE
    assert max(at for at, _, what in desk.server.calls if what.startswith("evict")) - began < 10, (
        "slow ends hold nobody up"
    )


async def test_the_slot_and_the_leases_are_given_back_as_they_should(desk: Desk) -> None:
    await carry_out(await begin(desk), desk.equipment("one"))
    held = {record.name: record.holder for record in await desk.leases.list() if record.holder}
    assert held == {"out-0": "node1"}


async def killed_at(desk: Desk, call: int) -> bool:
    """Work until the given call of the network, then die as kill -9 does: nothing more is sent by this process."""
    network = desk.server.network
    work = asyncio.create_task(Execution("d-1", desk.equipment("victim")).work())
    first, dead = network.calls, asyncio.Event()

    def kill(number: int, _what: str) -> None:
        if number - first >= call:
            dead.set()
            raise asyncio.CancelledError

    network.before = kill
    died = asyncio.create_task(dead.wait())
    await asyncio.wait([work, died], return_when=asyncio.FIRST_COMPLETED)
    survived = not dead.is_set()
    work.cancel()
    died.cancel()
    await asyncio.gather(work, died, return_exceptions=True)
    network.before = lambda _number, _what: None
    return survived


@pytest.mark.parametrize("lost", [0, 1], ids=["before the call", "after the call, its answer lost"])
async def test_killed_at_every_call_and_resumed_elsewhere_nothing_is_done_twice(tmp_path: Path, lost: int) -> None:
    for call in range(1, 200):
        network = Network()
        server = Server(network, {name: Thing(name, f"uid-{name}") for name in THREE})
        desk = Desk(server, Journals(network), LeaseTable(network), AuditLog(tmp_path / "audit.jsonl"))
        await begin(desk)
        if lost:
            network.lose_answer_of.add(network.calls + call)
        survived = await killed_at(desk, call + lost)
        if not survived:
            assert await carry_out("d-1", desk.equipment("heir", skew=-3600.0)) is End.DONE
        assert sorted(server.effects) == ALL, f"killed at call {call}"
        if survived:
            break
    else:
        pytest.fail("the run never came to its end")
    assert call > 15


async def test_two_runners_at_once_and_one_acts(desk: Desk) -> None:
    await begin(desk)
    results = await asyncio.gather(carry_out("d-1", desk.equipment("one")), carry_out("d-1", desk.equipment("two")))
    assert End.DONE in results
    assert len({who for _, who, _ in desk.server.calls}) == 1
    assert sorted(desk.server.effects) == ALL


async def test_a_runner_that_slept_past_its_lease_does_not_act_when_it_wakes(desk: Desk) -> None:
    """As SIGSTOP and SIGCONT would: its requests hang for two minutes, then it goes on."""
    await begin(desk)
    old = desk.equipment("old")
    awake = desk.server.network
    slow = Network()
    stores = Journals(slow, desk.journals.runs), LeaseTable(slow, desk.leases.records)
    old = Equipment(old.kernel, *stores, old.gate, holder="old")
    desk.server.budget = 1  # so that two evictions are tried again and again
    first = asyncio.create_task(carry_out("d-1", old))
    await asyncio.sleep(11)
    assert len(desk.server.effects) == 2
    slow.delay = 120.0  # everything that it asks takes two minutes
    second = asyncio.create_task(carry_out("d-1", desk.equipment("new")))
    await asyncio.sleep(60)
    desk.server.budget = 9
    assert await second is End.DONE
    slow.delay = awake.delay
    assert await first in {None, End.DONE}
    taken_over = min(at for at, who, _ in desk.server.calls if who == "new")
    assert not [what for at, who, what in desk.server.calls if who == "old" and at >= taken_over]
    assert sorted(desk.server.effects) == ALL


async def test_the_platform_goes_away_in_the_middle_and_the_run_waits(desk: Desk) -> None:
    await begin(desk)
    working = asyncio.create_task(carry_out("d-1", desk.equipment("one")))
    await asyncio.sleep(1)
    desk.server.network.down = True
    await asyncio.sleep(600)
    assert not working.done()
    desk.server.network.down = False
    assert await working is End.DONE
    assert sorted(desk.server.effects) == ALL
    facts = [entry.fact for entry in page(await desk.journals.read("d-1")).entries]
    assert any("no answer" in getattr(fact, "reason", "") for fact in facts)


async def test_a_budget_is_waited_for_without_a_hot_loop(desk: Desk) -> None:
    desk.server.budget = 2
    await begin(desk)
    working = asyncio.create_task(carry_out("d-1", desk.equipment("one")))
    await asyncio.sleep(60)
    assert "the budget lets" in " ".join(step.waiting for step in (await state(desk)).steps.values())
    assert len(desk.server.calls) <= 1 + 2 + 15
    desk.server.budget = 5
    assert await working is End.DONE
    assert sorted(desk.server.effects) == ALL


async def test_pause_holds_the_next_act_back_and_continue_lets_it_go(desk: Desk) -> None:
    desk.server.budget = 0
    await begin(desk)
    working = asyncio.create_task(carry_out("d-1", desk.equipment("one")))
    await asyncio.sleep(10)
    await append(desk.journals, "d-1", Paused(1.0, "anna"))
    await asyncio.sleep(10)
    desk.server.budget = 9
    calls = len(desk.server.calls)
    await asyncio.sleep(60)
    assert len(desk.server.calls) == calls
    await append(desk.journals, "d-1", Continued(2.0, "anna"))
    assert await working is End.DONE


async def test_an_abort_puts_back_what_was_changed(desk: Desk) -> None:
    desk.server.budget = 0
    await begin(desk)
    working = asyncio.create_task(carry_out("d-1", desk.equipment("one")))
    await asyncio.sleep(10)
    await append(desk.journals, "d-1", Aborted(1.0, "anna", "wrong node"))
    assert await working is End.ABORTED
    assert desk.server.effects == ["cordon", "uncordon"]
    assert not [record for record in await desk.leases.list() if record.holder]


async def test_a_bug_in_a_step_asks_and_the_answer_goes_on(desk: Desk) -> None:
    kind = KINDS["evict"]
    broken = True

    async def act(ctx: Ctx) -> str:
        if broken and ctx.step.params["thing"] == "web-1":
            raise KeyError("web-1")
        assert kind.act is not None
        return await kind.act(ctx)

    desk.kinds = {**KINDS, "evict": type(kind)(kind.guard, kind.until, act)}
    await begin(desk)
    working = asyncio.create_task(carry_out("d-1", desk.equipment("one")))
    await asyncio.sleep(30)
    now = await state(desk)
    assert now.asked == ("evict web-1",)
    assert "KeyError" in now.steps["evict web-1"].question
    broken = False
    await append(desk.journals, "d-1", Answered(1.0, "evict web-1", Choice.RETRY, "anna"))
    assert await working is End.DONE
    assert sorted(desk.server.effects) == ALL


async def test_leaving_releases_at_once_and_another_goes_on_without_waiting(desk: Desk) -> None:
    desk.server.budget = 0
    await begin(desk)
    one = Execution("d-1", desk.equipment("one"))
    working = asyncio.create_task(one.work())
    await asyncio.sleep(10)
    one.leave("asked to by SIGTERM")
    assert await working is None
    desk.server.budget = 9
    began = asyncio.get_running_loop().time()
    assert await carry_out("d-1", desk.equipment("two")) is End.DONE
    assert asyncio.get_running_loop().time() - began < 20


async def test_a_second_node_waits_until_a_slot_is_free_and_says_so(desk: Desk) -> None:
    await carry_out(await begin(desk), desk.equipment("one"))
    other = Target("drain", (NodeName("node2"),))
    plan = await plans.make(desk.equipment("x").kernel, other, leases=desk.leases)
    assert plan.exit_code == 4
    assert "1 node may be out" in plan.verdict.reasons[0].text
    assert "node1 (run d-1" in plan.verdict.reasons[0].text
