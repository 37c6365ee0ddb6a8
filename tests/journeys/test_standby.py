"""A runner that was started ahead of its run: it takes the one that it is given, and is nothing without one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from console import paths, runs
from console.workflow.events import End
from console.workflow.standby import Standby
from tests.journeys.test_process import gone
from tests.journeys.test_simulated import NODE, Stage, begin, stage

__all__ = ["stage"]


async def test_it_carries_out_the_run_that_it_is_given(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "run.log"
    async with stage.desk() as runtime:
        with Standby() as standby:
            assert os.getsid(standby.pid) == standby.pid
            run = await begin(runtime)
            assert standby.give(run, runs.connection_arguments(runtime), log=log)
        assert await gone(standby.pid) == 0, log.read_text()
        assert (await runs.look(runtime, run)).state.end is End.DONE
    assert f"run {run}: process {standby.pid} begins" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    assert stage.pods(NODE) == {}


async def test_one_that_is_gone_is_replaced_by_another(stage: Stage) -> None:
    async with stage.desk() as runtime:
        with Standby() as standby:
            os.kill(standby.pid, signal.SIGKILL)
            assert await gone(standby.pid) == -signal.SIGKILL
            plan = await runs.plan(runtime, runs.target("drain", [NODE]), within=3000.0)
            run = await runs.begin(runtime, plan, reason="kernel update", standby=standby)
        (pid,) = (pid for pid, its in runs.STARTED.items() if its == run)
        assert pid != standby.pid
        assert await gone(pid) == 0, runs.log(run).read_text()
        assert (await runs.look(runtime, run)).state.end is End.DONE


async def test_without_a_run_it_ends_and_leaves_nothing() -> None:
    with Standby() as standby:
        pass
    assert await gone(standby.pid) == 0
    assert not (paths.state_dir() / "runs").exists()


async def test_it_ends_when_its_starter_is_killed() -> None:
    program = (
        "import time; from console.workflow.standby import Standby; print(Standby().pid, flush=True); time.sleep(99)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        standing = os.pidfd_open(int(await asyncio.to_thread(starter.stdout.readline)))
        try:
            ended = asyncio.Event()
            asyncio.get_running_loop().add_reader(standing, ended.set)
            starter.kill()
            async with asyncio.timeout(60):
                await ended.wait()
        finally:
            asyncio.get_running_loop().remove_reader(standing)
            os.close(standing)
