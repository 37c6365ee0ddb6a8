"""Plans: the merge of all systems' steps, what makes a verdict worse, when a run may start, and how it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.audit import AuditLog
from console.errors import Refused
from console.gate import Gate, Rules
from console.model import Answer, NodeName, Prospect, Reason, Ref, Verdict
from console.offers import LeaseRecord
from console.plugin import Facts, Right, Target
from console.workflow import planview
from console.workflow.plan import Plan, make, merge, refuse
from console.workflow.starting import start
from console.workflow.steps import Phase
from tests.journeys.toy import KINDS, TARGET, Desk, Server, Thing, ToyKernel, toy_hooks
from tests.kernel.workflow.memory import Granted, Journals, LeaseTable, LoopClock, Network
from tests.kernel.workflow.strategies import step
from tests.values import replace

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


def left_behind(age: float, note: str = "run d-7k2 by anna") -> LeaseRecord:
    """The lease of a node whose runner was last heard so many seconds ago."""
    return LeaseRecord("node-node1", "anna@host pid 7", 1, 30.0, "1", note, LoopClock().now() - age)


async def test_a_dead_runner_s_lease_is_no_refusal_but_says_whose_run_it_is_and_how_to_go_on(desk: Desk) -> None:
    desk.leases.records["node-node1"] = left_behind(300)
    plan = await plan_of(desk)
    assert plan.exit_code == 3
    (reason,) = plan.verdict.decisions
    assert reason.decision == "abandoned-run"
    assert "node1 belongs to run d-7k2 by anna, whose runner anna@host pid 7 was last heard 5 min ago" in reason.text
    assert "pilothouse runs resume d-7k2" in reason.text
    assert "pilothouse runs abort d-7k2" in reason.text
    assert (await plan_of(desk, decisions=("abandoned-run",))).exit_code == 0


@pytest.mark.parametrize(("age", "code"), [(0, 4), (89, 4), (91, 3)])
async def test_a_runner_that_was_heard_within_three_leases_is_at_work(desk: Desk, age: float, code: int) -> None:
    desk.leases.records["node-node1"] = left_behind(age)
    assert (await plan_of(desk)).exit_code == code


async def test_what_becomes_of_each_thing_is_told_in_json_text_and_counts(desk: Desk) -> None:
    kernel = desk.equipment("x").kernel
    assert isinstance(kernel, ToyKernel)
    node = NodeName("node1")
    moves = Prospect(Ref("pod", "web-1", "shop", "u1"), node, "moves", "moves to another node", "move")
    lost = Prospect(Ref("pod", "shell", "shop", "u2"), node, "lost", "is lost", "are lost", (LOSS,))

    def prospects(_facts: Facts, _target: Target) -> tuple[Prospect, ...]:
        return moves, lost

    hooks = replace(toy_hooks(KINDS), prospects=prospects)
    plan = await make(replace(kernel, hooks=hooks), TARGET, leases=desk.leases)
    (system,) = planview.as_json(plan)["systems"]
    assert [(pod["name"], pod["what"], pod["verdict"]) for pod in system["pods"]] == [
        ("web-1", "moves", "SAFE"),
        ("shell", "lost", "DECIDE"),
    ]
    assert system["pods"][1]["reasons"][0]["decision"] == "emptydir"
    assert [(phrase, len(pods)) for phrase, pods in planview.happens(plan)] == [("are lost", 1), ("move", 1)]
    assert "DECIDE  shop/shell  is lost: 1 pod loses data" in planview.as_text(plan)


async def test_of_several_nodes_it_is_said_which_may_go_together(desk: Desk) -> None:
    kernel = desk.equipment("x").kernel
    assert isinstance(kernel, ToyKernel)

    def one_at_a_time(_facts: Facts, target: Target) -> Verdict:
        both = Reason(Answer.NO, "quorum", "not both")
        return Verdict((both,) if len(target.nodes) > 1 else ())

    asked = replace(TARGET, nodes=(NodeName("node1"), NodeName("node2")))
    hooks = replace(toy_hooks(KINDS), verdict=one_at_a_time)
    plan = await make(replace(kernel, hooks=hooks), asked, leases=desk.leases, most_out=2)
    assert plan.exit_code == 4
    assert planview.as_json(plan)["together"] == {
        "groups": [["node1"], ["node2"]],
        "alone": {"node1": "SAFE", "node2": "SAFE"},
    }
    assert "nodes: node1, then node2, each when all of the one before is back" in planview.as_text(plan)
    alone = await plan_of(desk)
    assert planview.as_json(alone)["together"] is None


async def test_the_keys_of_the_json_are_those_that_are_documented(desk: Desk) -> None:
    told = planview.as_json(await plan_of(desk, LOSS))
    assert set(told) == {
        "run", "nodes", "verdict", "exit", "checkedAt", "took", "decisions", "systems", "reasons", "together", "order",
        "steps", "held",
    }  # fmt: skip
    assert set(told["systems"][0]) == {"system", "instance", "verdict", "reasons", "proof", "pods"}
    assert set(told["systems"][0]["reasons"][0]) == {"answer", "topic", "text", "decision", "subject"}


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


def test_the_order_is_told_in_turns_and_many_pods_as_a_number() -> None:
    first, gate = step("first"), step("gate", after=("first",))
    rest = [step(f"pod-{number}", after=("gate",)) for number in range(5)]
    last = step("last", after=("pod-0",))
    steps = merge([*rest, last, gate, first])
    plan = Plan(TARGET, 0.0, 0.0, (), steps)
    assert planview.order(plan) == f"{first.title} → {gate.title} → 5 together → {last.title}"
