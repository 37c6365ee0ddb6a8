"""The pods of a run as rows: the journal's word and what is seen now, in an order that stays."""

from __future__ import annotations

import pytest

from console.model import Presence, Ref, Tone
from console.present import PodRow, rows
from console.workflow.progress import Pod
from screens.glyphs import glyphs_for
from screens.paint import Paint
from screens.widgets.podboard import Lines, progress_line, widths
from themes import DEFAULT, LOOKS

PAINT = Paint(LOOKS[DEFAULT], glyphs_for({}))


def told(name: str, state: str = "here", why: str = "") -> Pod:
    return Pod(name, "ns", state, 0.0, why, name)


def seen(name: str, state: str, text: str = "", tone: Tone = Tone.MUTED, space: str = "ns") -> Presence:
    return Presence(Ref("pod", name, space), state, text, tone)


@pytest.mark.parametrize(
    ("pod", "live", "state", "why"),
    [
        (told("a", "here", "after b"), None, "here", "after b"),
        (told("a", "here", "after b"), seen("a", "here", "moves"), "here", "after b"),
        (told("a", "here"), seen("a", "here", "moves"), "here", "moves"),
        (told("a", "here", "after b"), seen("a", "held", "needs 2 has 1", Tone.WARN), "held", "needs 2 has 1"),
        (told("a", "held", "the server asks for patience"), seen("a", "here", "moves"), "held", "the server asks"),
        (told("a", "asks", "two budgets"), seen("a", "here", "moves"), "asks", "two budgets"),
        (told("a", "leaving", "was asked"), seen("a", "terminating", "9 s left", Tone.BUSY), "terminating", "9 s left"),
        (told("a", "gone", "a is waiting"), seen("a", "waits", "waits for n1", Tone.WARN), "waits", "waits for n1"),
        (told("a", "gone", "b is on n2"), seen("a", "gone", "", Tone.OK), "gone", "b is on n2"),
        (told("a", "left here", "skipped"), seen("a", "here", "moves"), "left here", "skipped"),
    ],
)
def test_where_a_pod_is_comes_from_what_is_seen_and_what_the_runner_knows_is_kept(
    pod: Pod, live: Presence | None, state: str, why: str
) -> None:
    (row,) = rows([pod], [live] if live else [])
    assert row.state == state
    assert row.why.startswith(why)


def test_rows_keep_their_order_whatever_becomes_of_them() -> None:
    steps = [told("b"), told("a")]
    before = [seen("z", "stays"), seen("a", "here"), seen("b", "here"), seen("c", "stays", space="kube")]
    after = [seen("a", "gone", "", Tone.OK), seen("c", "stays", space="kube"), seen("z", "stays"), seen("d", "here")]
    assert [row.name for row in rows(steps, before)] == ["b", "a", "c", "z"]
    assert [row.name for row in rows(steps, after)] == ["b", "a", "c", "d", "z"]


def test_how_far_it_is_counts_what_a_drain_sends_away_and_what_a_rejoin_brings_back() -> None:
    found = rows(
        [told("a"), told("b"), told("c")],
        [
            seen("a", "gone", "", Tone.OK),
            seen("b", "waits", "", Tone.WARN),
            seen("c", "held", "", Tone.WARN),
            seen("s", "stays"),
        ],
    )
    line = progress_line(PAINT, found, back=False).plain
    assert line == "2 of 3 gone >>>>>>----  1 held, 1 waits, 1 stays"
    back = rows([], [seen("a", "back", "", Tone.OK), seen("b", "starting", "", Tone.BUSY), seen("s", "stays")])
    assert progress_line(PAINT, back, back=True).plain.startswith("1 of 2 back")


def test_what_holds_a_pod_is_told_in_full_under_itself_and_everything_else_on_one_line() -> None:
    text = "budget ns/zk needs 2 healthy, has 1, because zk-1 waits for node1"
    held = PodRow("zk-0", "ns", "held", Tone.WARN, 0.0, text)
    quiet = PodRow("web-1", "ns", "here", Tone.MUTED, 0.0, text)
    lines = [line.plain for line in Lines().of(PAINT, [held, quiet], widths([held, quiet], 50), now=0.0)]
    assert " ".join(" ".join(lines[0].split()).split()[3:]) == text
    assert all(len(part) <= 50 for line in lines for part in line.splitlines())
    assert "\n" not in lines[1]


def test_only_lines_that_changed_are_painted_again() -> None:
    painted = Lines()
    found = [PodRow(f"pod-{n}", "ns", "here", Tone.MUTED, 0.0, "moves") for n in range(250)]
    at = widths(found, 80)
    first = painted.of(PAINT, found, at, now=1.0)
    found[7] = PodRow("pod-7", "ns", "gone", Tone.OK, 0.0, "")
    second = painted.of(PAINT, found, at, now=2.0)
    assert [n for n in range(250) if first[n] is not second[n]] == [7]
