"""Cordon, verify, the way back: what is remembered, what is put back, and what is left alone because it is not ours."""

from __future__ import annotations

from typing import Any

import pytest

from console.errors import Permanent
from console.format import timestamp
from console.model import Answer
from console.workflow.steps import Done, Go, Phase, Step, Stop, Wait
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.maintenance.judging import FOREIGN_CORDON
from plugins.kubernetes.maintenance.objects import WAS
from plugins.kubernetes.model import marks
from tests.plugins.kubernetes.maintenance.bench import NOW, Server, ctx, deleted, kind, steps, target
from tests.plugins.kubernetes.rows import World, member, node, pod, replica

PATH = "/api/v1/nodes/n1"
OURS = {marks.RUN: "d-1", marks.CORDONED_BY: "anna", WAS: "false"}


def with_marks(annotations: dict[str, str], **more: Any) -> dict[str, Any]:
    made = node("n1", **more)
    made["metadata"]["annotations"] = annotations
    made["metadata"]["resourceVersion"] = "7"
    return made


def world(thing: dict[str, Any] | None = None) -> World:
    return World().put("nodes", thing or with_marks({}), node("n2"))


def of(made: World, kind_: str, run: str = "drain") -> Step:
    return next(step for step in steps(made, run=run) if step.kind == kind_)


async def test_a_cordon_is_of_exactly_the_node_that_was_read_and_says_who_and_why() -> None:
    made, server = world(), Server({PATH: with_marks({})})
    step = of(made, "cordon")
    assert await kind(step).act(ctx(made, server, step, memory={"unschedulable": False})) == "was: schedulable"
    (path, body), meta = server.patches[0], server.patches[0][1]["metadata"]
    assert (path, body["spec"]) == (PATH, {"unschedulable": True})
    assert (meta["uid"], meta["resourceVersion"]) == ("uid-n1", "7")
    assert meta["annotations"][marks.RUN] == "d-1"
    assert meta["annotations"][marks.REASON] == "disk"
    assert meta["annotations"][marks.CORDONED_BY] == "anna (admin)"
    assert meta["annotations"][WAS] == "false"


async def test_what_was_there_is_remembered() -> None:
    made, server = (
        world(),
        Server({PATH: with_marks({}, unschedulable=True, taints=[{"key": "a", "effect": "NoSchedule"}])}),
    )
    memory = await kind(of(made, "cordon")).remember(ctx(made, server, of(made, "cordon")))
    assert memory["unschedulable"] is True
    assert memory["taints"] == [{"key": "a", "effect": "NoSchedule"}]
    assert memory["labels"] == {"kubernetes.io/hostname": "n1"}


async def test_a_cordon_of_this_run_is_not_made_twice() -> None:
    out = with_marks(OURS, unschedulable=True)
    made, server = world(out), Server({PATH: out})
    step = of(made, "cordon")
    assert isinstance(await kind(step).guard(ctx(made, server, step)), Done)
    assert "already" in await kind(step).act(ctx(made, server, step))
    assert server.patches == []


async def test_a_node_that_was_replaced_is_not_touched() -> None:
    other = with_marks({})
    other["metadata"]["uid"] = "another"
    made, server = world(), Server({PATH: other})
    with pytest.raises(Permanent, match="another node"):
        await kind(of(made, "cordon")).act(ctx(made, server, of(made, "cordon")))
    assert server.patches == []


@pytest.mark.parametrize(("was", "value", "words"), [(False, None, "schedulable again"), (True, True, "as it was")])
async def test_undo_puts_back_what_was_there(was: bool, value: bool | None, words: str) -> None:  # noqa: FBT001
    made, server = world(), Server({PATH: with_marks(OURS, unschedulable=True)})
    step = of(made, "cordon")
    assert words in await kind(step).undo(ctx(made, server, step, memory={"unschedulable": was, "marks": {}}))
    body = server.patches[0][1]
    assert body["spec"] == {"unschedulable": value}
    assert body["metadata"]["annotations"][marks.RUN] is None


async def test_undo_leaves_a_node_that_another_run_took() -> None:
    made, server = world(), Server({PATH: with_marks({marks.RUN: "d-9"}, unschedulable=True)})
    step = of(made, "cordon")
    assert "left as it is" in await kind(step).undo(ctx(made, server, step, memory={"unschedulable": False}))
    assert server.patches == []


async def test_uncordon_keeps_a_cordon_that_was_there_before_the_drain() -> None:
    out = with_marks({**OURS, WAS: "true"}, unschedulable=True)
    made, server = world(out), Server({PATH: out})
    step = of(made, "uncordon", "rejoin")
    assert await kind(step).guard(ctx(made, server, step)) == Go()
    assert "as it was before" in await kind(step).act(ctx(made, server, step))
    assert server.patches[0][1]["spec"] == {"unschedulable": True}


async def test_a_cordon_of_somebody_else_is_not_lifted_without_a_decision() -> None:
    out = with_marks({}, unschedulable=True)
    made, server = world(out), Server({PATH: out})
    step = of(made, "uncordon", "rejoin")
    found = HOOKS.verdict(made.facts, target(run="rejoin"))
    assert [reason.decision for reason in found.decisions] == [FOREIGN_CORDON]
    assert isinstance(await kind(step).guard(ctx(made, server, step)), Stop)
    decided = type(target())("rejoin", target().nodes, {}, frozenset({FOREIGN_CORDON}))
    assert await kind(step).guard(ctx(made, server, step, target=decided)) == Go()


async def test_uncordon_waits_for_the_node() -> None:
    out = with_marks(OURS, unschedulable=True, ready="False")
    made = world(out)
    step = of(made, "uncordon", "rejoin")
    assert isinstance(await kind(step).guard(ctx(made, Server(), step)), Wait)


async def test_verify_names_what_is_left() -> None:
    made = world()
    step = of(made, "verify")
    made.put("pods", replica("late"))
    found = await kind(step).until(ctx(made, Server(), step))
    assert isinstance(found, Wait)
    assert found.reason == "1 pod left on n1: ns/late"


async def test_verify_lets_the_nodes_own_pods_stay() -> None:
    made = world().put("pods", pod("agent", owner="DaemonSet/agent"))
    made.put("daemonsets", {"metadata": {"name": "agent", "namespace": "ns"}})
    step = of(made, "verify")
    assert await kind(step).until(ctx(made, Server(), step)) == Done("no pod left but 1 of the node's own")


LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1"


@pytest.mark.parametrize(
    ("thing", "before", "now", "words"),
    [
        (with_marks(OURS, ready="Unknown"), "10:00", "10:00", "waits for n1 to be Ready, it is Unknown"),
        (with_marks(OURS), "10:00", "10:00", "waits for its next heartbeat"),
        (with_marks(OURS), "10:00", "10:01", "Ready, heartbeat 10:01"),
        (with_marks(OURS), "10:00", timestamp(NOW - 4), "Ready, heartbeat 4s ago"),
        (with_marks(OURS), "", "", "its heartbeat may not be read"),
    ],
)
async def test_ready_wants_a_heartbeat_that_is_new(thing: dict[str, Any], before: str, now: str, words: str) -> None:
    made = world(thing)
    server = Server({LEASE: {"spec": {"renewTime": now}}} if now else {})
    step = of(made, "ready", "rejoin")
    found = await kind(step).until(ctx(made, server, step, memory={"renewed": before}))
    assert words in (found.evidence if isinstance(found, Done) else found.reason)
    assert isinstance(found, Done) is words.startswith(("Ready", "its"))


async def test_ready_wants_the_daemon_sets_back() -> None:
    made = world().put("pods", pod("agent", owner="DaemonSet/agent", ready=False))
    step = of(made, "ready", "rejoin")
    found = await kind(step).until(ctx(made, Server(), step))
    assert isinstance(found, Wait)
    assert found.reason == "0 of 1 DaemonSet pods are ready: agent not"


async def test_whole_wants_what_stands_here_ready() -> None:
    made = world().put("pods", member(0, "n1", ready=False))
    step = of(made, "whole", "rejoin")
    found = await kind(step).until(ctx(made, Server(), step))
    assert isinstance(found, Wait)
    assert "1 pod on n1 not ready: ns/zk-0 is Running" in found.reason
    made.put("pods", member(0, "n1"))
    assert isinstance(await kind(step).until(ctx(made, Server(), step)), Done)


def test_the_order_of_a_drain_and_of_a_rejoin() -> None:
    made = world().put("pods", replica("web-1"), replica("web-2", meta={"deletionTimestamp": deleted(5)}))
    assert [(step.kind, step.phase) for step in steps(made)] == [
        ("preflight", Phase.PREPARE),
        ("cordon", Phase.CORDON),
        ("evict", Phase.EVICT),
        ("evict", Phase.EVICT),
        ("verify", Phase.VERIFY),
    ]
    assert [step.kind for step in steps(made, run="rejoin")] == ["ready", "uncordon", "whole"]


def test_marks_of_other_tools_are_a_decision() -> None:
    made = world(with_marks({"upgrade.cattle.io/plan": "p1"}))
    found = HOOKS.verdict(made.facts, target())
    assert found.answer is Answer.DECIDE
    assert "system-upgrade-controller has marked n1" in found.decisions[0].text


async def test_the_pre_flight_waits_while_it_may_heal_and_asks_for_a_new_decision() -> None:
    made = world()
    step = of(made, "preflight")
    assert isinstance(await kind(step).until(ctx(made, Server(), step)), Done)
    made.put("pods", pod("alone"))
    found = await kind(step).until(ctx(made, Server(), step))
    assert isinstance(found, Stop)
    assert "nobody makes again" in found.reason
    made.put("nodes", node("n1", ready="Unknown"))
    assert isinstance(await kind(step).until(ctx(made, Server(), step)), Wait)
