"""The runner as the process it is: a session of its own, SIGHUP and SIGTERM, and another one that goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from console import runs
from console.workflow.codec import word
from console.workflow.events import End
from console.workflow.starting import spawn_runner
from tests.journeys.test_simulated import NODE, Stage, begin, stage

__all__ = ["stage"]


async def gone(pid: int) -> int:
    """Wait for the process and give its exit code."""
    _, status = await asyncio.to_thread(os.waitpid, pid, 0)
    return os.waitstatus_to_exitcode(status)


async def test_a_runner_outlives_its_terminal_and_lets_go_when_asked(stage: Stage, tmp_path: Path) -> None:
    slow = [f"shop/{name}" for name in stage.pods(NODE)]
    stage.simulator.world.faults.hanging.update(slow)
    log = tmp_path / "logs" / "run.log"
    async with stage.desk() as runtime:
        run = await begin(runtime)
        connection = ["--kubeconfig", str(stage.simulator.kubeconfig)]
        pid = spawn_runner(run, connection, log=log)
        assert os.getsid(pid) == pid
        await stage.until(lambda: stage.leaving() == len(slow), within=3000)

        os.kill(pid, signal.SIGHUP)
        os.kill(pid, signal.SIGTERM)
        assert await gone(pid) == 6, log.read_text()
        facts = [entry.fact for entry in (await runs.look(runtime, run)).entries]
        assert word(facts[-1]) == "released"
        leases = await (await runtime.offer(lambda offers: offers.leases)).list()
        assert [record.name for record in leases if record.holder] == ["out-0"]

        stage.simulator.cluster.heal(*slow)
        heir = spawn_runner(run, connection, log=log)
        assert await gone(heir) == 0, log.read_text()
        now = (await runs.look(runtime, run)).state
    assert now.end is End.DONE
    assert now.fencing == 2
    assert stage.pods(NODE) == {}
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_run_that_does_not_exist_is_told_in_the_log(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    pid = spawn_runner("d-000", ["--kubeconfig", str(stage.simulator.kubeconfig)], log=log)
    assert await gone(pid) == 1
    assert "d-000" in log.read_text()
