"""A plan is looked at, decided and started; the board follows the run's journal and speaks to it."""

from __future__ import annotations

import pytest

from console import runs
from console.config import Settings
from console.model import Answer, Reason, Verdict
from console.workflow import journal as journals
from console.workflow.codec import Entry
from console.workflow.events import Asked, Claimed, End, Fact, Finished, Intent, Sent, StepDone, Waiting
from tests.screens import fleet
from tests.screens.app.steering import Driver, driving

SIZES = [(80, 24), (160, 50)]


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs whose runner was started; none is: the tests write the journal themselves."""
    names: list[str] = []

    def resume(_kernel: object, name: str) -> int:
        names.append(name)
        return 4711

    monkeypatch.setattr(runs, "resume", resume)
    return names


async def _write(driver: Driver, run: str, *facts: Fact) -> None:
    store = driver.sea.journals
    page = journals.page(await store.read(run))
    entries = [*page.entries, *(Entry(page.last + at, 1, fact) for at, fact in enumerate(facts, start=1))]
    await store.write(page.stored, journals.text_of(run, entries))


async def _start(driver: Driver, reason: str = "kernel update") -> str:
    await driver.order("nodes")
    await driver.sees("node1")
    await driver.press("r")
    await driver.sees("plan: drain node1", "SAFE")
    await driver.press("s")
    await driver.type(reason)
    await driver.press("enter")
    await driver.sees("cordon node1", "move anna", "agree")
    await driver.press("enter")
    await driver.sees("of 2 steps")
    return next(iter(driver.sea.journals.runs))


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_shows_its_verdict_and_steps_and_changes_nothing(
    size: tuple[int, int], started: list[str]
) -> None:
    async with driving(size=size) as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("plan: drain node1", "SAFE", "no boat is lost", "cordon node1", "move anna")
        await driver.press("escape")
        await driver.sees("READY")
        assert driver.sea.journals.runs == {}
        assert started == []


async def test_a_decision_must_be_taken_before_the_start() -> None:
    async with driving() as driver:
        reason = Reason(Answer.DECIDE, "cargo", "12 crates get wet", decision="wet")
        fleet.VERDICTS["node1"] = Verdict((reason,))
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("DECIDE", "1 decision to take", "[to decide]")
        await driver.press("s")
        assert "start: decide first: 12 crates get wet" in driver.said
        await driver.press("enter")
        await driver.sees("each is a loss or outage that you accept", "[ ] wet")
        await driver.press("enter")
        await driver.sees("[taken]")
        await driver.press("s")
        await driver.sees("why drain node1?")


@pytest.mark.parametrize("answer", [Answer.NO, Answer.UNKNOWN])
async def test_no_and_unknown_cannot_be_started_and_say_why(answer: Answer) -> None:
    async with driving() as driver:
        fleet.VERDICTS["node1"] = Verdict((Reason(answer, "quorum", "2 of 3, none to spare"),))
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees(answer.value, "2 of 3, none to spare")
        await driver.press("s")
        assert f"start: {answer.value}: quorum: 2 of 3, none to spare" in driver.said


async def test_a_read_only_console_plans_but_does_not_start() -> None:
    async with driving(settings=Settings(read_only=True)) as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("SAFE")
        await driver.press("s")
        assert any(said.startswith("start: read-only") for said in driver.said)


async def test_a_run_without_a_reason_is_not_begun(started: list[str]) -> None:
    async with driving() as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("SAFE")
        await driver.press("s", "enter")
        assert "nothing was changed: a run needs a reason" in driver.said
        assert started == []


@pytest.mark.parametrize("size", SIZES)
async def test_the_board_follows_the_journal_to_the_end(size: tuple[int, int], started: list[str]) -> None:
    async with driving(size=size) as driver:
        run = await _start(driver)
        assert started == [run]
        now = driver.clock.now()
        await _write(driver, run, Claimed(now, 3, "pid 7 on k8s-master1"), StepDone(now, "cordon", "was: schedulable"))
        await driver.sees("1 of 2 steps", "was: schedulable", "fencing 3")
        await _write(
            driver, run, Intent(now, "move"), Sent(now, "move", "asked"), Waiting(now, "move", "12 crates left")
        )
        await driver.sees("move anna waits:", "12 crates left")
        await _write(driver, run, StepDone(now, "move", "anna is at oslo"), Finished(now, End.DONE))
        await driver.sees("2 of 2 steps", "ended: done", "anna is at oslo")


async def test_the_run_is_paused_continued_and_aborted_from_the_board() -> None:
    async with driving() as driver:
        run = await _start(driver)
        await driver.press("p")
        await driver.sees("paused by", "p continue")
        await driver.press("p")
        await driver.sees("p pause")
        await _write(driver, run, Intent(driver.clock.now(), "cordon"), StepDone(driver.clock.now(), "cordon", "done"))
        await driver.sees("1 of 2 steps")
        await driver.press("a")
        await driver.sees(f"abort run {run}", "puts back, in this order: 1 steps", "cordon node1")
        await driver.press("enter")
        await driver.sees("aborted by")
        await driver.press("a")
        assert any("abort: it was aborted by" in said for said in driver.said)


async def test_a_question_is_answered_and_a_skip_wants_a_reason() -> None:
    async with driving(size=(160, 50)) as driver:
        run = await _start(driver)
        await driver.press("k")
        assert "skip: the run asks nothing" in driver.said
        now = driver.clock.now()
        await _write(driver, run, Intent(now, "cordon"), Asked(now, "cordon", "the server says no"))
        await driver.sees("cordon node1 asks:", "the server says no")
        await driver.press("k", "enter")
        assert "nothing was skipped: a reason is wanted" in driver.said
        await driver.press("k")
        await driver.type("done by hand")
        await driver.press("enter")
        await driver.sees("skipped by", "done by hand")


async def test_leaving_the_board_leaves_the_run_and_it_is_found_in_runs() -> None:
    async with driving() as driver:
        run = await _start(driver)
        await driver.press("q")
        await driver.sees("node1", "nodes")
        await driver.order("runs")
        await driver.sees(run, "running", "0/2")
        await driver.press("enter")
        await driver.sees("of 2 steps", "kernel update")


async def test_a_journal_that_cannot_be_read_leaves_the_board_and_says_since_when() -> None:
    async with driving() as driver:
        await _start(driver)
        driver.sea.journals.network.down = True
        await driver.sees("the API server does not answer", "as of", "0 of 2 steps")
        driver.sea.journals.network.down = False
        await driver.until(lambda: "as of" not in driver.text(), "it is read again")


async def test_the_journal_is_shown_fact_by_fact() -> None:
    async with driving() as driver:
        run = await _start(driver)
        await _write(driver, run, Claimed(driver.clock.now(), 3, "pid 7"))
        await driver.press("J")
        await driver.sees("planned", "claimed", "holder=pid 7")


async def test_the_overview_tells_of_the_run_and_the_node_that_is_out() -> None:
    async with driving(size=(160, 50)) as driver:
        run = await _start(driver)
        await driver.order("runs")
        await driver.sees(run)
        await driver.order("overview")
        await driver.sees("drain node1", "kernel update", f"run {run}", "1 node out")


async def test_leaving_the_console_says_which_runs_go_on() -> None:
    async with driving() as driver:
        run = await _start(driver)
        await driver.order("runs")
        await driver.sees(run)
        await driver.press("colon", "q")
        await driver.pilot.press("enter")
        await driver.pilot.pause()
        leaving = [str(message) for message in driver.app._exit_renderables]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    assert leaving == [f"run {run} (drain node1) goes on: pilothouse runs follow {run} --context north"]
