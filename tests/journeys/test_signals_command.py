"""Signals to the command that began a run: it goes, and the run goes on, or was never begun, or waits for a runner."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter

import pytest

from console import runs
from console.runtime import Runtime
from console.workflow.events import End
from tests.journeys.small import Small
from tests.journeys.test_signals import ROOT
from tests.journeys.test_signals_by_phase import WITHIN, at, once
from tests.journeys.test_simulated import NODE, Stage, stage

__all__ = ["stage"]

PLANS, WRITES, EVICTS = ("GET", "/api/v1/pods"), ("POST", "/configmaps"), ("POST", "/eviction")


def counted(stage: Stage) -> Small:
    """The stage with its requests noted."""
    made = Small(stage.simulator, stage.clock)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    made.log()
    return made


async def command(stage: Small, *words: str) -> asyncio.subprocess.Process:
    """`pilothouse ...`, as a script starts it."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console", *words, "--kubeconfig", str(stage.simulator.kubeconfig),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


async def drained(stage: Small, phase: tuple[str, str], number: signal.Signals) -> None:
    """A drain from the command line, whose command gets the signal in that phase; back when the command is gone."""
    process: list[asyncio.subprocess.Process] = []
    at(stage, phase, lambda: process[0].send_signal(number))
    process.append(await command(stage, "drain", NODE, "--reason", "disk", "--yes"))
    async with asyncio.timeout(WITHIN):
        code = await process[0].wait()
    assert code != 0 or number is not signal.SIGTERM  # whoever runs the tests may ignore the others


async def written(desk: Runtime) -> list[str]:
    """All runs."""
    store = await desk.offer(lambda offers: offers.journal)
    return [stored.run for stored in await store.list()]


async def ended(stage: Stage, desk: Runtime, run: str) -> End:
    async with asyncio.timeout(WITHIN):
        while (end := (await runs.look(desk, run)).state.end) is None:
            await stage.clock.sleep(1)
    return end


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
async def test_a_run_goes_on_without_the_command_that_follows_it(stage: Stage, number: signal.Signals) -> None:
    seen, before = counted(stage), stage.pods(NODE)
    await drained(seen, EVICTS, number)
    async with stage.desk() as desk:
        (run,) = await written(desk)
        assert await ended(stage, desk, run) is End.DONE
    assert seen.effects() == once(before)


async def test_while_it_plans_nothing_is_begun(stage: Stage) -> None:
    seen = counted(stage)
    await drained(seen, PLANS, signal.SIGTERM)
    async with stage.desk() as desk:
        assert await written(desk) == []
    assert seen.effects() == Counter()


async def test_between_the_journal_and_its_runner_the_run_waits_and_can_be_resumed(stage: Stage) -> None:
    seen, before = counted(stage), stage.pods(NODE)
    await drained(seen, WRITES, signal.SIGTERM)
    async with stage.desk() as desk:
        (run,) = await written(desk)
        state = (await runs.look(desk, run)).state
        assert (state.end, state.holder, seen.effects()) == (None, "", Counter())
        async with asyncio.timeout(WITHIN):
            assert await (await command(seen, "runs", "resume", run)).wait() == 0
        assert (await runs.look(desk, run)).state.end is End.DONE
    assert seen.effects() == once(before)
