"""The journal: written form, fencing, lost answers, what may be appended from outside, compaction, the mirror."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from console.errors import BadAnswer, Conflict, Refused
from console.workflow import journal as journals
from console.workflow.codec import Entry, decode, encode, header
from console.workflow.compaction import compact
from console.workflow.events import (
    Aborted,
    Answered,
    Asked,
    Choice,
    Claimed,
    Continued,
    End,
    Fact,
    Finished,
    Intent,
    Paused,
    Planned,
    StepDone,
    Waiting,
)
from console.workflow.journal import LIMIT, Fenced, Journal, append, create, text_of
from console.workflow.mirror import Mirror
from console.workflow.state import fold
from tests.kernel.workflow.memory import Journals, LoopClock, Network
from tests.kernel.workflow.strategies import SMALL, journal_of
from tests.kernel.workflow.test_machine import plans, seeds

pytestmark = pytest.mark.looptime


def numbered(facts: Sequence[Fact]) -> list[Entry]:
    return [Entry(number, 1, fact) for number, fact in enumerate(facts, start=1)]


async def opened(store: Journals, heard: list[Fact] | None = None) -> Journal:
    journal = Journal(store, "d-1", (heard if heard is not None else []).extend, clock=LoopClock())
    await journal.open()
    return journal


@given(plans(), seeds)
@settings(max_examples=60, deadline=None)
def test_a_journal_that_is_written_and_read_says_the_same(plan: Planned, seed: int) -> None:
    entries = numbered(journal_of(plan, seed))
    assert list(decode(text_of("d-1", entries))) == entries


@given(plans(), seeds)
@settings(max_examples=200, deadline=None)
def test_compaction_keeps_the_meaning(plan: Planned, seed: int) -> None:
    facts = journal_of(plan, seed)
    for length in range(1, len(facts) + 1, 3):
        entries = numbered(facts[:length])
        assert fold(entry.fact for entry in compact(entries)) == fold(facts[:length])


def test_compaction_drops_old_sentences_and_old_tries() -> None:
    noise: list[Fact] = [SMALL]
    for number in range(1000):
        noise += [Intent(float(number), "web-1", number + 1), Waiting(float(number), "web-1", f"needs 2, has {number}")]
    assert len(compact(numbered(noise))) <= 5


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", BadAnswer),
        ("hello", BadAnswer),
        ('{"run":"d-1"}', BadAnswer),
        ('{"schema":2,"run":"d-1"}\n{"fact":"unheard of"}', Refused),
        (header("d-1") + '\n{"fact":"waiting","n":1}', BadAnswer),
        (header("d-1") + '\n{"fact":"dreamt","n":1,"under":0}', BadAnswer),
        (header("d-1") + "\n[1]", BadAnswer),
        (header("d-1") + '\n{"fact":"paused","n":1,"under":0,"at":1.0', BadAnswer),
    ],
)
def test_what_is_not_a_journal_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        decode(text)


def test_a_line_is_one_json_object_that_scripts_can_read() -> None:
    line = json.loads(encode(Entry(7, 3, Waiting(1.0, "web-1", "needs 2, has 1"))))
    assert line == {"n": 7, "under": 3, "fact": "waiting", "at": 1.0, "step": "web-1", "reason": "needs 2, has 1"}


async def test_facts_are_heard_once_and_in_order_also_those_of_others() -> None:
    store, heard = Journals(), list[Fact]()
    await create(store, "d-1", SMALL)
    journal = await opened(store, heard)
    await journal.claim(1, "me")
    await append(store, "d-1", Paused(2.0, "anna"))
    await journal.write([Waiting(3.0, "web-1", "x"), Waiting(4.0, "web-2", "y")])
    await append(store, "d-1", Continued(5.0, "anna"))
    await journal.look()
    assert [type(fact).__name__ for fact in heard] == ["Claimed", "Paused", "Waiting", "Waiting", "Continued"]
    assert [entry.number for entry in decode(store.runs["d-1"].text)] == [1, 2, 3, 4, 5, 6]


async def test_a_stale_fencing_number_writes_nothing() -> None:
    store = Journals()
    await create(store, "d-1", SMALL)
    old, new = await opened(store), await opened(store)
    await old.claim(1, "old")
    await new.open()
    await new.claim(2, "new")
    before = store.runs["d-1"]
    with pytest.raises(Fenced):
        await old.write([Intent(1.0, "web-1")])
    assert store.runs["d-1"] == before


async def test_a_claim_must_be_newer() -> None:
    store = Journals()
    await create(store, "d-1", SMALL)
    journal = await opened(store)
    await journal.claim(3, "me")
    with pytest.raises(Fenced):
        await (await opened(store)).claim(3, "you")


async def test_two_runs_cannot_have_one_name() -> None:
    store = Journals()
    await create(store, "d-1", SMALL)
    with pytest.raises(Conflict):
        await create(store, "d-1", SMALL)


async def test_a_write_whose_answer_was_lost_is_not_written_twice() -> None:
    network, heard = Network(), list[Fact]()
    store = Journals(network)
    await create(store, "d-1", SMALL)
    journal = await opened(store, heard)
    await journal.claim(1, "me")
    network.lose_answer_of.add(network.calls + 1)
    await journal.write([Intent(1.0, "web-1")])
    intents = [entry for entry in decode(store.runs["d-1"].text) if isinstance(entry.fact, Intent)]
    assert len(intents) == 1
    assert sum(isinstance(fact, Intent) for fact in heard) == 1


async def test_a_lost_answer_and_a_colleague_at_once() -> None:
    network, heard = Network(), list[Fact]()
    store = Journals(network)
    await create(store, "d-1", SMALL)
    journal = await opened(store, heard)
    await journal.claim(1, "me")
    await append(store, "d-1", Paused(2.0, "anna"))
    network.lose_answer_of.add(network.calls + 3)  # conflict, read, write
    await journal.write([Intent(1.0, "web-1")])
    assert [type(fact).__name__ for fact in heard] == ["Claimed", "Paused", "Intent"]


async def test_while_the_store_is_away_a_write_waits_and_says_why() -> None:
    network = Network()
    store = Journals(network)
    await create(store, "d-1", SMALL)
    journal = await opened(store)
    await journal.claim(1, "me")
    network.down = True
    writing = asyncio.create_task(journal.write([StepDone(1.0, "cordon", "x")]))
    await asyncio.sleep(60)
    assert "does not answer" in journal.stalled
    network.down = False
    await writing
    assert journal.stalled == ""
    assert fold(entry.fact for entry in decode(store.runs["d-1"].text)).finished == 1


@pytest.mark.parametrize(
    ("before", "fact", "words"),
    [
        ([], Answered(9.0, "web-1", Choice.RETRY, "anna"), "asks nothing"),
        ([Asked(2.0, "web-1", "how?")], Answered(9.0, "web-1", Choice.SKIP, "anna", " "), "needs a reason"),
        ([Paused(2.0, "bob")], Paused(9.0, "anna"), "paused by bob"),
        ([], Continued(9.0, "anna"), "not paused"),
        ([Aborted(2.0, "bob")], Aborted(9.0, "anna"), "aborted by bob"),
        ([Finished(2.0, End.DONE)], Aborted(9.0, "anna"), "has ended"),
        ([], Claimed(9.0, 7, "thief"), "only answers"),
    ],
)
async def test_what_makes_no_sense_is_not_appended(before: list[Fact], fact: Fact, words: str) -> None:
    store = Journals()
    await create(store, "d-1", SMALL)
    store.runs["d-1"] = type(store.runs["d-1"])("d-1", text_of("d-1", numbered([SMALL, *before])), "1")
    with pytest.raises(Refused, match=words):
        await append(store, "d-1", fact)


async def test_a_journal_stays_under_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "LIMIT", 20_000)
    store = Journals()
    await create(store, "d-1", SMALL)
    journal = await opened(store)
    await journal.claim(1, "me")
    for number in range(400):
        await journal.write([Intent(float(number), "web-1", number + 1), Waiting(float(number), "web-1", "x" * 100)])
        assert len(store.runs["d-1"].text) <= 20_000
    assert fold(entry.fact for entry in decode(store.runs["d-1"].text)).steps["web-1"].attempt == 400
    assert LIMIT < 1024 * 1024


async def test_a_journal_that_cannot_be_made_small_enough_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "LIMIT", 500)
    with pytest.raises(Refused, match="would take"):
        await create(Journals(), "d-1", SMALL)


async def test_the_mirror_is_private_and_holds_the_newest(tmp_path: Path) -> None:
    store = Journals()
    await create(store, "d-1", SMALL)
    mirror = Mirror(tmp_path / "runs", "d-1")
    journal = Journal(store, "d-1", lambda _facts: None, clock=LoopClock(), mirror=mirror)
    await journal.open()
    await journal.claim(1, "me")
    await mirror.aclose()
    assert mirror.path.read_text() == store.runs["d-1"].text
    assert mirror.path.stat().st_mode & 0o777 == 0o600


async def test_a_mirror_that_cannot_be_written_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file, not a folder")
    mirror = Mirror(tmp_path / "runs", "d-1")
    mirror.offer("x")
    await mirror.aclose()
    assert "runs" in mirror.error
