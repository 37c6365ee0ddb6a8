"""The runner is killed before and after every call of a rejoin by a token; another goes on, nothing is done twice.

The machine was reset: its Node is deleted, a token made, the join followed, the Node given what it had, and so on.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console import runs
from console.model import InstanceId
from console.runtime import Runtime
from console.workflow.events import End
from console.workflow.journal import page
from console.workflow.starting import start
from plugins.kubernetes.simulator.kinds import NODES, SECRETS
from plugins.kubernetes.simulator.reference.platform import early
from tests.journeys.small import NODE, OTHER, Small, small
from tests.journeys.test_crashes import Guillotine, killed, resumed

DECIDED = ("not-drained", "empty-disks", "abandoned-run")
UNHEARD = 60.0
"""Seconds after which the control plane surely calls a node NotReady."""
STRIDE = 1 if os.environ.get("EVERY_CALL") else 6
TOKENS = "/api/v1/namespaces/kube-system/secrets"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Small]:
    async with small(tmp_path) as made:
        furnish(made)
        yield made


def furnish(stage: Small) -> None:
    """What a machine that joins reads, and somebody at the machines who types."""
    for item in early(stage.clock.now(), "v1.35.0"):
        if item["metadata"]["name"] in {"kube-public", "cluster-info"}:
            stage.simulator.cluster.add(item)
    stage.simulator.cluster.attend()


def effects(stage: Small) -> Counter[str]:
    """What the server granted: Nodes deleted by uid, tokens made and deleted, Nodes made schedulable."""
    found: Counter[str] = Counter()
    for each in stage.asked:
        if each.code >= 300:
            continue
        name = each.path.rpartition("/")[2]
        if each.method == "DELETE" and "/nodes/" in each.path:
            found[f"delete {name} {each.body['preconditions']['uid']}"] += 1
        elif each.method == "POST" and each.path == TOKENS:
            found["token made"] += 1
        elif each.method == "DELETE" and each.path.startswith(f"{TOKENS}/"):
            found["token deleted"] += 1
        elif (
            each.method == "PATCH"
            and "/nodes/" in each.path
            and each.body.get("spec", {}).get("unschedulable", 0) is None
        ):
            found[f"uncordon {name}"] += 1
    return found


def tokens(stage: Small) -> list[str]:
    return [entry.name for entry in stage.simulator.world.store.each(SECRETS) if "bootstrap-token-" in entry.name]


async def begin(stage: Small, runtime: Runtime, node: str) -> str:
    asked = runs.target("rejoin", [node], options={"way": "reset"}, decisions=DECIDED)
    plan = await runs.plan(runtime, asked, within=3000.0)
    assert plan.exit_code == 0, plan.verdict
    store = await runtime.offer(lambda offers: offers.journal)
    return await start(plan, store, await runtime.gate(), clock=runtime.clock, reason="reset", given=node)


async def one(stage: Small, node: str, *, desks: tuple[Runtime, Runtime], blade: Guillotine, at: int) -> bool:
    """One reset machine, its run killed at a call and resumed; whether it came so far."""

    def rack(body: dict[str, Any]) -> None:
        body["metadata"]["annotations"]["example.com/rack"] = "r7"

    stage.simulator.world.change(NODES, node, rack)
    old, known = stage.node(node)["metadata"]["uid"], tokens(stage)
    stage.simulator.cluster.stop_node(node)
    stage.clock.push(UNHEARD)
    blade.set(0)
    run = await begin(stage, desks[0], node)
    stage.asked.clear()
    reached = await killed(run, desks[0], blade, at=at)
    if reached:
        assert await resumed(stage, run, node, desks[1]) is End.DONE, f"killed at call {at}"
    blade.set(0)
    once = Counter([f"delete {node} {old}", "token made", "token deleted", f"uncordon {node}"])
    assert effects(stage) == once, f"killed at {at}"
    new = stage.node(node)
    assert new["metadata"]["uid"] != old
    assert new["metadata"]["labels"]["pool"] == "spare"
    assert new["metadata"]["annotations"]["example.com/rack"] == "r7"
    assert not new["spec"].get("unschedulable")
    assert tokens(stage) == known
    assert f"zk-{(NODE, OTHER).index(node)}" in stage.pods(node)
    store = await desks[1].offer(lambda offers: offers.journal)
    assert page(await store.read(run)).state.end is End.DONE
    await store.delete(run)
    return reached


@pytest.mark.parametrize(("after", "first"), [(False, 1), (True, 1 + STRIDE // 2)], ids=["before", "after"])
async def test_killed_around_the_calls_of_a_rejoin_by_a_token_all_is_done_and_nothing_twice(
    stage: Small,
    after: bool,  # noqa: FBT001
    first: int,
) -> None:
    """EVERY_CALL=1 takes all of them; what is left out lies between two that are taken, and most calls are alike."""
    async with stage.desk() as victim, stage.desk() as heir:
        platform = next(iter(victim.instances)).id
        client: Any = await victim.client(InstanceId(platform.system, platform.name))
        blade = Guillotine(client.connection, after=after)
        points = at = 0
        for number, at in enumerate(range(first, 400, STRIDE)):
            if not await one(stage, (NODE, OTHER)[number % 2], desks=(victim, heir), blade=blade, at=at):
                break
            points += 1
        print(f"killed {'after' if after else 'before'} {points} calls of a rejoin by a token, up to number {at}")  # noqa: T201
        assert at > 40, at
