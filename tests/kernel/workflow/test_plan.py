"""Plans: the merge of all systems' steps, what makes a verdict worse, when a run may start, and how it reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.audit import AuditLog
from console.errors import Refused
from console.gate import Gate, Rules
from console.model import Answer, Reason, Verdict
from console.offers import LeaseRecord
from console.plugin import Facts, Right, Target
from console.workflow import planview
from console.workflow.plan import Plan, make, merge, refuse
from console.workflow.starting import start
from console.workflow.steps import Phase
from tests.journeys.toy import KINDS, TARGET, Desk, Server, Thing, ToyKernel, toy_hooks
from tests.kernel.workflow.memory import Granted, Journals, LeaseTable, Network
from tests.kernel.workflow.strategies import step

pytestmark = pytest.mark.looptime


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    network = Network()
    server = Server(network, {name: Thing(name, name) for name in ("a", "b")})
    return Desk(server, Journals(network), LeaseTable(network), AuditLog(tmp_path / "audit.jsonl"))


async def plan_of(desk: Desk, *reasons: Reason, decisions: tuple[str, ...] = ()) -> Plan:
    kernel = desk.equipment("x").kernel
    assert isinstance(kernel, ToyKernel)

    def verdict(_facts: Facts, _target: Target) -> Verdict:
        return Verdict(reasons)

    hooks = replace(toy_hooks(KINDS), verdict=verdict)
    asked = replace(TARGET, decisions=frozenset(decisions))
    return await make(replace(kernel, hooks=hooks), asked, leases=desk.leases)


LOSS = Reason(Answer.DECIDE, "emptydir", "1 pod loses data", decision="emptydir")


@pytest.mark.parametrize(
    ("reasons", "decisions", "code"),
    [
        ((), (), 0),
        ((LOSS,), (), 3),
        ((LOSS,), ("emptydir",), 0),
        ((LOSS, Reason(Answer.NO, "budgets", "no")), ("emptydir",), 4),
        ((LOSS, Reason(Answer.NO, "budgets", "no"), Reason(Answer.UNKNOWN, "zk", "?")), (), 5),
    ],
)
async def test_exit_codes_and_who_may_start(
    desk: Desk, reasons: tuple[Reason, ...], decisions: tuple[str, ...], code: int
) -> None:
    plan = await plan_of(desk, *reasons, decisions=decisions)
    assert plan.exit_code == code
    equipment = desk.equipment("x")
    starting = start(plan, desk.journals, equipment.gate, clock=equipment.kernel.clock, reason="disk")
    if code:
        with pytest.raises(Refused):
            await starting
        assert not desk.journals.runs
    else:
        assert await starting in desk.journals.runs


async def test_a_run_without_a_reason_is_refused(desk: Desk) -> None:
    equipment = desk.equipment("x")
    with pytest.raises(Refused, match="reason"):
        await start(await plan_of(desk), desk.journals, equipment.gate, clock=equipment.kernel.clock, reason=" ")


async def test_a_run_whose_own_records_may_not_be_written_does_not_start(desk: Desk) -> None:
    journal = Right("create", "configmaps", namespace="pilothouse")
    rights = Granted(denied={str(journal)}, needed=(journal,))
    equipment = desk.equipment("x")
    gate = Gate(
        rules=Rules(),
        log=desk.log,
        clock=equipment.kernel.clock,
        who=equipment.gate.who,
        identity=equipment.gate.identity,
        rights=rights,
    )
    with pytest.raises(Refused, match="may not drain") as refused:
        await start(await plan_of(desk), desk.journals, gate, clock=equipment.kernel.clock, reason="disk")
    assert "missing: create configmaps in namespace pilothouse\nkind: ClusterRole" in refused.value.next_step
    assert not desk.journals.runs


async def test_a_refusal_names_what_must_be_decided(desk: Desk) -> None:
    with pytest.raises(Refused, match="--decide emptydir"):
        refuse(await plan_of(desk, LOSS))


async def test_a_hook_that_raises_makes_the_verdict_unknown_and_is_named(desk: Desk) -> None:
    kernel = desk.equipment("x").kernel
    assert isinstance(kernel, ToyKernel)

    def broken(_facts: Facts, _target: Target) -> Verdict:
        raise ZeroDivisionError("by zero")

    plan = await make(replace(kernel, hooks=replace(toy_hooks(), verdict=broken)), TARGET, leases=desk.leases)
    assert plan.exit_code == 5
    assert "hooks of toy:one failed: ZeroDivisionError" in plan.verdict.reasons[0].text


async def test_rows_that_cannot_be_read_make_the_verdict_unknown(desk: Desk) -> None:
    desk.server.network.down = True
    plan = await plan_of(desk)
    assert plan.exit_code == 5
    assert any("could not be read" in reason.text for reason in plan.verdict.reasons)


async def test_a_node_that_another_run_holds_is_a_no_with_its_name(desk: Desk) -> None:
    desk.leases.records["node-node1"] = LeaseRecord("node-node1", "anna pid 7", 1, 30.0, "1", "run d-0 by anna")
    plan = await plan_of(desk)
    assert plan.exit_code == 4
    assert "node1 is held by anna pid 7 (run d-0 by anna)" in planview.as_text(plan)


def test_phases_order_the_merge_and_after_orders_a_phase() -> None:
    merged = merge([step("v", Phase.VERIFY), step("b", after=("a",)), step("a"), step("c", Phase.CORDON)])
    assert [each.id for each in merged] == ["c", "a", "b", "v"]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([step("a"), step("a")], "two steps are called a"),
        ([step("a", after=("x",))], "which is not there"),
        ([step("a", after=("v",)), step("v", Phase.VERIFY)], "of a later phase"),
        ([step("a", after=("b",)), step("b", after=("a",))], "a circle"),
    ],
)
def test_what_is_no_graph_is_refused(steps: list[object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        merge(steps)  # type: ignore[arg-type]


async def test_json_and_text_say_the_same(desk: Desk) -> None:
    plan = await plan_of(desk, LOSS)
    told = planview.as_json(plan)
    assert (told["verdict"], told["exit"]) == ("DECIDE", 3)
    assert told["decisions"] == [{"id": "emptydir", "text": "1 pod loses data", "taken": False}]
    assert [each["id"] for each in told["steps"]] == ["cordon", "evict a", "evict b", "empty"]
    text = planview.as_text(plan)
    assert "verdict DECIDE  (1 decision to take)" in text
    assert "order: cordon → evict a, evict b → empty" in text
