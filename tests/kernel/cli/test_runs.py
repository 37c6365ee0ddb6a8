"""Runs from the command line: stdout is data, stderr is talk, and the exit code says how it ended."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console import own, runs
from console.cli import beginning
from console.cli.arguments import parser
from console.cli.exits import OF_ANSWER, ExitCode
from console.cli.following import follow, patience_of
from console.cli.plan import target_of
from console.config import Settings
from console.fence import Fence
from console.model import Answer, NodeName
from console.output import record
from console.plugin import Target
from console.workflow import journal as journals
from console.workflow.codec import Entry
from console.workflow.events import (
    Answered,
    Asked,
    Choice,
    Claimed,
    End,
    Fact,
    Finished,
    Intent,
    Planned,
    Sent,
    StepDone,
    Waiting,
)
from console.workflow.steps import Phase, Step
from tests.clock import FakeClock, Inline
from tests.kernel.workflow.memory import Journals

T = 1_800_000_000.0
PLAN = Planned(
    T,
    Target("drain", (NodeName("node1"),), {"until": T + 7200}),
    (
        Step("cordon", "cordon node1", "toy", "one", "cordon", Phase.CORDON),
        Step("move", "move web-1", "toy", "one", "evict", Phase.EVICT, params={"pod": "web-1", "namespace": "shop"}),
    ),
    author="oncall",
    reason="disk",
)
DONE: tuple[Fact, ...] = (
    Claimed(T + 1, 1, "pid 7"),
    Intent(T + 1, "cordon"),
    StepDone(T + 2, "cordon", "was: schedulable"),
    Intent(T + 2, "move"),
    Sent(T + 3, "move", "evicted"),
    StepDone(T + 9, "move", "gone; web-9 is Running on node5"),
)


@pytest.fixture(autouse=True)
async def inline() -> None:
    asyncio.get_running_loop().set_default_executor(Inline())


class Desk:
    """As much of a runtime as following needs."""

    def __init__(self, *facts: Fact) -> None:
        self.settings = Settings()
        self.clock = FakeClock(T + 60)
        self.store = Journals()
        self.instances: tuple[Any, ...] = ()
        entries = [Entry(at, 1, fact) for at, fact in enumerate((PLAN, *facts), start=1)]
        self._text = journals.text_of("d-1", entries)

    async def offer(self, _pick: object) -> Any:
        if not self.store.runs:
            await self.store.create("d-1", self._text)
        return self.store


async def test_followed_as_json_only_the_result_is_on_stdout(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    desk: Any = Desk(*DONE, Finished(T + 10, End.DONE))
    assert await follow(desk, "d-1", "json") == ExitCode.DONE
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert (told["run"], told["status"], told["until"]) == ("d-1", "done", "2027-01-15T10:00:00Z")
    assert told["progress"]["done"] == told["progress"]["of"] == 2
    assert told["progress"]["seconds_left"] is None
    assert told["waiting"] == []
    assert [(pod["namespace"], pod["name"], pod["state"]) for pod in told["pods"]] == [("shop", "web-1", "gone")]
    assert "[2/2] ok  cordon node1: was: schedulable" in printed.err
    assert "\x07" not in printed.err, "nobody sits here"


async def test_followed_as_text_the_lines_are_the_result(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    desk: Any = Desk(*DONE, Finished(T + 10, End.DONE))
    assert await follow(desk, "d-1") == ExitCode.DONE
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[-1] == "run d-1 done after 10.0 s"


async def test_a_step_is_said_once_however_many_others_end_after_it(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    desk: Any = Desk(*DONE[:3])
    following = asyncio.create_task(follow(desk, "d-1"))
    await desk.clock.advance(1)
    more = [Entry(at, 1, fact) for at, fact in enumerate((PLAN, *DONE, Finished(T + 10, End.DONE)), start=1)]
    stored = await desk.store.read("d-1")
    await desk.store.write(stored, journals.text_of("d-1", more))
    while not following.done():
        await desk.clock.advance(1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 1)[1] for line in lines[:-1]] == [
        "[1/2] ok  cordon node1: was: schedulable",
        "[2/2] ok  move web-1: gone; web-9 is Running on node5",
    ]


@pytest.mark.parametrize("end", [End.ABORTED, End.STOPPED])
async def test_what_a_person_ended_is_six(end: End, home: Path) -> None:
    desk: Any = Desk(*DONE, Finished(T + 10, end))
    assert await follow(desk, "d-1", "json") == ExitCode.STOPPED == 6


ASKS: tuple[Fact, ...] = (*DONE[:4], Asked(T + 3, "move", "web-1 is under two budgets"))


async def until_done(desk: Any, following: asyncio.Task[int], within: float = 60.0) -> float:
    """Turn the clock until the following has ended; the seconds that it took."""
    began = desk.clock.monotonic()
    while not following.done():
        assert desk.clock.monotonic() - began < within
        await desk.clock.advance(0.1)
    return desk.clock.monotonic() - began


async def test_a_question_that_nobody_can_answer_ends_the_command_and_not_the_run(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    desk: Any = Desk(*ASKS)
    following = asyncio.create_task(follow(desk, "d-1", "json", patience=0.0))
    assert await until_done(desk, following) < 2, "it does not wait for an answer"
    assert await following == ExitCode.DECIDE == 3
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["status"] == "asks"
    assert [(each["step"], each["asks"]) for each in told["waiting"]] == [("move", True)]
    assert printed.err.splitlines()[-4:] == [
        "pilothouse: run d-1 asks, and nobody is here to answer; it waits until somebody does:",
        "  move web-1: web-1 is under two budgets",
        "    pilothouse runs answer d-1 move retry|skip|undo|stop",
        "pilothouse: then `pilothouse runs follow d-1`",
    ]


async def test_answers_are_waited_for_as_long_as_was_said(home: Path) -> None:
    desk: Any = Desk(*ASKS)
    following = asyncio.create_task(follow(desk, "d-1", patience=30.0))
    assert 29 < await until_done(desk, following) < 32
    assert await following == ExitCode.DECIDE


async def test_a_question_that_is_answered_in_time_ends_nothing(home: Path) -> None:
    desk: Any = Desk(*ASKS)
    following = asyncio.create_task(follow(desk, "d-1", patience=30.0))
    await desk.clock.advance(20)
    facts = (PLAN, *ASKS, Answered(T + 5, "move", Choice.RETRY, "anna"))
    stored = await desk.store.read("d-1")
    stored = await desk.store.write(stored, journals.text_of("d-1", [Entry(n, 1, f) for n, f in enumerate(facts, 1)]))
    await desk.clock.advance(60)
    assert not following.done()
    facts = (*facts, StepDone(T + 6, "move", "gone"), Finished(T + 7, End.DONE))
    await desk.store.write(stored, journals.text_of("d-1", [Entry(n, 1, f) for n, f in enumerate(facts, 1)]))
    await until_done(desk, following)
    assert await following == ExitCode.DONE


async def test_a_person_at_a_terminal_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for here, patience in ((True, None), (False, 0.0)):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda here=here: here))
        assert patience_of(given()) == patience
        assert patience_of(given("--wait-for-answers", "5m")) == 300.0


@pytest.mark.parametrize(("code", "ends"), [(1, ExitCode.FAILED), (6, None)])
async def test_a_runner_that_fails_ends_the_command_and_one_that_lets_go_does_not(
    code: int, ends: ExitCode | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", f"raise SystemExit({code})"], os.environ)
    monkeypatch.setattr(runs, "STARTED", {pid: "d-1"})
    await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    desk: Any = Desk(*DONE[:4])
    following = asyncio.create_task(follow(desk, "d-1"))
    for _ in range(200):
        await desk.clock.advance(0.1)
    assert following.done() is (ends is not None)
    if ends is None:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        return
    assert await following == ends
    assert str(runs.log("d-1")) in capsys.readouterr().err


def test_every_answer_of_a_plan_has_its_exit_code() -> None:
    assert [int(OF_ANSWER[answer]) for answer in (Answer.SAFE, Answer.DECIDE, Answer.NO, Answer.UNKNOWN)] == [
        0,
        3,
        4,
        5,
    ]
    assert [int(code) for code in ExitCode] == list(range(7))


@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        ((*DONE, Finished(T + 10, End.DONE)), ""),
        ((Waiting(T + 1, "", "node1 is held"), *DONE), ""),
        ((Waiting(T + 1, "", "node1 is held"),), "node1 is held"),
        ((Intent(T + 1, "cordon"), Asked(T + 2, "cordon", "what now?")), "cordon node1: what now?"),
    ],
)
async def test_waits_for_holds_no_reason_and_nothing_that_is_over(facts: tuple[Fact, ...], waits: str) -> None:
    desk: Any = Desk(*facts)
    (stored,) = await (await desk.offer(None)).list()
    row = record(own.PANES[0], own.run_row(stored), Fence())
    assert (row["waits_for"] or "", row["reason"]) == (waits, "disk")
    assert row["until"] == T + 7200


def given(*words: str) -> Namespace:
    return parser().parse_args(["drain", "node1", *words])


def test_until_and_for_are_the_same_and_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert given("--until", "18:00").until == "18:00"
    assert given("--for", "2h").until == "2h"
    assert target_of(given(), {"until": T}).options["until"] == T
    with pytest.raises(SystemExit) as refused:
        given("--until", "18:00", "--for", "2h")
    assert refused.value.code == ExitCode.USAGE
    assert "not allowed with" in capsys.readouterr().err


def test_without_a_terminal_and_without_yes_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False))
    runtime: Any = SimpleNamespace(settings=Settings(), platform=SimpleNamespace(name="lab"))
    made: Any = SimpleNamespace(target=PLAN.target, steps=())
    with pytest.raises(beginning.UsageError, match="nobody can be asked here"):
        beginning._consent(runtime, made, given())  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    assert beginning._consent(runtime, made, given("--yes"))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
