"""What people say to runs on the command line: options, decisions, pause, skip, answers, abort."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from console import runs
from console.cli import run as pilothouse
from console.workflow.events import End
from console.workflow.execution import carry_out
from console.workflow.runner import equip
from console.workflow.state import Status
from tests.journeys.test_simulated import NODE, Stage, begin, stage, state

__all__ = ["stage"]


class Said:
    """The command line, called in a thread beside the simulator: exit code, stdout, stderr."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        self._connection = ["--kubeconfig", str(stage.simulator.kubeconfig)]
        self._capsys = capsys

    async def __call__(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = await asyncio.to_thread(pilothouse, [*words, *self._connection])
        told = self._capsys.readouterr()
        return code, told.out, told.err


@pytest.fixture
def say(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(stage, capsys)


class Typed(io.StringIO):
    """A terminal at which somebody types."""

    def isatty(self) -> bool:
        return True


async def test_options_are_frozen_in_the_plan_and_the_dangerous_one_needs_its_decision(say: Said) -> None:
    asked = ("--disable-eviction", "--grace-period", "3", "--timeout", "5m", "--pod-selector", "app in (web)")
    code, out, _ = await say("plan", "drain", NODE, *asked, "-o", "json")
    plan = json.loads(out)
    assert code == 3
    assert [(each["id"], each["taken"]) for each in plan["decisions"]] == [("disable-eviction", False)]
    evictions = [step for step in plan["steps"] if step["kind"] == "evict"]
    assert len(evictions) == 4
    for step in evictions:
        assert (step["timeout"], step["params"]["grace"], step["params"]["delete"]) == (300, 3, True)
    code, out, _ = await say("plan", "drain", NODE, *asked, "--decide", "disable-eviction", "-o", "json")
    assert (code, json.loads(out)["exit"]) == (0, 0)


async def test_headless_a_dangerous_option_without_its_decision_changes_nothing(say: Said, stage: Stage) -> None:
    code, out, err = await say(
        "drain", NODE, "--reason", "disk", "--yes", "--disable-eviction", "-o", "json", "--detach"
    )
    assert code == 3
    assert json.loads(out)["decisions"][0]["id"] == "disable-eviction"
    assert "without asking any budget" in err
    assert not stage.node()["spec"].get("unschedulable")


@pytest.mark.parametrize(("typed", "expected"), [("disable-eviction\nno\n", 6), ("yes\n", 3)])
async def test_on_a_terminal_each_decision_is_asked_by_its_name(
    say: Said, stage: Stage, monkeypatch: pytest.MonkeyPatch, typed: str, expected: int
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))
    code, _, err = await say("drain", NODE, "--reason", "disk", "--disable-eviction")
    assert code == expected
    assert "agree? type `disable-eviction`" in err
    assert ("type `yes`" in err) is (expected == 6)
    assert not stage.node()["spec"].get("unschedulable")


@pytest.mark.parametrize(
    ("words", "error"),
    [(("--timeout", "soon"), "no time such as 90"), (("--pod-selector", "app in ("), "label selector")],
)
async def test_an_option_that_cannot_be_read_is_a_usage_error(
    say: Said, words: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code, _, err = await say("plan", "drain", NODE, *words)
    except SystemExit as left:  # argparse's own way
        code, err = int(str(left.code)), capsys.readouterr().err
    assert code == 2
    assert error in err


async def test_pause_and_skip_of_pods_that_do_not_go(say: Said, stage: Stage) -> None:
    pods = list(stage.pods(NODE))
    stage.simulator.world.faults.hanging.update(f"shop/{name}" for name in pods)
    async with stage.desk() as runtime:
        run = await begin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        await stage.until(lambda: stage.leaving() == len(pods))
        assert (await say("runs", "pause", run, "--reason", "lunch"))[0] == 0
        assert (await state(runtime, run)).paused
        code, _, err = await say("runs", "pause", run)
        assert (code, "is paused by" in err) == (4, True)
        assert (await say("runs", "continue", run))[0] == 0

        code, _, err = await say("runs", "skip", run, f"kubernetes/evict/shop/{pods[0]}", "--reason", " ")
        assert (code, "needs a reason" in err) == (4, True)
        for name in pods:
            words = ("skip", run, f"kubernetes/evict/shop/{name}", "--reason", "the team moves it")
            assert (await say("runs", *words))[0] == 0
        code, _, err = await say("runs", "skip", run, f"kubernetes/evict/shop/{pods[0]}", "--reason", "again")
        assert (code, "asks nothing" in err) == (4, True)

        verify = f"kubernetes/verify/{NODE}"
        while "4 pods left" not in (await state(runtime, run)).steps[verify].waiting:
            await stage.clock.sleep(1)
        assert (await say("runs", "skip", run, verify, "--reason", "they are known"))[0] == 0
        assert await work is End.DONE
        now = await state(runtime, run)
    assert [now.steps[f"kubernetes/evict/shop/{name}"].status for name in pods] == [Status.SKIPPED] * 4
    assert now.steps[verify].skipped_because == "they are known"
    assert stage.leaving() == len(pods)


async def test_an_abort_is_asked_for_and_says_first_what_it_undoes(say: Said, stage: Stage) -> None:
    stage.simulator.world.faults.hanging.update(f"shop/{name}" for name in stage.pods(NODE))
    async with stage.desk() as runtime:
        run = await begin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        await stage.until(lambda: stage.leaving() > 0)
        code, _, err = await say("runs", "abort", run)
        assert (code, f"is put back: cordon {NODE}" in err, "give --yes" in err) == (2, True, True)
        assert not (await state(runtime, run)).aborted
        assert (await say("runs", "abort", run, "--yes", "--reason", "wrong node"))[0] == 0
        assert await work is End.ABORTED
    assert not stage.node()["spec"].get("unschedulable")


async def test_an_answer_that_nobody_asked_for_is_refused(say: Said, stage: Stage) -> None:
    async with stage.desk() as runtime:
        run = await begin(runtime)
        code, _, err = await say("runs", "answer", run, f"kubernetes/cordon/{NODE}", "retry")
    assert (code, "asks nothing" in err) == (4, True)


async def test_what_an_abort_puts_back_and_what_stays_is_told(stage: Stage) -> None:
    stage.simulator.world.faults.hanging.update(f"shop/{name}" for name in stage.pods(NODE))
    async with stage.desk() as runtime:
        run = await begin(runtime)
        assert runs.undoing(runtime, await state(runtime, run)) == ["nothing was changed yet"]
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        await stage.until(lambda: stage.leaving() == 4)
        await stage.clock.sleep(5)
        told = runs.undoing(runtime, await state(runtime, run))
        assert told[0] == f"is put back: cordon {NODE} (was: schedulable)"
        assert [line.split(":")[0] for line in told[1:]] == ["stays as it is"] * 4
        await runs.abort(runtime, run, reason="over")
        assert await work is End.ABORTED


async def test_without_the_api_server_a_run_is_shown_as_this_host_last_heard_of_it(say: Said, stage: Stage) -> None:
    stage.simulator.world.faults.hanging.update(f"shop/{name}" for name in stage.pods(NODE))
    async with stage.desk() as runtime:
        run = await begin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        await stage.until(lambda: stage.leaving() > 0)
        await stage.simulator.transport.cut(refuse=True)
        code, out, err = await say("runs", "show", "d-none")
        assert (code, "no copy of run d-none" in err) == (1, True)
        while "the platform does not answer" not in out:
            code, out, err = await say("runs", "show", run)
            assert (code, "this is the copy of this host" in err) == (0, True)
        await stage.simulator.transport.restore()
        stage.simulator.cluster.heal(*(f"shop/{name}" for name in stage.pods(NODE)))
        await runs.abort(runtime, run)
        await work
