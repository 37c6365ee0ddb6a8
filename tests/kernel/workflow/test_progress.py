"""Where a run stands: what it waits for now, its pods, and an estimate that says when it cannot know; the note."""

from __future__ import annotations

import pytest

from console.format import until_words
from console.model import NodeName
from console.plugin import Json, Target
from console.workflow import note
from console.workflow.codec import Entry
from console.workflow.events import (
    Aborted,
    Answered,
    Asked,
    Choice,
    Claimed,
    End,
    Fact,
    Finished,
    Intent,
    Paused,
    Planned,
    Sent,
    StepDone,
    Waiting,
)
from console.workflow.progress import estimate, last_progress, pods, standing, waits_for
from console.workflow.state import State, fold
from console.workflow.steps import Phase, Step

T = 1_800_000_000.0


def step(name: str, phase: Phase = Phase.EVICT, *after: str) -> Step:
    kind = "evict" if phase is Phase.EVICT else name
    params: dict[str, Json] = {"pod": name, "namespace": "shop"} if phase is Phase.EVICT else {}
    return Step(name, name, "toy", "one", kind, phase, params=params, after=after)


STEPS = (
    step("cordon", Phase.CORDON),
    step("web-1"),
    step("web-2"),
    step("kafka-0"),
    step("kafka-1", Phase.EVICT, "kafka-0"),
    step("verify", Phase.VERIFY),
)


def planned(**options: Json) -> Planned:
    target = Target("drain", (NodeName("node1"),), options)
    return Planned(T, target, STEPS, author="oncall", reason="disk")


CLAIMED = Claimed(T, 1, "pid 7")
CORDONED = (Intent(T, "cordon"), StepDone(T + 1, "cordon", "was: schedulable"))


def story(*facts: Fact, **options: Json) -> tuple[State, list[Entry]]:
    entries = [Entry(at, 1, fact) for at, fact in enumerate((planned(**options), CLAIMED, *facts), start=1)]
    return fold(entry.fact for entry in entries), entries


def done(name: str, began: float, took: float) -> tuple[Fact, ...]:
    return (Intent(T + began, name), StepDone(T + began + took, name, "gone; web-9 is Running on node5"))


def test_questions_come_first_then_the_longest_wait_with_the_time_it_really_began() -> None:
    state, entries = story(
        *CORDONED,
        Intent(T + 2, "web-1"),
        Waiting(T + 3, "web-1", "30 s of its grace left"),
        Waiting(T + 9, "web-1", "24 s of its grace left"),
        Waiting(T + 4, "web-2", "budget needs 3 healthy, has 2"),
        Asked(T + 9, "kafka-0", "two budgets"),
    )
    found = [(each.title, each.asks, each.since - T) for each in standing(state, entries)]
    assert found == [("kafka-0", True, 9), ("web-1", False, 3), ("web-2", False, 4)]
    assert waits_for(state) == "kafka-0: two budgets"


def test_what_the_run_waited_for_is_over_when_a_step_is_heard_of() -> None:
    held = Waiting(T + 1, "", "node1 is held by another")
    assert waits_for(story(held)[0]) == "node1 is held by another"
    assert waits_for(story(held, Intent(T + 5, "cordon"))[0]) == ""
    resumed = Waiting(T + 9, "", "node1 is held by the old runner")
    assert waits_for(story(Intent(T + 5, "cordon"), resumed)[0]) == "node1 is held by the old runner"


def test_a_finished_run_waits_for_nothing() -> None:
    state, entries = story(Waiting(T + 1, "cordon", "x"), Finished(T + 2, End.STOPPED))
    assert standing(state, entries) == ()


def test_pods_have_a_word_a_blocker_and_where_they_went() -> None:
    state, _ = story(
        *CORDONED,
        *done("web-1", 2, 5),
        Waiting(T + 4, "web-2", "budget shop/web needs 3 healthy, has 2"),
        Intent(T + 3, "kafka-0"),
        Sent(T + 4, "kafka-0", "evicted"),
        Waiting(T + 5, "kafka-0", "terminating, 20 s of its grace left"),
    )
    assert [(pod.name, pod.state, pod.why) for pod in pods(state)] == [
        ("web-1", "gone", "web-9 is Running on node5"),
        ("web-2", "held", "budget shop/web needs 3 healthy, has 2"),
        ("kafka-0", "leaving", "terminating, 20 s of its grace left"),
        ("kafka-1", "here", "after kafka-0"),
    ]


def test_the_estimate_counts_what_stands_side_by_side_once_and_names_what_was_never_timed() -> None:
    state, _ = story(*CORDONED, *done("web-1", 2, 20))
    found = estimate(state, T + 22)
    assert found.seconds == 40  # kafka-0 and then kafka-1; web-2 beside them
    assert found.text == "about 40 s to go, and 1 kind of step not timed yet"
    state, _ = story(*CORDONED, *done("web-1", 2, 20), Intent(T + 20, "kafka-0"))
    assert estimate(state, T + 35).seconds == 25


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ((), "no step of this kind has ended yet"),
        ((Paused(T + 2, "anna"),), "paused by anna"),
        ((Aborted(T + 2, "anna"),), "it is being undone"),
        ((Asked(T + 2, "cordon", "what now?"),), "it waits for an answer"),
        ((Finished(T + 2, End.DONE),), "it has ended"),
        ((Waiting(T + 2, "", "node1 is held"),), "node1 is held"),
        ((*CORDONED, *done("web-1", 2, 10), Intent(T + 12, "web-2")), "web-2 takes 48 s already, others took about"),
    ],
)
def test_there_is_no_estimate_where_nobody_can_know(facts: tuple[Fact, ...], why: str) -> None:
    found = estimate(story(*facts)[0], T + 60)
    assert found.seconds is None
    assert found.text.startswith(f"no estimate: {why}"), found.text


def test_progress_is_a_step_that_began_or_ended_and_no_wait() -> None:
    begun = (*CORDONED, Waiting(T + 20, "web-1", "x"), Waiting(T + 50, "web-1", "y"))
    assert last_progress(story(*begun)[0]) == T + 20
    assert last_progress(story()[0]) == T


def test_the_note_says_what_is_out_until_when_what_it_waits_for_and_what_to_do() -> None:
    facts = (*CORDONED, Waiting(T + 4, "web-2", "budget needs 3 healthy,\x1b has 2"))
    text = note.as_text("d-1", story(*facts, until=T + 7200)[1], now=T + 60)
    assert text.splitlines() == [
        "drain of node1, run d-1: running, 1 of 6 steps done",
        "by oncall, because: disk",
        "began 2027-01-15T08:00:00Z, 1 min 00 s ago",
        "out: node1, until 2027-01-15T10:00:00Z (in 119 min)",
        "web-2 waits, since 2027-01-15T08:00:04Z: budget needs 3 healthy,\ufffd has 2",
        "no estimate: no step of this kind has ended yet",
        "next: watch it: pilothouse runs follow d-1",
    ]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ((Asked(T, "cordon", "?"),), "next: answer: pilothouse runs answer d-1 cordon retry|skip|undo|stop"),
        ((Paused(T, "anna"),), "next: continue it: pilothouse runs continue d-1"),
        ((Finished(T + 9, End.DONE),), "next: when the work on it is done: pilothouse rejoin node1 --reason TEXT"),
        ((Finished(T + 9, End.STOPPED),), "next: it was stopped half-way: look at node1, then plan again"),
        ((Finished(T + 9, End.ABORTED),), "out: nothing, it was put back"),
        ((Asked(T, "cordon", "?"), Answered(T + 1, "cordon", Choice.SKIP, "anna", "x")), "skipped: cordon"),
        ((), "nobody announced until when"),
    ],
)
def test_the_note_names_the_next_step(facts: tuple[Fact, ...], words: str) -> None:
    assert words in note.as_text("d-1", story(*facts)[1], now=T + 60)


def test_an_announced_time_that_is_over_is_said() -> None:
    assert until_words(T, T + 600) == "until 2027-01-15T08:00:00Z (over by 10 min)"
