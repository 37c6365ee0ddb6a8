from __future__ import annotations

import pytest

from console.model import SourceState, Tone
from screens.titling import Facing, age_text, count_text, empty_lines, limits, state_cell
from tests.values import replace

NOW = 1_700_000_000.0
FACE = Facing(
    "pods", "pods", "kubernetes:lab", shown=7, total=7, state=SourceState.LIVE, complete=True, now=NOW, taken_at=NOW
)


@pytest.mark.parametrize(
    ("face", "tone", "words"),
    [
        (FACE, Tone.OK, "live"),
        (replace(FACE, state=SourceState.LOADING, total=0), Tone.BUSY, "loading"),
        (replace(FACE, state=SourceState.LOADING, total=1250), Tone.BUSY, "loading 1,250 rows"),
        (replace(FACE, complete=False, total=10), Tone.BUSY, "loading 10 rows"),
        (
            replace(FACE, state=SourceState.STALE, since=NOW - 600, error="connection refused", utc=True),
            Tone.WARN,
            "stale since 22:03:20Z: connection refused",
        ),
        (replace(FACE, state=SourceState.FORBIDDEN, error="needs list pods"), Tone.BAD, "forbidden: needs list pods"),
        (replace(FACE, paused_at=NOW, utc=True), Tone.BUSY, "paused since 22:13:20Z"),
    ],
)
def test_the_state_says_whether_rows_can_be_believed_and_since_when_not(face: Facing, tone: Tone, words: str) -> None:
    assert state_cell(face) == (words, tone)


def test_the_age_is_said_only_where_live_rows_are_old() -> None:
    assert age_text(FACE) == ""
    assert age_text(replace(FACE, taken_at=NOW - 59)) == ""
    assert age_text(replace(FACE, taken_at=NOW - 61)) == "1 min old"
    assert age_text(replace(FACE, taken_at=NOW - 600, state=SourceState.STALE)) == ""


def test_what_hides_rows_is_said() -> None:
    face = replace(FACE, shown=3, total=12_345, line="kafka", faults_only=True, scope={"namespace": "k", "node": "n1"})
    assert count_text(FACE) == "7"
    assert count_text(face) == "3 of 12,345"
    assert limits(face) == ["k", "node=n1", "/kafka", "faults only"]


@pytest.mark.parametrize(
    ("face", "sentence"),
    [
        (FACE, ""),
        (replace(FACE, shown=0, total=0), "There are no pods."),
        (replace(FACE, shown=0, line="x"), "None of 7 pods matches /x"),
        (replace(FACE, shown=0, faults_only=True), "None of 7 pods has a fault."),
        (replace(FACE, shown=0, scope={"namespace": "kafka"}), "None of 7 pods is in kafka."),
        (replace(FACE, shown=0, total=0, state=SourceState.LOADING), "Waiting for the first answer of kubernetes:lab."),
        (replace(FACE, shown=0, total=0, state=SourceState.STALE, error="no route"), "No answer yet: no route."),
        (
            replace(FACE, shown=0, total=0, state=SourceState.FORBIDDEN, error="needs list pods"),
            "You may not see pods: needs list pods.",
        ),
    ],
)
def test_where_there_are_no_rows_a_sentence_says_why(face: Facing, sentence: str) -> None:
    assert [cell.text for cell in empty_lines(face)][:1] == ([sentence] if sentence else [])


def test_a_source_that_has_nothing_to_list_says_why_in_full() -> None:
    face = replace(FACE, shown=0, total=0, note="this cluster has no authorizer: everybody may do everything")
    assert [cell.text for cell in empty_lines(face)] == [
        "There are no pods.",
        "This cluster has no authorizer: everybody may do everything.",
    ]
