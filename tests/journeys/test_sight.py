"""A run as JSON tells of the pods on its node what the board shows: live while it is out, then its journal's word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console import runs
from console.cli.following import as_json
from console.present import Sight, sight
from console.runtime import Runtime
from console.workflow.events import End
from console.workflow.execution import carry_out
from console.workflow.runner import equip
from plugins.kubernetes.simulator.kinds import BUDGETS
from tests.journeys.small import NODE, Small, quiet, small
from tests.journeys.test_simulated import budget

PATIENT = 3000.0
"""Seconds of the world's time, which runs fast."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Small]:
    async with small(tmp_path, speed=10) as made:
        yield made


def allow(body: dict[str, Any]) -> None:
    body["spec"]["minAvailable"] = 0


async def told(desk: Runtime, run: str) -> dict[str, tuple[str, str]]:
    """State and reason of each pod by its name."""
    page = await runs.look(desk, run)
    seen = await sight(desk, page, within=PATIENT)
    printed: dict[str, Any] = as_json(page, desk.clock.now(), seen)
    assert printed["unseen"] == []
    return {pod["name"]: (pod["state"], pod["why"]) for pod in printed["pods"]}


async def test_pods_are_told_as_they_are_seen_while_the_node_is_out_and_not_later(stage: Small) -> None:
    web = next(name for name in stage.pods(NODE) if name.startswith("web-"))
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE)
        stage.simulator.cluster.add(budget(2))
        work = asyncio.create_task(carry_out(run, await equip(desk, run)))
        try:
            while (await told(desk, run))[web][0] != "held":
                await desk.clock.sleep(1.0)
            assert "budget shop/web lets none go" in (await told(desk, run))[web][1]
            stage.simulator.world.change(BUDGETS, "shop/web", allow)
            assert await work is End.DONE
        finally:
            await quiet(work)
        state, why = (await told(desk, run))["zk-0"]
        assert (state, why.partition(":")[0]) == ("waits", f"waits for {NODE}")

        back = await stage.begin(desk, "rejoin", NODE)
        assert await carry_out(back, await equip(desk, back)) is End.DONE
        page = await runs.look(desk, run)
        assert await sight(desk, page, within=PATIENT) == Sight()
        assert (await told(desk, run))["zk-0"][0] == "gone"
