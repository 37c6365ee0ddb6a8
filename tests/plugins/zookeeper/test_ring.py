"""The ring as a picture: who serves, who does not, who is not known, and how far each is behind."""

from __future__ import annotations

import pytest

from console.model import Tone
from plugins.zookeeper.model.rows import MEMBERS, RINGS, Member, Seat, ring
from plugins.zookeeper.model.words import Said
from plugins.zookeeper.panes import PANE
from tests.plugins.zookeeper.parts import Rows

LEADER = Said(mode="leader", zxid=(2 << 32) + 900, voters=5, synced=3, synced_without_vote=0)
FOLLOWER = Said(mode="follower", zxid=(2 << 32) + 880)


def member(number: int, said: Said | None, *, votes: bool = True, behind: int | None = None) -> Member:
    seat = Seat(f"zk-{number}", f"10.0.0.{number}", 2181)
    return Member(seat, number, votes, said, "" if said else "no answer", behind=behind)


FIVE = [
    member(0, FOLLOWER, behind=0),
    member(1, LEADER, behind=0),
    member(2, FOLLOWER, behind=20),
    member(3, Said(serving=False)),
    member(4, None),
    member(5, Said(mode="observer", zxid=(2 << 32) + 1), votes=False, behind=899),
]
PICTURE = """\
quorum  5 voters, quorum 3, 3 serving, 1 unknown: none may go
  ╭─●─◆─●─╮
  ╰──?─✗──╯
zk-0  follower
zk-1  ◆ leader
zk-2  follower, 20 behind
zk-3  not serving
zk-4  UNKNOWN
zk-5  observer, 899 behind"""


@pytest.mark.parametrize("at", range(6))
def test_every_member_shows_the_whole_ring(at: int) -> None:
    facts = Rows({MEMBERS: FIVE, RINGS: [ring("zk", FIVE)]})
    section = PANE.describe(FIVE[at], facts)[0]
    assert section.title == "ring"
    assert "\n".join(f"{name}  {cell.text}" for name, cell in section.lines) == PICTURE
    tones = [cell.tone for _, cell in section.lines[3:]]
    assert tones == [Tone.OK, Tone.ACCENT, Tone.OK, Tone.BAD, Tone.BAD, Tone.OK]
