"""What a plan says where something is wrong: each scenario through the real client, runtime and hooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from console import runs
from console.config import Settings
from console.model import Answer, Reason
from console.runtime import Runtime
from console.workflow import planview
from console.workflow.plan import Plan
from plugins.kubernetes.model import tables
from plugins.kubernetes.simulator import LiveClock, serve
from plugins.kubernetes.simulator.reference.sandbox import sandbox

NO, DECIDE, UNKNOWN = Answer.NO, Answer.DECIDE, Answer.UNKNOWN
PATIENCE = 1200.0
"""Seconds of the sandbox, where time goes twenty times as fast: a minute of a busy machine."""
SETS = [f"pulsar/StatefulSet/pulsar-{name}" for name in ("zookeeper", "bookie", "broker", "proxy")]


class Desk:
    """A console in front of the sandbox in which a scenario plays, at twenty times life's pace."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def plan(self, *nodes: str, run: str = "drain", **options: Any) -> Plan:
        return await runs.plan(self.runtime, runs.target(run, nodes, options=options), within=PATIENCE)

    async def until(self, seen: Callable[[Plan], bool], *nodes: str, run: str = "drain", **options: Any) -> Plan:
        """The plan, made again until it says what is waited for."""
        made = await self.plan(*nodes, run=run, **options)
        for _ in range(60):
            if seen(made):
                return made
            await asyncio.sleep(0.1)
            made = await self.plan(*nodes, run=run, **options)
        raise AssertionError(planview.as_text(made))


Opened = Callable[..., Awaitable[Desk]]


def said(made: Plan, answer: Answer, text: str) -> list[Reason]:
    """The reasons with this answer that hold the text."""
    return [reason for reason in made.verdict.reasons if reason.answer is answer and text in reason.text]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Opened]:
    async with AsyncExitStack() as stack:

        async def opened(scenario: str | None = None) -> Desk:
            clock = LiveClock(speed=20.0)
            simulator = await serve(tmp_path, scenario=scenario, clock=clock, cluster=sandbox(clock))
            stack.push_async_callback(simulator.close)
            connection = {"kubeconfig": (str(simulator.kubeconfig),)}
            return Desk(await stack.enter_async_context(Runtime(Settings(), clock=clock, connection=connection)))

        yield opened


async def test_drain_of_node1_leaves_the_quorums_and_names_what_waits(desk: Opened) -> None:
    made = await (await desk()).plan("node1")
    assert made.exit_code == 3
    assert said(made, DECIDE, "pulsar-zookeeper 2 of 3 while node1 is out: pulsar-zookeeper-0 stays pending")
    assert said(made, DECIDE, "pulsar-bookie 2 of 3 while node1 is out: pulsar-bookie-0 stays pending")
    assert said(made, DECIDE, "no plugin knows the quorum of pulsar/pulsar-zookeeper: 2 of 3 would be ready")
    told = {each.subject.name: each for each in made.prospects}
    assert told["pulsar-bookie-0"].what == "waits"
    assert {each.what for each in made.prospects} >= {"waits", "moves", "daemonset"}


async def test_a_second_node_is_refused_while_members_of_the_first_are_away(desk: Opened) -> None:
    here = await desk("pending-pods")
    waits = "pulsar/pulsar-zookeeper: 2 of 3 are ready already (pulsar-zookeeper-0 waits for node1"
    budget = "needs 2 healthy, has 2, allows 0; 1 pod of it must go (pulsar-bookie-1)"
    # Controllers bring the world into that state one after another.
    made = await here.until(lambda plan: bool(said(plan, NO, waits) and said(plan, NO, budget)), "node2", vouched=SETS)
    assert made.exit_code == 4


async def test_a_node_that_joined_without_its_label_gets_no_member_back(desk: Opened) -> None:
    here = await desk("node-rejoined")
    made = await here.until(lambda plan: bool(said(plan, NO, "2 of 3 are ready already")), "node2", vouched=SETS)
    assert made.exit_code == 4
    rejoin = await here.plan("node1", run="rejoin")
    assert rejoin.verdict.answer is not UNKNOWN
    node = here.runtime.facts(here.runtime.platform).get(tables.NODES, "node1")
    assert node is not None
    assert "node-role.kubernetes.io/pulsar" not in dict(node.labels)


async def test_an_expired_join_token_concerns_no_drain(desk: Opened) -> None:
    made = await (await desk("join-token-expired")).plan("k8s-node4")
    assert made.exit_code == 0


async def test_a_node_without_network_is_not_ready_and_says_why(desk: Opened) -> None:
    here = await desk("stale-cni")
    made = await here.until(lambda plan: bool(said(plan, DECIDE, "is not ready")), "node1")
    (reason,) = said(made, DECIDE, "is not ready")
    assert reason.decision == "not-ready"
    assert "cni config uninitialized" in reason.text
    assert "its kubelet speaks" in reason.text


async def test_a_run_whose_runner_died_is_named_with_how_to_go_on(desk: Opened) -> None:
    made = await (await desk("runner-gone")).plan("k8s-node4")
    assert made.exit_code == 3
    (reason,) = said(made, DECIDE, "belongs to run d-7k2 by oncall")
    assert "pilothouse runs resume d-7k2" in reason.text
    assert planview.as_json(made)["held"][0]["lease"] == "node-k8s-node4"


async def test_pods_without_a_toleration_find_no_room_among_tainted_workers(desk: Opened) -> None:
    made = await (await desk("all-tainted")).plan("k8s-node1")
    (reason, *_) = said(made, NO, "find no room")
    assert "with taint dedicated=kafka:NoSchedule" in reason.text
    assert any(each.what == "moves" and each.answer is not Answer.SAFE for each in made.prospects)


async def test_a_member_whose_volume_is_released_keeps_the_others_here(desk: Opened) -> None:
    here = await desk("volume-released")
    made = await here.until(lambda plan: bool(said(plan, NO, "pulsar-bookie: 2 of 3")), "node2", vouched=SETS)
    assert made.exit_code == 4
    assert said(made, NO, "pulsar/pulsar-bookie: 2 of 3 are ready already (pulsar-bookie-0")
    rows = here.runtime.facts(here.runtime.platform).rows(tables.STORAGE).values()
    assert any(row.phase == "Released" for row in rows)


async def test_a_member_that_finds_no_image_keeps_the_others_here(desk: Opened) -> None:
    here = await desk("no-pull-secret")
    made = await here.until(lambda plan: bool(said(plan, NO, "ImagePullBackOff")), "node2", vouched=SETS)
    assert said(made, NO, "pulsar/pulsar-broker: 2 of 3 are ready already (pulsar-broker-0 ImagePullBackOff)")


async def test_locks_of_other_tools_are_honoured(desk: Opened) -> None:
    here = await desk("foreign-locks")
    assert said(await here.plan("k8s-node3"), NO, "kured holds k8s-node3")
    assert said(await here.plan("k8s-node2"), NO, "cluster-autoscaler has tainted k8s-node2")
    other = await here.plan("k8s-node4")
    assert (other.exit_code, [reason.decision for reason in other.verdict.decisions]) == (3, ["foreign-lock"])


async def test_the_only_backend_of_a_webhook_is_moved_first(desk: Opened) -> None:
    here = await desk("webhook-alone")
    made = await here.until(lambda plan: bool(said(plan, DECIDE, "it is moved first")), "k8s-node2")
    (reason,) = said(made, DECIDE, "it is moved first")
    assert reason.decision == "webhook-gap"
    gate = next(step for step in made.steps if step.kind == "answered")
    others = [step for step in made.steps if step.kind == "evict" and step.id not in gate.after]
    assert len(gate.after) == 1
    assert others
    assert all(gate.id in step.after for step in others)


async def test_of_several_nodes_the_plan_says_which_go_together(desk: Opened) -> None:
    made = await (await desk()).plan("k8s-node4", "node1", "node2")
    found = planview.as_json(made)["together"]
    assert found["groups"][0] == ["k8s-node4", "node1"]
    assert found["alone"]["k8s-node4"] == "SAFE"
    assert said(made, Answer.NO, "1 node may be out, 3 more would be")
