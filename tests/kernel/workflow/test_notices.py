"""People are told once of each thing: a question, a stall, an end; and of nothing that was over before they looked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.model import NodeName
from console.plugin import Target
from console.workflow.events import Answered, Asked, Choice, Claimed, End, Fact, Finished, Intent, Paused, Planned
from console.workflow.notices import Look, Notices, look
from console.workflow.state import fold
from console.workflow.steps import Phase, Step

T = 1_800_000_000.0
RUNNING = Look("d-1", "drain node1", "running", "web-1: needs 3 healthy, has 2", T)


def heard(notices: Notices, seen: Look, now: float = T) -> list[str]:
    return [notice.line for notice in notices.heard(seen, now)]


def test_an_end_is_told_once_and_only_when_the_run_was_seen_before() -> None:
    notices = Notices(600)
    done = replace(RUNNING, status="done", waits="")
    assert heard(notices, done) == []
    assert heard(notices, RUNNING) == []
    assert heard(notices, done) == ["run d-1 (drain node1) ended: done"]
    assert heard(notices, done) == []


def test_the_end_of_a_run_that_was_expected_is_told_however_soon_it_comes() -> None:
    notices = Notices(600)
    notices.expect("d-1")
    assert heard(notices, replace(RUNNING, status="aborted")) == ["run d-1 (drain node1) ended: aborted"]


def test_a_question_is_told_once_until_it_is_asked_again() -> None:
    notices = Notices(600)
    asks = replace(RUNNING, status="asks", waits="web-1: two budgets")
    assert heard(notices, asks) == ["run d-1 (drain node1) asks: web-1: two budgets"]
    assert heard(notices, replace(asks, progressed=T + 5)) == []
    assert heard(notices, replace(asks, retried=T + 9)) == ["run d-1 (drain node1) asks: web-1: two budgets"]


def test_a_stall_is_told_once_and_again_after_progress() -> None:
    notices = Notices(600)
    assert heard(notices, RUNNING, T + 600) == []
    told = heard(notices, RUNNING, T + 700)
    assert told == ["run d-1 (drain node1) has come no further for 11 min: web-1: needs 3 healthy, has 2"]
    assert heard(notices, RUNNING, T + 9000) == []
    assert len(heard(notices, replace(RUNNING, progressed=T + 9000), T + 9700)) == 1


@pytest.mark.parametrize("status", ["paused", "asks"])
def test_what_a_person_holds_does_not_stall(status: str) -> None:
    notices = Notices(600)
    heard(notices, replace(RUNNING, status=status))
    assert heard(notices, replace(RUNNING, status=status), T + 9000) == []


def test_no_stall_is_told_where_none_is_wanted() -> None:
    assert heard(Notices(0), RUNNING, T + 90000) == []


def test_the_key_is_the_same_for_everybody_who_sees_the_same() -> None:
    asks = replace(RUNNING, status="asks")
    one, two = Notices(600).heard(asks, T), Notices(60).heard(asks, T + 1)
    assert one[0].key == two[0].key


def test_a_state_as_a_look() -> None:
    step = Step("move", "move web-1", "toy", "one", "toy", Phase.EVICT)
    plan = Planned(T, Target("drain", (NodeName("node1"),)), (step,))
    facts: list[Fact] = [plan, Claimed(T, 1, "pid 7"), Intent(T + 5, "move"), Asked(T + 9, "move", "what now?")]
    assert look("d-1", fold(facts)) == Look("d-1", "drain node1", "asks", "move web-1: what now?", T + 5)
    facts += [Answered(T + 20, "move", Choice.RETRY, "anna"), Asked(T + 30, "move", "what now?")]
    assert look("d-1", fold(facts)).retried == T + 20
    assert look("d-1", fold([plan, Paused(T, "anna")])).status == "paused"
    assert look("d-1", fold([plan, Finished(T, End.STOPPED)])).status == "stopped"
