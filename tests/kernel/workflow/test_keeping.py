"""What is kept of runs: how long, and where waits are seen while the platform is away; skewed clocks harm nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from console.config import parse
from console.errors import ConfigError, Refused
from console.workflow.codec import Entry, decode
from console.workflow.events import (
    Answered,
    Asked,
    Choice,
    Claimed,
    End,
    Finished,
    GuardSaid,
    Record,
    StepDone,
    Waiting,
)
from console.workflow.journal import Journal, create, text_of
from console.workflow.machine import decide
from console.workflow.mirror import Mirror
from console.workflow.retention import sweep, swept
from console.workflow.state import fold
from console.workflow.steps import Wait
from tests.kernel.workflow.memory import Journals, LoopClock, Network
from tests.kernel.workflow.strategies import planned, step
from tests.kernel.workflow.test_machine import live

pytestmark = pytest.mark.looptime
DAY = 86_400.0
PLAN = planned(step("a"))


def ended(at: float) -> str:
    return text_of("d-1", [Entry(1, 0, PLAN), Entry(2, 1, Finished(at, End.DONE))])


async def test_what_ended_long_ago_is_removed_and_nothing_else(tmp_path: Path) -> None:
    store = Journals()
    await store.create("d-old", ended(9 * DAY))
    await store.create("d-new", ended(11 * DAY))
    await store.create("d-open", text_of("d-open", [Entry(1, 0, PLAN)]))
    await store.create("d-newer", '{"schema":99,"run":"d-newer"}\n')
    await store.create("d-odd", "not a journal")
    for name in ("d-old", "d-new"):
        (tmp_path / f"{name}.jsonl").write_text("x")
        (tmp_path / f"{name}.log").write_text("x")
    assert await sweep(store, now=100 * DAY, mirrors=tmp_path) == ["d-old"]
    assert sorted(store.runs) == ["d-new", "d-newer", "d-odd", "d-open"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d-new.jsonl", "d-new.log"]


async def test_how_long_is_configured() -> None:
    store = Journals()
    await store.create("d-1", ended(90 * DAY))
    assert await sweep(store, now=100 * DAY, days=30) == []
    assert await sweep(store, now=100 * DAY, days=7) == ["d-1"]
    assert parse({"keep_runs": 7}, "here").keep_runs == 7
    with pytest.raises(ConfigError, match="whole number from 1"):
        parse({"keep_runs": 0}, "here")


async def test_a_store_that_does_not_answer_keeps_no_run_from_working() -> None:
    assert "were not looked for" in await swept(Journals(Network(down=True)), now=1.0, days=90, mirrors=None)


async def test_a_wait_that_the_journal_cannot_take_is_in_the_mirror_at_once(tmp_path: Path) -> None:
    store = Journals()
    await create(store, "d-1", PLAN)
    mirror = Mirror(tmp_path, "d-1")
    journal = Journal(store, "d-1", lambda _facts: None, clock=LoopClock(), mirror=mirror)
    await journal.open()
    await journal.claim(1, "me")
    store.network.down = True
    writing = asyncio.create_task(journal.write([StepDone(5.0, "a", "gone")]))
    await asyncio.sleep(0.1)
    assert journal.stalled
    await mirror.aclose()
    facts = [entry.fact for entry in decode(mirror.path.read_text(encoding="utf-8"))]
    assert facts[-2] == StepDone(5.0, "a", "gone")
    assert isinstance(facts[-1], Waiting)
    assert "the platform does not answer" in facts[-1].reason
    assert len(decode(store.runs["d-1"].text)) == 2
    store.network.down = False
    await writing
    await mirror.aclose()
    assert mirror.path.read_text(encoding="utf-8") == store.runs["d-1"].text


def test_a_newer_journal_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="written in schema 99, this console knows") as caught:
        decode('{"schema":99,"run":"d-1"}\n')
    assert "or a newer one" in caught.value.next_step


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_a_take_over_by_a_host_with_another_clock_neither_asks_at_once_nor_hides_what_it_waits_for(skew: float) -> None:
    timed = planned(replace(step("a"), timeout=60.0))
    before = [Waiting(1000.0, "a", "needs 2, has 1"), Claimed(1030.0 + skew, 2, "heir")]
    state, _ = live(timed, *before)
    now = 1031.0 + skew
    state, commands = decide(state, GuardSaid(now, "a", Wait("needs 2, has 0")))
    assert Record(Waiting(now, "a", "needs 2, has 0")) in commands
    _, commands = decide(state, GuardSaid(now + 61, "a", Wait("needs 2, has 0")))
    assert any(isinstance(each, Record) and isinstance(each.fact, Asked) for each in commands)


def test_an_answer_from_a_slow_clock_gives_no_less_time() -> None:
    facts = [planned(step("a")), Claimed(1000.0, 1, "me"), Asked(1100.0, "a", "?")]
    state = fold([*facts, Answered(5.0, "a", Choice.RETRY, "anna")])
    assert state.steps["a"].retried == 1100.0
