"""The report says what the journals say, and "all as before" only where both sides were seen."""

from __future__ import annotations

import pytest

from console.model import NodeName
from console.plugin import Target
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
    Paused,
    Planned,
    Sent,
    StepDone,
    Waiting,
)
from console.workflow.proof import Comparison, Seen, Snap, compared, seen
from console.workflow.report import as_markdown, waits
from console.workflow.steps import Phase, Step
from tests.values import replace

T = 1_800_000_000.0
BEFORE = {"set kafka/my-cluster": "3/3 ready", "budget kafka/my-cluster": "allows 1"}


def planned(kind: str = "drain", *, at: float = T, nodes: tuple[str, ...] = ("node1",), **more: object) -> Planned:
    steps = tuple(Step(name, name, "toy", "one", "toy", Phase.EVICT) for name in ("cordon", "kafka-1"))
    target = Target(kind, tuple(NodeName(node) for node in nodes))
    made = Planned(at, target, steps, author="oncall (admin)", reason="disk", version="0.1.0", proof=BEFORE)
    return replace(made, **more)  # pyright: ignore[reportArgumentType]


def entries(*facts: Fact) -> list[Entry]:
    return [Entry(number, 1, fact) for number, fact in enumerate(facts, start=1)]


def run(name: str, plan: Planned, end: End | None = None, **proof: str) -> Seen:
    last = Finished(plan.at + 100, end, {**BEFORE, **proof}) if end is not None else None
    return Seen(name, plan, last)


STORY = entries(
    planned(verdict=("SAFE room: enough",)),
    Claimed(T + 1, 3, "oncall@k8s-master1 run d-1 pid 7"),
    Waiting(T + 2, "", "node node1 is held by another"),
    Intent(T + 10, "cordon"),
    StepDone(T + 11, "cordon", "was: schedulable"),
    Intent(T + 12, "kafka-1"),
    Waiting(T + 14, "kafka-1", "needs 3 healthy, has 2"),
    Waiting(T + 20, "kafka-1", "needs 3 healthy, has 1"),
    Paused(T + 22, "anna (admin)"),
    Asked(T + 30, "kafka-1", "what now?"),
    Answered(T + 40, "kafka-1", Choice.SKIP, "anna (admin)", "it is | broken"),
    Finished(T + 50, End.DONE, BEFORE),
)


def test_waits_are_merged_over_their_numbers_and_end_when_something_else_is_heard() -> None:
    found = [(each.step, each.reason, each.since - T, each.until - T) for each in waits(STORY, T + 99)]
    assert found == [
        ("", "node node1 is held by another", 2, 10),
        ("kafka-1", "needs 3 healthy, has 1", 14, 30),
    ]


def test_a_wait_of_the_run_ends_with_an_empty_sentence() -> None:
    facts = (Waiting(T + 2, "", "node1 is held"), Waiting(T + 9, "", ""))
    found = waits(entries(planned(), *facts), T + 60)
    assert [(each.reason, each.until - T) for each in found] == [("node1 is held", 9)]


def test_a_wait_that_goes_on_ends_now() -> None:
    (open_,) = waits(entries(planned(), Waiting(T + 5, "cordon", "2 left")), T + 60)
    assert (open_.since, open_.until) == (T + 5, T + 60)


def test_the_report_says_who_what_when_evidence_waits_and_answers() -> None:
    text = as_markdown("d-1", STORY, Comparison(missing="node1 is not back yet"), now=T + 50)
    for words in (
        "# Drain of node1: done",
        "- by: oncall (admin)",
        "- reason: disk",
        "- ended: 2027-01-15T08:00:50Z, after 50.0 s",
        "- SAFE room: enough",
        "| cordon | done | was: schedulable | 2027-01-15T08:00:10Z | 1.0 s | 1 |",
        "| kafka-1 | **skipped** | skipped by anna (admin): it is \\| broken |",
        "| kafka-1 | needs 3 healthy, has 1 | 2027-01-15T08:00:14Z | 16.0 s |",
        "kafka-1 asked: what now?",
        "anna (admin) answered skip to kafka-1: it is \\| broken",
        "anna (admin) paused the run",
        "fencing 3: oncall@k8s-master1 run d-1 pid 7",
        "**not compared: node1 is not back yet.**",
    ):
        assert words in text, text
    assert "all as before" not in text


def test_what_a_cluster_says_is_not_read_as_markup() -> None:
    bad = entries(planned(reason="<img src=x>\x1b]52;c;eA==\x07 [x](y)"), Sent(T + 1, "cordon", "a\nb|c"))
    text = as_markdown("d-1", bad, Comparison(missing="x"), now=T + 2)
    assert "<img" not in text
    assert "\x1b" not in text
    assert "[x](" not in text
    assert "a b\\|c" in text


def test_a_rejoin_is_compared_with_the_drain_that_took_the_node_out() -> None:
    older = run("d-0", planned(at=T - 1000), End.DONE, other="1")
    drain = run("d-1", planned(), End.DONE)
    strange = run("d-2", planned(at=T + 10, nodes=("node2",)), End.DONE)
    back = run("r-1", planned("rejoin", at=T + 500, proof={"half": "way"}), End.DONE)
    found = compared(back, [older, drain, strange, back])
    assert (found.before, found.after) == (Snap("d-1", T, BEFORE), Snap("r-1", T + 600, BEFORE))
    assert found.sentence == "all as before: 2 of 2 the same"
    assert compared(drain, [older, drain, strange, back]) == found


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        ({**BEFORE, "budget kafka/my-cluster": "allows 0"}, "1 of 2 differ"),
        ({"set kafka/my-cluster": "3/3 ready"}, "1 of 2 differ"),
        ({**BEFORE, "set redis/my-redis": "3/3 ready"}, "1 of 3 differ"),
        ({}, "not compared: run r-1 could not take a snapshot at its end"),
    ],
)
def test_all_as_before_is_said_only_when_it_was_seen(after: dict[str, str], sentence: str) -> None:
    back = replace(run("r-1", planned("rejoin", at=T + 500)), end=Finished(T + 600, End.DONE, after))
    found = compared(back, [run("d-1", planned(), End.DONE)])
    assert found.sentence == sentence
    text = as_markdown("r-1", entries(back.plan), found, now=T + 600)
    assert "all as before" not in text
    assert ("**differs**" in text) == ("differ" in sentence)


def test_without_the_drain_or_before_the_end_nothing_is_compared() -> None:
    back = run("r-1", planned("rejoin", at=T + 500), End.DONE)
    assert compared(back, [back]).sentence == "not compared: no journal of the drain before it was found"
    drain = run("d-1", planned(), End.DONE)
    assert compared(drain, [drain]).sentence == "not compared: node1 is not back yet"
    assert compared(run("d-1", planned()), []).sentence == "not compared: the run has not ended"


def test_an_aborted_drain_is_compared_with_its_own_beginning() -> None:
    assert compared(run("d-1", planned(), End.ABORTED), []).sentence == "all as before: 2 of 2 the same"


def test_a_journal_without_a_plan_is_no_run() -> None:
    assert seen("d-1", entries(Paused(T, "anna"))) is None
