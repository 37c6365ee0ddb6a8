"""Leaving the demo: its sandbox outlasts the runs that were started on it, and a person can end both."""

from __future__ import annotations

import os
import sys
import time

import pytest

from console.cli.demo import outlast


def child(code: str) -> int:
    """A process that stands for a runner."""
    return os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)


def ended(pid: int) -> bool:
    """Whether it is off the process table."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_nothing_is_said_or_waited_for_where_no_run_was_started(capsys: pytest.CaptureFixture[str]) -> None:
    outlast({})
    assert capsys.readouterr().out == ""


def test_the_sandbox_waits_for_its_runs(capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    pid = child(f"import os; os.read({reading}, 1)")
    asked: list[float] = []

    def let_go(seconds: float) -> None:
        if not asked:
            os.write(writing, b"x")
        asked.append(seconds)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", let_go)
        outlast({pid: "d-7k2"})
    assert capsys.readouterr().out == "the sandbox ends when d-7k2 has ended; ctrl-c ends it now\n"
    assert len(asked) == 1
    assert ended(pid)
    os.close(reading)
    os.close(writing)


def test_ctrl_c_asks_the_runs_to_leave_before_the_sandbox_goes() -> None:
    pid = child("import signal; signal.pause()")
    interrupted: list[float] = []

    def interrupt(seconds: float) -> None:
        interrupted.append(seconds)
        if len(interrupted) == 1:
            raise KeyboardInterrupt
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        outlast({pid: "d-7k2"})
    assert ended(pid)
