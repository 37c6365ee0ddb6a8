"""Runners as processes, killed and stopped by signals while they work; others go on, and nothing is done twice.

The processes live in real time, so their leases last seconds here (tests.journeys.quick).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console import runs
from console.clock import SYSTEM_CLOCK
from console.workflow.events import Claimed, End
from tests.journeys.small import NODE, Small, small

ROOT = Path(__file__).parents[2]
LEFT = 6


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Small]:
    async with small(tmp_path, speed=20) as made:
        yield made


async def runner(stage: Small, run: str, log: Path) -> asyncio.subprocess.Process:
    with log.open("ab") as said:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.journeys.quick",
            run,
            "--kubeconfig",
            str(stage.simulator.kubeconfig),
            stderr=said,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )


async def happens(condition: Callable[[], object], within: float = 40.0) -> None:
    """Wait in real time."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await SYSTEM_CLOCK.sleep(0.02)


def refused(stage: Small) -> None:
    """The web pod's eviction is refused for now, again and again: there is always something left to be sent."""
    cause = {
        "reason": "DisruptionBudget",
        "message": "The disruption budget web needs 2 healthy pods and has 2 currently",
    }
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": "TooManyRequests",
        "code": 429,
        "message": "Cannot evict pod as it would violate the pod's disruption budget.",
        "details": {"causes": [cause]},
    }
    stage.simulator.world.faults.script("POST .*/pods/web-.*/eviction", status=429, body=body, times=-1)


@pytest.mark.parametrize("sent", ["PATCH /api/v1/nodes/", "POST /api/v1/namespaces/shop/pods"])
async def test_a_runner_that_is_killed_is_followed_by_another(stage: Small, tmp_path: Path, sent: str) -> None:
    before = stage.pods(NODE)
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE)
        first = len(stage.asked)
        victim = await runner(stage, run, tmp_path / "run.log")
        await happens(lambda: any(f"{each.method} {each.path}".startswith(sent) for each in stage.asked[first:]))
        victim.kill()
        assert await victim.wait() == -signal.SIGKILL
        heir = await runner(stage, run, tmp_path / "run.log")
        assert await heir.wait() == 0, (tmp_path / "run.log").read_text()
        state = (await runs.look(desk, run)).state
    assert state.end is End.DONE
    assert stage.effects() == Counter([f"cordon {NODE}", *(f"evict {uid}" for uid in before.values())])


async def test_a_stopped_runner_that_wakes_after_a_take_over_does_nothing(stage: Small, tmp_path: Path) -> None:
    before = stage.pods(NODE)
    refused(stage)
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE)
        old = await runner(stage, run, tmp_path / "old.log")
        try:
            await happens(lambda: [each for each in stage.asked if each.code == 429])
            old.send_signal(signal.SIGSTOP)
            heir = await runner(stage, run, tmp_path / "heir.log")
            await happens(lambda: "waits: run-" in (tmp_path / "heir.log").read_text())
            stage.simulator.world.faults.scripted.clear()
            assert await heir.wait() == 0, (tmp_path / "heir.log").read_text()
            effects, awake = stage.effects(), len(stage.asked)
        finally:
            old.send_signal(signal.SIGCONT)
        async with asyncio.timeout(40):
            code = await old.wait()
        assert code in {LEFT, 0}, (tmp_path / "old.log").read_text()  # 0: the first that it heard was the run's end
        page = await runs.look(desk, run)
    assert page.state.end is End.DONE
    assert [entry.fact.fencing for entry in page.entries if isinstance(entry.fact, Claimed)] == [1, 2]
    assert effects == Counter([f"cordon {NODE}", *(f"evict {uid}" for uid in before.values())])
    late = [each for each in stage.asked[awake:] if each.method != "GET" and "selfsubject" not in each.path]
    assert [each for each in late if "/eviction" in each.path or "/nodes/" in each.path] == []
    assert [each for each in late if each.code < 300 and f"run-{run}" in each.path] == []
