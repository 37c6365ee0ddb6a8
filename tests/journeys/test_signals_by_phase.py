"""Signals to the runner in each phase of a run: they come while the server has not yet answered what it was asked."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console import runs
from console.workflow.codec import word
from console.workflow.events import Claimed, End
from tests.journeys.small import NODE, Asked, Small, small
from tests.journeys.test_signals import LEFT, runner

WITHIN = 120.0
PHASES = {
    "it takes the run": ("POST", "/leases"),
    "it has taken the run": ("PUT", "/configmaps/run-"),
    "it cordons": ("PATCH", f"/nodes/{NODE}"),
    "it evicts": ("POST", "/eviction"),
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Small]:
    async with small(tmp_path, speed=20) as made:
        yield made


def at(stage: Small, phase: tuple[str, str], does: Callable[[], None]) -> None:
    """Do it once, when the first such request has been answered and its answer is not yet sent."""
    method, part = phase
    met: list[Asked] = []

    def heard(asked: Asked) -> None:
        if not met and asked.method == method and part in asked.path:
            met.append(asked)
            does()

    stage.hears = heard


def once(before: dict[str, str]) -> Counter[str]:
    return Counter([f"cordon {NODE}", *(f"evict {uid}" for uid in before.values())])


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
async def test_a_runner_that_is_asked_to_go_lets_go_in_each_phase(
    stage: Small, tmp_path: Path, phase: tuple[str, str]
) -> None:
    before, log = stage.pods(NODE), tmp_path / "run.log"
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE)
        process: list[asyncio.subprocess.Process] = []

        def asked_to_go() -> None:
            process[0].send_signal(signal.SIGHUP)  # the terminal went: no reason to go
            process[0].send_signal(signal.SIGTERM)

        at(stage, phase, asked_to_go)
        process.append(await runner(stage, run, log))
        async with asyncio.timeout(WITHIN):
            assert await process[0].wait() == LEFT, log.read_text()
        page = await runs.look(desk, run)
        assert page.state.end is None
        if any(isinstance(entry.fact, Claimed) for entry in page.entries):
            assert word(page.entries[-1].fact) == "released"
        async with asyncio.timeout(WITHIN):
            assert await (await runner(stage, run, log)).wait() == 0, log.read_text()
        assert (await runs.look(desk, run)).state.end is End.DONE
    assert stage.effects() == once(before)


async def test_a_terminal_that_goes_at_any_moment_is_nothing_to_a_runner(stage: Small, tmp_path: Path) -> None:
    before, log = stage.pods(NODE), tmp_path / "run.log"
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE)
        process = await runner(stage, run, log)
        sent: list[str] = []

        def heard(asked: Asked) -> None:
            if (sent or "/leases/" in asked.path) and process.returncode is None:  # nobody else asks for its lease
                sent.append(asked.path)
                process.send_signal(signal.SIGHUP)

        stage.hears = heard
        async with asyncio.timeout(WITHIN):
            assert await process.wait() == 0, log.read_text()
        assert len(sent) > 20
        assert (await runs.look(desk, run)).state.end is End.DONE
    assert stage.effects() == once(before)
