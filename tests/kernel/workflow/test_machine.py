"""The machine: order, crash safety, undo and progress, as tables and as properties over any order of events."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.plugin import Effect
from console.workflow.events import (
    Aborted,
    Act,
    ActSaid,
    Answered,
    Asked,
    Begun,
    Choice,
    Claimed,
    End,
    Fact,
    Finish,
    Guard,
    GuardSaid,
    Intent,
    MemoryRead,
    Paused,
    Planned,
    Record,
    Remember,
    Remembered,
    StepDone,
    Stumbled,
    Undo,
    Until,
    UntilSaid,
    Waiting,
)
from console.workflow.machine import Decision, decide
from console.workflow.state import Status, fold
from console.workflow.steps import Done, Go, Phase, Step, Stop, Wait
from tests.kernel.workflow.strategies import SMALL, World, journal_of, planned, step
from tests.values import replace


def live(plan: Planned, *facts: Fact) -> Decision:
    state = fold([plan, Claimed(1.0, 1, "me"), *facts])
    return decide(state, Begun(2.0, frozenset({"cordon", "a", "b"})))


def test_nothing_is_commanded_before_this_process_began() -> None:
    state, commands = decide(fold([SMALL]), Claimed(1.0, 1, "me"))
    assert commands == []
    assert decide(state, Begun(2.0))[1] == [Guard("cordon")]


def test_a_phase_begins_when_the_one_before_is_settled_and_after_is_kept_within_it() -> None:
    _, commands = live(SMALL, StepDone(2.0, "cordon", "it is"))
    assert commands == [Guard("web-1"), Guard("web-2"), Guard("kafka-0")]


def test_an_act_follows_guard_memory_and_a_written_intent() -> None:
    state, commands = live(planned(step("a")))
    state, commands = decide(state, GuardSaid(3.0, "a", Go()))
    assert commands == [Remember("a")]
    state, commands = decide(state, MemoryRead(3.0, "a", {"was": 1}))
    assert commands == [Record(Remembered(3.0, "a", {"was": 1})), Record(Intent(3.0, "a"))]
    state, commands = decide(state, Remembered(3.0, "a", {"was": 1}))
    assert commands == []
    state, commands = decide(state, Intent(3.0, "a"))
    assert commands == [Act("a")]
    state, commands = decide(state, ActSaid(4.0, "a", "taken"))
    assert Until("a") in commands
    state, commands = decide(state, UntilSaid(5.0, "a", Done("gone")))
    assert commands == [Record(StepDone(5.0, "a", "gone"))]
    state, commands = decide(state, StepDone(5.0, "a", "gone"))
    assert commands == [Finish(End.DONE)]


def test_memory_is_read_once_even_if_the_act_is_tried_again() -> None:
    state, _ = live(planned(step("a")), Remembered(2.0, "a", {"was": 1}), Intent(2.0, "a"))
    _, commands = decide(state, GuardSaid(3.0, "a", Go()))
    assert commands == [Record(Intent(3.0, "a", attempt=2))]


def test_a_guard_that_says_done_skips_the_act() -> None:
    state, _ = live(planned(step("a")))
    assert decide(state, GuardSaid(3.0, "a", Done("so")))[1] == [Record(StepDone(3.0, "a", "so"))]


def test_a_read_step_has_no_intent() -> None:
    state, _ = live(planned(step("a", effect=Effect.READ)))
    assert decide(state, GuardSaid(3.0, "a", Go()))[1] == [Until("a")]


def test_a_wait_is_written_when_its_sentence_is_new_and_not_more_often_than_every_five_seconds() -> None:
    state, _ = live(planned(step("a")))
    state, commands = decide(state, GuardSaid(3.0, "a", Wait("needs 2, has 1", 2.0)))
    assert commands == [Record(Waiting(3.0, "a", "needs 2, has 1")), Guard("a", after=2.0)]
    state, commands = decide(state, GuardSaid(5.0, "a", Wait("needs 2, has 1", 2.0)))
    assert commands == [Guard("a", after=2.0)]
    state, commands = decide(state, GuardSaid(6.0, "a", Wait("needs 2, has 0", 2.0)))
    assert commands == [Guard("a", after=2.0)]
    state, commands = decide(state, GuardSaid(9.0, "a", Wait("needs 2, has 0", 2.0)))
    assert commands[0] == Record(Waiting(9.0, "a", "needs 2, has 0"))


def test_a_temporary_failure_of_an_act_goes_back_to_the_guard_and_is_not_woken_by_facts() -> None:
    state, _ = live(planned(step("a")), Remembered(2.0, "a", {"was": 1}))
    state, _ = decide(state, GuardSaid(3.0, "a", Go()))
    state, _ = decide(state, Intent(3.0, "a"))
    _, commands = decide(state, Stumbled(4.0, "a", "budget needs 2, has 1", 5.0))
    assert commands == [Record(Waiting(4.0, "a", "budget needs 2, has 1")), Guard("a", after=5.0, wake=False)]


def test_a_permanent_failure_asks_and_the_others_go_on() -> None:
    state, _ = live(planned(step("a"), step("b")))
    state, commands = decide(state, Stumbled(4.0, "a", "KeyError: x"))
    asked = next(c.fact for c in commands if isinstance(c, Record) and isinstance(c.fact, Asked))
    state, _ = decide(state, asked)
    assert state.asked == ("a",)
    assert decide(state, GuardSaid(5.0, "b", Go()))[1] == [Remember("b")]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice.RETRY, [Guard("a")]),
        (Choice.SKIP, [Finish(End.DONE)]),
        (Choice.STOP, [Finish(End.STOPPED)]),
        (Choice.UNDO, [Finish(End.ABORTED)]),
    ],
)
def test_each_answer_has_its_consequence(choice: Choice, expected: list[object]) -> None:
    state, _ = live(planned(step("a")), Asked(2.0, "a", "how?"))
    assert decide(state, Answered(3.0, "a", choice, "anna", "because"))[1] == expected


def test_a_late_answer_changes_nothing() -> None:
    state, _ = live(planned(step("a")))
    for choice in (Choice.RETRY, Choice.UNDO, Choice.STOP):
        now, commands = decide(state, Answered(3.0, "a", choice, "anna", "because"))
        assert (now.steps["a"].status, now.stopped, now.aborted, commands) == (Status.TODO, "", "", [])
    done, _ = decide(state, StepDone(3.0, "a", "gone"))
    assert decide(done, Answered(4.0, "a", Choice.SKIP, "anna", "x"))[0].steps["a"].status is Status.DONE


def test_what_waits_can_be_skipped_and_the_next_one_goes() -> None:
    state, _ = live(planned(step("a"), step("b", after=("a",))), Waiting(2.0, "a", "budget needs 2, has 1"))
    state, commands = decide(state, Answered(3.0, "a", Choice.SKIP, "anna", "the budget is wrong"))
    assert commands == [Guard("b")]
    assert (state.steps["a"].status, state.steps["a"].skipped_because) == (Status.SKIPPED, "the budget is wrong")
    assert decide(state, GuardSaid(4.0, "a", Go()))[1] == []


def test_what_is_skipped_before_its_intent_is_written_is_not_sent() -> None:
    state, _ = live(planned(step("a"), step("b")), Remembered(2.0, "a", {"was": 1}))
    state, _ = decide(state, GuardSaid(3.0, "a", Go()))
    state, _ = decide(state, Answered(3.0, "a", Choice.SKIP, "anna", "not this one"))
    state, commands = decide(state, Intent(3.0, "a"))
    assert commands == []
    assert (state.steps["a"].status, state.order) == (Status.SKIPPED, ())


def test_what_is_skipped_while_its_request_is_on_its_way_stays_skipped_and_what_came_of_it_is_written() -> None:
    state, _ = live(planned(step("a"), step("b")), Remembered(2.0, "a", {"was": 1}))
    state, _ = decide(state, GuardSaid(3.0, "a", Go()))
    state, commands = decide(state, Intent(3.0, "a"))
    assert commands == [Act("a")]
    state, _ = decide(state, Answered(3.0, "a", Choice.SKIP, "anna", "not this one"))
    state, commands = decide(state, ActSaid(4.0, "a", "evicted"))
    sent = commands[0]
    assert isinstance(sent, Record)
    state, commands = decide(state, sent.fact)
    assert commands == []
    assert (state.steps["a"].status, state.steps["a"].evidence) == (Status.SKIPPED, "evicted")


def test_an_abort_can_no_longer_be_answered_by_a_skip() -> None:
    state, _ = live(planned(step("a")), Waiting(2.0, "a", "later"), Aborted(2.0, "anna"))
    assert not state.may_skip("a")


def test_time_out_becomes_a_question() -> None:
    timed = planned(replace(step("a"), timeout=60.0))
    state, _ = live(timed, Waiting(2.0, "a", "later"))
    _, commands = decide(state, GuardSaid(63.0, "a", Wait("still later", 1.0)))
    assert isinstance(commands[0], Record)
    assert isinstance(commands[0].fact, Asked)
    assert "not done after 61 s" in commands[0].fact.question


def test_steps_of_one_kind_share_their_time_and_a_retry_gives_it_anew() -> None:
    timed = planned(*(replace(step(name), timeout=60.0) for name in ("a", "b")))
    state, _ = live(timed, Waiting(2.0, "a", "later"), Waiting(50.0, "b", "later"))
    state, commands = decide(state, GuardSaid(63.0, "b", Wait("still later", 1.0)))
    asked = commands[0]
    assert isinstance(asked, Record)
    assert isinstance(asked.fact, Asked)
    state, _ = decide(state, asked.fact)
    state, commands = decide(state, Answered(70.0, "b", Choice.RETRY, "anna"))
    assert commands == [Guard("b")]
    _, commands = decide(state, GuardSaid(129.0, "b", Wait("and later", 1.0)))
    assert commands == [Record(Waiting(129.0, "b", "and later")), Guard("b", after=1.0)]


def test_a_new_reason_is_written_at_once_where_its_words_differ() -> None:
    state, _ = live(planned(step("a")))
    state, _ = decide(state, GuardSaid(3.0, "a", Wait("web-2 goes first", 2.0)))
    state, commands = decide(state, GuardSaid(4.5, "a", Wait("budget needs 2, has 1", 2.0)))
    assert commands[0] == Record(Waiting(4.5, "a", "budget needs 2, has 1"))
    assert decide(state, GuardSaid(5.0, "a", Wait("later", 2.0)))[1] == [Guard("a", after=2.0)]


def test_what_is_watched_is_looked_at_when_it_changes() -> None:
    state, _ = live(planned(step("a")), Remembered(2.0, "a", {"was": 1}))
    state, _ = decide(state, GuardSaid(3.0, "a", Go()))
    state, _ = decide(state, Intent(3.0, "a"))
    assert decide(state, Stumbled(4.0, "a", "budget", 5.0, wake=True))[1][1] == Guard("a", after=5.0, wake=True)


def test_an_abort_undoes_in_reverse_what_may_have_been_sent_one_at_a_time() -> None:
    plan = planned(step("a", Phase.CORDON), step("b", Phase.QUIESCE), step("c"))
    state, _ = live(plan, Intent(2.0, "a"), StepDone(2.0, "a", "x"), Intent(2.5, "b"))
    state, commands = decide(state, Aborted(3.0, "anna"))
    assert commands == [Record(Intent(3.0, "b", 1, undo=True))]
    state, commands = decide(state, Intent(3.0, "b", 1, undo=True))
    assert commands == [Undo("b")]
    state, commands = decide(state, ActSaid(4.0, "b", "put back"))
    assert isinstance(commands[0], Record)
    state, commands = decide(state, commands[0].fact)
    assert commands == [Record(Intent(4.0, "a", 1, undo=True))]


def test_an_abort_that_reached_the_journal_before_an_intent_stops_its_act() -> None:
    state, _ = live(planned(step("a")), Remembered(2.0, "a", {"was": 1}))
    state, _ = decide(state, GuardSaid(3.0, "a", Go()))
    state, _ = decide(state, Aborted(3.0, "anna"))
    state, commands = decide(state, Intent(3.0, "a"))
    assert Act("a") not in commands


def test_a_destroying_step_is_not_undone() -> None:
    state, _ = live(planned(step("a", effect=Effect.DESTROY)), Intent(2.0, "a"))
    assert decide(state, Aborted(3.0, "anna"))[1] == [Finish(End.ABORTED)]


def test_a_pause_lets_no_act_go_and_what_was_sent_is_still_watched() -> None:
    state, _ = live(planned(step("a"), step("b")), Remembered(2.0, "a", {"was": 1}))
    state, _ = decide(state, GuardSaid(3.0, "a", Go()))
    state, _ = decide(state, Intent(3.0, "a"))
    state, _ = decide(state, Paused(3.0, "anna"))
    state, commands = decide(state, ActSaid(4.0, "a", "taken"))
    assert Until("a") in commands
    state, commands = decide(state, GuardSaid(4.0, "b", Go()))
    assert commands == []


# ---------------------------------------------------------------------------------------------------------- properties

seeds = st.integers(0, 2**32 - 1)


@st.composite
def plans(draw: st.DrawFn) -> Planned:
    names = [f"s{number}" for number in range(draw(st.integers(1, 7)))]
    steps: list[Step] = []
    for number, name in enumerate(names):
        phase = draw(st.sampled_from([Phase.CORDON, Phase.EVICT, Phase.VERIFY]))
        before = [each.id for each in steps if each.phase <= phase]
        after = tuple(draw(st.lists(st.sampled_from(before), unique=True, max_size=2))) if before and number else ()
        effect = draw(st.sampled_from([Effect.READ, Effect.CHANGE, Effect.CHANGE, Effect.DESTROY]))
        steps.append(step(name, phase, after=after, effect=effect))
    return planned(*steps)


@given(plans(), seeds)
@settings(max_examples=150, deadline=None)
def test_a_kind_world_is_finished_with_every_act_sent_once(plan: Planned, seed: int) -> None:
    world = World(seed, moody=False)
    world.start(plan)
    assert world.run()
    assert world.state.end is End.DONE
    assert sorted(world.acts) == sorted(each.id for each in plan.steps if each.effect is not Effect.READ)


@given(plans(), seeds)
@settings(max_examples=200, deadline=None)
def test_any_world_is_finished_and_no_act_is_without_guard_intent_and_order(plan: Planned, seed: int) -> None:
    world = World(seed)
    world.effects.update(each.id for each in plan.steps if each.effect is Effect.READ)
    world.start(plan)
    assert world.run(), world.state
    assert world.breaches == []


@given(plans(), seeds, st.data())
@settings(max_examples=300, deadline=None)
def test_after_a_crash_at_any_fact_no_act_is_without_a_fresh_guard(
    plan: Planned, seed: int, data: st.DataObject
) -> None:
    journal = journal_of(plan, seed)
    world = World(seed + 1)
    world.journal = list(journal[: data.draw(st.integers(1, len(journal)), label="facts that were written")])
    world.effects.update(each.id for each in plan.steps)
    ended = fold(world.journal).end is not None
    if not ended:
        world.start(plan, fencing=2)
        assert world.run()
    assert world.breaches == []


@given(plans(), seeds)
@settings(max_examples=100, deadline=None)
def test_undo_goes_backwards_over_what_was_begun(plan: Planned, seed: int) -> None:
    world = World(seed)
    world.effects.update(each.id for each in plan.steps)
    world.start(plan)
    world.run()
    order = [name for name in world.state.order if name in world.undos]
    assert list(dict.fromkeys(world.undos)) == list(reversed(order))


@given(plans(), seeds)
@settings(max_examples=100, deadline=None)
def test_fold_of_the_journal_is_the_state_without_what_only_the_process_knew(plan: Planned, seed: int) -> None:
    world = World(seed)
    world.start(plan)
    world.run()
    folded = fold(world.journal)
    assert (folded.end, folded.order, folded.fencing) == (world.state.end, world.state.order, world.state.fencing)
    assert {n: s.status for n, s in folded.steps.items()} == {n: s.status for n, s in world.state.steps.items()}
    assert not folded.live
    assert all(not each.busy for each in folded.steps.values())


def test_a_stop_becomes_a_question_with_its_evidence() -> None:
    state, _ = live(planned(step("a")))
    _, commands = decide(state, GuardSaid(3.0, "a", Stop("two budgets match", "web-a, web-b")))
    assert commands == [Record(Asked(3.0, "a", "two budgets match (web-a, web-b)"))]
