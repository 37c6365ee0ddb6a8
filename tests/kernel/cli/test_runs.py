"""Runs from the command line: stdout is data, stderr is talk, and the exit code says how it ended."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console import own
from console.cli import beginning
from console.cli.arguments import parser
from console.cli.exits import OF_ANSWER, ExitCode
from console.cli.following import follow
from console.cli.plan import target_of
from console.config import Settings
from console.fence import Fence
from console.model import Answer, NodeName
from console.output import record
from console.plugin import Target
from console.workflow import journal as journals
from console.workflow.codec import Entry
from console.workflow.events import (
    Asked,
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
from tests.clock import FakeClock
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


class Desk:
    """As much of a runtime as following needs."""

    def __init__(self, *facts: Fact) -> None:
        self.settings = Settings()
        self.clock = FakeClock(T + 60)
        self.store = Journals()
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
