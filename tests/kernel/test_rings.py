"""Quorums as pictures: the ring, the words under it, and what may still be lost."""

from __future__ import annotations

import pytest

from console.model import Tone
from console.plugin import Cell, Section
from console.rings import DRAWN, LISTED, Seat, Stand, may_go, ring, spare_tone
from screens.glyphs import ASCII, UNICODE, Glyphs
from screens.paint import Paint
from themes import DEFAULT, LOOKS

FIVE = [
    Seat("zk-0", Stand.SERVES, "follower"),
    Seat("zk-1", Stand.LEADS, "leader"),
    Seat("zk-2", Stand.LATE, "follower, 2000 behind"),
    Seat("zk-3", Stand.AWAY, "not serving"),
    Seat("zk-4", Stand.UNKNOWN, "UNKNOWN"),
    Seat("zk-5", Stand.SERVES, "observer", votes=False),
]
SAID = Cell("5 voters, quorum 3, 3 in sync: none may go", Tone.WARN)
PICTURE = """\
ring
 quorum  ▲ 5 voters, quorum 3, 3 in sync: none may go
         ╭─●─◆─▲─╮
         ╰──?─✗──╯
 zk-0    ● follower
 zk-1    ◆ leader
 zk-2    ▲ follower, 2000 behind
 zk-3    ✗ not serving
 zk-4    ✗ UNKNOWN
 zk-5    ● observer"""
PLAIN = """\
ring
 quorum  ! 5 voters, quorum 3, 3 in sync: none may go
         .-+-*-!-.
         `--?-X--'
 zk-0    + follower
 zk-1    * leader
 zk-2    ! follower, 2000 behind
 zk-3    X not serving
 zk-4    X UNKNOWN
 zk-5    + observer"""


@pytest.mark.parametrize(("glyphs", "picture"), [(UNICODE, PICTURE), (ASCII, PLAIN)])
def test_five_and_an_observer(glyphs: Glyphs, picture: str) -> None:
    drawn = Paint(LOOKS[DEFAULT], glyphs).sections([ring(SAID, FIVE)], 60).plain
    assert "\n".join(line.rstrip() for line in drawn.splitlines()) == picture


def test_the_signs_of_the_ring_are_those_of_the_lines() -> None:
    for stand in (Stand.SERVES, Stand.LATE, Stand.AWAY, Stand.LEADS):
        sign, tone = stand.value
        assert sign == UNICODE.of(tone)


def rows(section: Section) -> list[str]:
    return [cell.text for label, cell in section.lines if not label]


@pytest.mark.parametrize(
    ("voters", "picture"),
    [
        (0, []),
        (1, []),
        (2, ["╭─●─╮", "╰─●─╯"]),
        (3, ["╭─●─●─╮", "╰──●──╯"]),
        (4, ["╭─●─●─╮", "╰─●─●─╯"]),
        (7, ["╭─●─●─●─●─╮", "╰──●─●─●──╯"]),
        (DRAWN + 1, []),
    ],
)
def test_any_number_of_voters(voters: int, picture: list[str]) -> None:
    assert rows(ring(SAID, [Seat(str(n), Stand.SERVES, "in sync") for n in range(voters)])) == picture


def test_many_without_a_vote_are_counted_and_the_worst_come_first() -> None:
    seats = [Seat(str(n), Stand.SERVES, "observer", votes=False) for n in range(LISTED + 5)]
    seats.append(Seat("late", Stand.LATE, "observer, 9 s behind", votes=False))
    lines = ring(SAID, seats).lines
    assert lines[1][0] == "late"
    assert lines[-1] == ("", Cell("and 6 more without a vote", Tone.MUTED))
    assert len(lines) == 1 + LISTED + 1


def test_what_may_be_lost() -> None:
    assert [may_go(spare) for spare in (-2, -1, 0, 1, 3)] == [
        "there is no quorum",
        "there is no quorum",
        "none may go",
        "one may go",
        "3 may go",
    ]
    assert [spare_tone(spare) for spare in (-1, 0, 1)] == [Tone.BAD, Tone.WARN, Tone.OK]
