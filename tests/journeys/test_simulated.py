"""Runs on the simulated cluster, through the real client, runtime, offers and hooks, at fifty times life's pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console import runs
from console.config import Settings
from console.model import Answer
from console.runtime import Runtime
from console.workflow.events import Aborted, End
from console.workflow.execution import Execution, carry_out
from console.workflow.journal import append
from console.workflow.runner import equip
from console.workflow.starting import start
from console.workflow.state import State
from plugins.kubernetes.model import marks
from plugins.kubernetes.simulator import LiveClock, Simulator, serve
from plugins.kubernetes.simulator.faults import Scripted
from plugins.kubernetes.simulator.kinds import CONFIG_MAPS, EVENTS, NODES, PODS

NODE, OTHER = "spare-1", "spare-2"


def machine(name: str) -> dict[str, Any]:
    room = {"cpu": "16", "memory": "64Gi", "pods": "110"}
    labels = {"kubernetes.io/hostname": name, "pool": "spare"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"lab/address": "10.8.111.221"}},
        "spec": {},
        "status": {"capacity": room, "allocatable": room},
    }


def deployment(replicas: int) -> dict[str, Any]:
    labels = {"app": "web"}
    box = {"name": "web", "image": "web:1", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}
    spec = {"nodeSelector": {"pool": "spare"}, "terminationGracePeriodSeconds": 5, "containers": [box]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def budget(least: int) -> dict[str, Any]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": "web"}}},
    }


@dataclass
class Stage:
    """The simulator, and the clock that everybody shares."""

    simulator: Simulator
    clock: LiveClock

    @asynccontextmanager
    async def desk(self) -> AsyncGenerator[Runtime]:
        """A console on a control node."""
        path = str(self.simulator.kubeconfig)
        async with Runtime(Settings(), clock=self.clock, connection={"kubeconfig": (path,)}) as runtime:
            yield runtime

    async def until(self, condition: Callable[[], bool], within: float = 300.0) -> None:
        """Wait, in the world's time, for something in the world."""
        end = self.clock.now() + within
        while not condition():
            assert self.clock.now() < end, "it did not happen"
            await self.clock.sleep(0.2)

    def pods(self, node: str) -> dict[str, str]:
        """The web pods on a node: name and uid."""
        return {
            entry.name: entry.uid
            for entry in self.simulator.world.store.each(PODS)
            if entry.namespace == "shop" and entry.spec.get("nodeName") == node
        }

    def ready(self) -> int:
        return sum(
            any(c["type"] == "Ready" and c["status"] == "True" for c in entry.status.get("conditions", ()))
            for entry in self.simulator.world.store.each(PODS)
            if entry.namespace == "shop" and "deletionTimestamp" not in entry.body["metadata"]
        )

    def leaving(self) -> int:
        pods = self.simulator.world.store.each(PODS)
        return sum(entry.namespace == "shop" and entry.deleting for entry in pods)

    def node(self) -> dict[str, Any]:
        entry = self.simulator.world.store.get(NODES, NODE)
        assert entry is not None
        return entry.body


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    clock = LiveClock(speed=50.0)
    simulator = await serve(tmp_path, clock=clock)
    made = Stage(simulator, clock)
    try:
        for name in (NODE, OTHER):
            simulator.cluster.add(machine(name))
        simulator.cluster.add(deployment(8))
        await made.until(lambda: made.ready() == 8 and len(made.pods(NODE)) == 4)
        yield made
    finally:
        await simulator.close()
    assert simulator.world.unexpected == []


async def begin(runtime: Runtime, kind: str = "drain", *decisions: str) -> str:
    plan = await runs.plan(runtime, runs.target(kind, [NODE], decisions=decisions), within=3000.0)
    assert plan.exit_code == 0, plan.verdict
    store = await runtime.offer(lambda offers: offers.journal)
    return await start(plan, store, await runtime.gate(), clock=runtime.clock, reason="kernel update")


async def state(runtime: Runtime, run: str) -> State:
    return (await runs.look(runtime, run)).state


async def test_a_node_goes_out_and_comes_back(stage: Stage) -> None:
    before = stage.pods(NODE)
    async with stage.desk() as runtime:
        run = await begin(runtime)
        assert await carry_out(run, await equip(runtime, run)) is End.DONE
        assert stage.pods(NODE) == {}
        assert stage.node()["spec"]["unschedulable"] is True
        held = stage.node()["metadata"]["annotations"]
        assert (held[marks.RUN], held[marks.REASON]) == (run, "kernel update")
        now = await state(runtime, run)
        evidence = [now.steps[f"kubernetes/evict/shop/{name}"].evidence for name in before]
        assert all(text.startswith("gone; ") and "web-" in text for text in evidence), evidence
        assert any(f"on {OTHER}" in text for text in evidence), evidence

        again = await runs.plan(runtime, runs.target("drain", [OTHER]), within=3000.0)
        assert again.verdict.answer is Answer.NO
        assert any(NODE in reason.text and run in reason.text for reason in again.kernel.reasons)

        back = await begin(runtime, "rejoin")
        assert await carry_out(back, await equip(runtime, back)) is End.DONE
        assert not stage.node()["spec"].get("unschedulable")
        assert not [key for key in stage.node()["metadata"]["annotations"] if key.startswith(marks.PREFIX)]
        leases = await (await runtime.offer(lambda offers: offers.leases)).list()
        assert not [record for record in leases if record.holder]
        entries = await (await runtime.offer(lambda offers: offers.audit)).read()
        assert {entry.action for entry in entries} == {"drain", "rejoin", "cordon", "uncordon", "evict"}
    events = [e.body for e in stage.simulator.world.store.each(EVENTS) if e.body.get("reason") == "Cordon"]
    assert "kernel update" in str(events[0].get("message"))
    names = [entry.name for entry in stage.simulator.world.store.each(CONFIG_MAPS)]
    assert f"run-{run}" in names
    assert "audit" in names


@pytest.mark.parametrize("facts", [2, 5, 9, 13, 17, 22])
async def test_a_runner_that_dies_after_some_facts_is_followed_by_another(stage: Stage, facts: int) -> None:
    before = set(stage.pods(NODE).values())
    async with stage.desk() as one, stage.desk() as two:
        run = await begin(one)
        victim = Execution(run, await equip(one, run))
        work = asyncio.create_task(victim.work())
        while len((await runs.look(two, run)).entries) < facts and not work.done():
            await stage.clock.sleep(0.05)
        victim._leases.release_all = victim._leases.release = _nothing  # type: ignore[method-assign] # noqa: SLF001
        work.cancel()  # as kill -9: it releases nothing
        await asyncio.gather(work, return_exceptions=True)
        kept = set(stage.pods(OTHER).values())
        assert await carry_out(run, await equip(two, run)) is End.DONE
        assert stage.pods(NODE) == {}
        assert kept - before <= set(stage.pods(OTHER).values()), "a pod that had moved was evicted again"


async def _nothing(*_arguments: Any, **_more: Any) -> None: ...


async def test_the_budget_is_kept_and_asked_seldom(stage: Stage) -> None:
    stage.simulator.cluster.add(budget(7))
    await stage.clock.sleep(2)
    lowest = 8
    async with stage.desk() as runtime:
        run = await begin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        while not work.done():
            lowest = min(lowest, stage.ready())
            await stage.clock.sleep(0.2)
        assert await work is End.DONE
        now = await state(runtime, run)
    assert lowest >= 7
    assert sum(step.attempt for step in now.steps.values()) <= 5 + 4


async def test_the_api_server_goes_away_and_the_run_goes_on_after_it(stage: Stage) -> None:
    slow = [f"shop/{name}" for name in stage.pods(NODE)]
    stage.simulator.world.faults.hanging.update(slow)
    async with stage.desk() as runtime:
        run = await begin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        await stage.until(lambda: stage.leaving() == len(slow))
        await stage.simulator.transport.cut(refuse=True)
        served = stage.simulator.api.served
        await stage.clock.sleep(120)
        assert stage.simulator.api.served == served, "the API server answered in its own absence"
        assert not work.done()
        await stage.simulator.transport.restore()
        stage.simulator.cluster.heal(*slow)
        assert await work is End.DONE
        assert stage.pods(NODE) == {}
        now = await state(runtime, run)
        assert sum(step.attempt for step in now.steps.values()) == 1 + len(slow)


async def test_a_conflict_on_the_node_is_looked_at_again(stage: Stage) -> None:
    said = {"kind": "Status", "status": "Failure", "reason": "Conflict", "code": 409, "message": "changed"}
    stage.simulator.world.faults.scripted.append(Scripted(rf"PATCH .*/nodes/{NODE}", 409, said))
    async with stage.desk() as runtime:
        run = await begin(runtime)
        assert await carry_out(run, await equip(runtime, run)) is End.DONE
        now = await state(runtime, run)
        assert now.steps[f"kubernetes/cordon/{NODE}"].attempt == 2


async def test_an_abort_leaves_the_node_as_it_was(stage: Stage) -> None:
    stage.simulator.world.faults.hanging.update(f"shop/{name}" for name in stage.pods(NODE))
    async with stage.desk() as runtime:
        run = await begin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        await stage.until(lambda: stage.leaving() > 0)
        store = await runtime.offer(lambda offers: offers.journal)
        await append(store, run, Aborted(stage.clock.now(), "anna", "the wrong node"))
        assert await work is End.ABORTED
        assert not [r for r in await (await runtime.offer(lambda o: o.leases)).list() if r.holder]
    assert not stage.node()["spec"].get("unschedulable")
    assert not [key for key in stage.node()["metadata"]["annotations"] if key.startswith(marks.PREFIX)]
