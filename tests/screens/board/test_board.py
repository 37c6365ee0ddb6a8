"""A plan is looked at, decided and started; the board follows the run's journal and speaks to it."""

from __future__ import annotations

import pytest

from console import runs
from console.config import Settings
from console.format import clock_time
from console.model import Answer, NodeName, Prospect, Reason, Ref, Verdict
from console.plugin import Right
from console.workflow import journal as journals
from console.workflow.events import Asked, Claimed, End, Finished, Intent, Sent, StepDone, Waiting
from tests.screens import fleet
from tests.screens.app.steering import driving
from tests.screens.board.running import begin, write
from tests.values import replace

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


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_says_what_becomes_of_each_pod(size: tuple[int, int]) -> None:
    async with driving(size=size) as driver:
        node = NodeName("node1")
        lost = Reason(Answer.DECIDE, "unmanaged", "nobody makes it again", decision="unmanaged")
        fleet.PROSPECTS += [
            Prospect(Ref("pod", f"web-{n}", "shop"), node, "moves", "moves to another node", "move to other nodes")
            for n in range(6)
        ]
        fleet.PROSPECTS.append(Prospect(Ref("pod", "shell", "ops"), node, "lost", "is lost", "are lost", (lost,)))
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("plan: drain node1", "1 are lost  shell", "6 move to other nodes  web-0")
        await driver.sees("ops/shell  is lost: nobody makes it again")


async def test_a_decision_must_be_taken_before_the_start() -> None:
    async with driving() as driver:
        reason = Reason(Answer.DECIDE, "cargo", "12 crates get wet", decision="wet")
        fleet.VERDICTS["node1"] = Verdict((reason,))
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("DECIDE", "1 decision to take", "[to decide]")
        await driver.press("s")
        await driver.sees("each is a loss or outage that you accept", "[ ] wet")
        await driver.press("escape")
        await driver.until(lambda: "nothing was changed: not everything is decided" in driver.said)
        await driver.press("enter")
        await driver.sees("each is a loss or outage that you accept", "[ ] wet")
        await driver.press("enter")
        await driver.sees("[taken]")
        await driver.press("enter")
        await driver.sees("[x] wet")
        await driver.press("enter")
        await driver.sees("[to decide]")
        await driver.press("s")
        await driver.sees("each is a loss or outage that you accept", "[ ] wet")
        await driver.press("enter")
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


async def test_the_end_is_announced_with_the_plan_and_shown_on_board_and_overview() -> None:
    async with driving(size=(160, 50)) as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("SAFE", "t until")
        await driver.press("t")
        await driver.type("soon")
        await driver.press("enter")
        assert any("`soon` is no time; write it as 18:00" in said for said in driver.said)
        await driver.press("t")
        await driver.type("2h")
        await driver.press("enter")
        await driver.sees("out until ", "(in ")
        await driver.press("s")
        await driver.type("disk")
        await driver.press("enter", "enter")
        await driver.sees("of 2 steps", "out until ")
        await driver.order("overview")
        await driver.sees("drain node1", "until ", "(in ")


async def test_a_read_only_console_plans_but_does_not_start() -> None:
    async with driving(settings=Settings(read_only=True)) as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("SAFE")
        await driver.press("s")
        assert any(said.startswith("start: read-only") for said in driver.said)
        assert "s start" not in driver.text()


async def test_a_board_of_a_console_that_only_looks_names_no_key_that_says_something_to_the_run() -> None:
    async with driving(size=(160, 50)) as driver:
        await begin(driver)
        await driver.sees("p pause", "shift-j journal")
        kernel = driver.app.desk.kernel
        kernel.settings = replace(kernel.settings, read_only=True)
        driver.app.desk.changed()
        await driver.until(lambda: "p pause" not in driver.text(), "the footer without it")
        await driver.press("p")
        assert any(said.startswith("pause: read-only") for said in driver.said)
        assert "shift-j journal" in driver.text()


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
        run = await begin(driver)
        assert started == [run]
        now = driver.clock.now()
        await write(driver, run, Claimed(now, 3, "pid 7 on k8s-master1"), StepDone(now, "cordon", "was: schedulable"))
        await driver.sees("1 of 2 steps", "was: schedulable", "fencing 3")
        await write(
            driver, run, Intent(now, "move"), Sent(now, "move", "asked"), Waiting(now, "move", "12 crates left")
        )
        await driver.sees("move anna waits:", "12 crates left")
        await write(driver, run, StepDone(now, "move", "anna is at oslo"), Finished(now, End.DONE))
        await driver.sees("2 of 2 steps", "ended: done", "anna is at oslo")


async def test_the_run_is_paused_continued_and_aborted_from_the_board() -> None:
    async with driving() as driver:
        run = await begin(driver)
        await driver.press("p")
        await driver.sees("paused by", "p continue")
        await driver.press("p")
        await driver.sees("p pause")
        await write(driver, run, Intent(driver.clock.now(), "cordon"), StepDone(driver.clock.now(), "cordon", "done"))
        await driver.sees("1 of 2 steps")
        await driver.press("a")
        await driver.sees(f"abort run {run}", "is put back: cordon node1")
        await driver.press("enter")
        await driver.sees("aborted by")
        await driver.press("a")
        assert any("abort: it was aborted by" in said for said in driver.said)


async def test_a_question_is_answered_and_a_skip_wants_a_reason() -> None:
    async with driving(size=(160, 50)) as driver:
        run = await begin(driver)
        await driver.press("k")
        assert "skip: no step waits or asks" in driver.said
        now = driver.clock.now()
        await write(driver, run, Intent(now, "cordon"), Asked(now, "cordon", "the server says no"))
        await driver.sees("cordon node1 asks:", "the server says no")
        await driver.press("k", "enter")
        assert "nothing was skipped: a reason is wanted" in driver.said
        await driver.press("k")
        await driver.type("done by hand")
        await driver.press("enter")
        await driver.sees("skipped by", "done by hand")


@pytest.mark.parametrize("size", SIZES)
async def test_pods_stand_beside_the_steps_with_their_state_and_blocker(size: tuple[int, int]) -> None:
    async with driving(size=size) as driver:
        run = await begin(driver)
        now = driver.clock.now()
        await write(driver, run, Claimed(now, 1, "pid 7"), Intent(now, "cordon"), StepDone(now + 4, "cordon", "was"))
        await write(driver, run, Intent(now + 4, "move"), Sent(now + 4, "move", "asked"))
        await write(driver, run, Waiting(now + 5, "move", "12 crates left"), Waiting(now + 9, "move", "9 crates left"))
        await driver.sees("POD", "STATE", "leaving", "9 crates left", "no estimate: no step of this kind has ended yet")
        began = clock_time(now + 5)
        await driver.sees(f"(since {began}")
        await write(driver, run, StepDone(now + 10, "move", "gone; anna-2 is at oslo"))
        await driver.sees("gone", "anna-2 is at oslo")


async def test_of_several_waits_one_is_skipped_by_choice() -> None:
    async with driving(size=(160, 50)) as driver:
        run = await begin(driver)
        now = driver.clock.now()
        await write(driver, run, Waiting(now, "cordon", "it takes time"), Waiting(now + 1, "move", "12 crates left"))
        await driver.sees("12 crates left", "k skip")
        await driver.press("k")
        await driver.sees("cordon node1: it takes time", "move anna: 12 crates left")
        await driver.press("down", "enter")
        await driver.type("she is empty")
        await driver.press("enter")
        await driver.sees("1 of 2 steps", "left here", "she is empty")


async def test_the_hand_over_note_is_copied_and_shown() -> None:
    async with driving() as driver:
        run = await begin(driver)
        await write(driver, run, Waiting(driver.clock.now(), "move", "12 crates left"))
        await driver.sees("12 crates left")
        await driver.press("n")
        await driver.sees(f"drain of node1, run {run}", "because: kernel update", f"pilothouse runs resume {run}")
        assert "move anna waits" in driver.app.clipboard
        assert "\n".join(driver.app.clipboard.splitlines()[:2]).endswith("because: kernel update")
        await driver.press("escape")
        await driver.sees("0 of 2 steps")


async def test_the_report_is_read_from_the_board() -> None:
    async with driving() as driver:
        await begin(driver)
        await driver.press("o")
        await driver.sees("# Drain of node1: not ended", "| move anna | todo |")


async def test_an_abort_says_what_stays_as_it_is() -> None:
    async with driving() as driver:
        run = await begin(driver)
        now = driver.clock.now()
        await write(driver, run, Intent(now, "cordon"), StepDone(now, "cordon", "x"), Intent(now, "move"))
        await driver.sees("1 of 2 steps")
        await driver.press("a")
        await driver.sees("is put back: cordon node1 (x)", "stays as it is: move anna")


@pytest.mark.parametrize(
    ("key", "asked", "after"),
    [("y", (), "waits for nothing"), ("u", ("abort run",), "aborted by"), ("x", ("stop run",), "")],
)
async def test_answers_have_keys_of_their_own(key: str, asked: tuple[str, ...], after: str) -> None:
    async with driving(size=(160, 50)) as driver:
        run = await begin(driver)
        await driver.press(key)
        assert not journals.page(await driver.sea.journals.read(run)).state.aborted
        now = driver.clock.now()
        await write(driver, run, Intent(now, "cordon"), Asked(now, "cordon", "the server says no"))
        await driver.sees("y retry", "k skip", "u undo", "x stop")
        await driver.press(key)
        if asked:
            await driver.sees(*asked)
            await driver.press("enter")
        await driver.until(lambda: "cordon node1 asks:" not in driver.text(), "it is answered")
        await driver.sees(after)


async def test_leaving_the_board_leaves_the_run_and_it_is_found_in_runs() -> None:
    async with driving() as driver:
        run = await begin(driver)
        await driver.press("q")
        await driver.sees("node1", "nodes")
        await driver.order("runs")
        await driver.sees(run, "running", "0/2")
        await driver.press("enter")
        await driver.sees("of 2 steps", "kernel update")


async def test_a_journal_that_cannot_be_read_leaves_the_board_and_says_since_when() -> None:
    async with driving() as driver:
        await begin(driver)
        driver.sea.journals.network.down = True
        await driver.sees("the API server does not answer", "as of", "0 of 2 steps")
        driver.sea.journals.network.down = False
        await driver.until(lambda: "as of" not in driver.text(), "it is read again")


async def test_the_journal_is_shown_fact_by_fact() -> None:
    async with driving() as driver:
        run = await begin(driver)
        await write(driver, run, Claimed(driver.clock.now(), 3, "pid 7"))
        await driver.press("J")
        await driver.sees("planned", "claimed", "holder=pid 7")


async def test_the_overview_tells_of_the_run_and_the_node_that_is_out() -> None:
    async with driving(size=(160, 50)) as driver:
        run = await begin(driver)
        await driver.order("runs")
        await driver.sees(run)
        await driver.order("overview")
        await driver.sees("drain node1", "kernel update", f"run {run}", "1 node out")


async def test_leaving_the_console_says_which_runs_go_on() -> None:
    async with driving() as driver:
        run = await begin(driver)
        await driver.order("runs")
        await driver.sees(run)
        await driver.press("colon", "q")
        await driver.pilot.press("enter")
        await driver.pilot.pause()
        leaving = [str(message) for message in driver.app._exit_renderables]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    assert leaving == [f"run {run} (drain node1) goes on: pilothouse runs follow {run} --context north"]


async def test_on_any_page_a_run_that_asks_and_one_that_ended_are_told_of() -> None:
    async with driving() as driver:
        run = await begin(driver)
        await driver.press("q")
        await driver.order("boats")
        await driver.sees("anna")
        heard: list[str] = []
        terminal = driver.app._driver  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        assert terminal is not None
        as_before = terminal.write

        def hear(data: str) -> None:
            heard.append(data)

        terminal.write = hear
        try:
            now = driver.clock.now()
            await write(driver, run, Intent(now, "cordon"), Asked(now, "cordon", "the server says no"))
            await driver.until(
                lambda: any("asks: cordon node1: the server says no" in said for said in driver.said), "it"
            )
            assert any(text.startswith(f"\x07\x1b]9;run {run} (drain node1) asks:") for text in heard)
            await write(driver, run, Finished(driver.clock.now(), End.STOPPED))
            await driver.until(lambda: any("ended: stopped" in said for said in driver.said), "its end")
        finally:
            terminal.write = as_before


async def test_a_missing_right_is_said_on_the_plan_before_a_reason_is_asked() -> None:
    async with driving(size=(160, 50)) as driver:
        right = Right("create", "configmaps", "", "pilothouse")
        driver.sea.rights.needed = (right,)
        driver.sea.rights.denied.add(str(right))
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("plan: drain node1", "SAFE", f"missing: {right}", "kind: ClusterRole")
        await driver.press("s")
        assert f"start: missing: {right}" in driver.said
