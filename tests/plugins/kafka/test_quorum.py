"""The metadata quorum as a ring: who is in sync, who lags, who is silent, who is not known, and what may be lost."""

from __future__ import annotations

import pytest

from console.model import Tone
from plugins.kafka.model.rows import Voter
from plugins.kafka.panes.quorum import quorum

LEADER = Voter(1, "leader", end=900, behind=0.0, fetched=1000.0)
WELL = Voter(0, "voter", end=890, lag=10, behind=0.2, fetched=999.8)
LATE = Voter(2, "voter", end=500, lag=1400, behind=5.0, fetched=999.9)
GONE = Voter(3, "voter", end=100, lag=800, behind=60.0, fetched=940.0)
OLD = Voter(4, "voter", end=900)
OBSERVER = Voter(9, "observer", end=1, lag=899, behind=99.0, fetched=999.9)
PICTURE = """\
quorum  5 voters, quorum 3, 2 in sync, 1 unknown: how late the others are is not known, so none may go
  ╭─●─◆─▲─╮
  ╰──?─✗──╯
0  in sync, 10 records behind
1  ◆ leader
2  lags 5.0 s, 1,400 records behind
3  away: no fetch for 1 min, 800 records behind
4  UNKNOWN: this version does not say how late it is
9  observer, lags 99.0 s, 899 records behind"""


def test_every_stand() -> None:
    section = quorum([OBSERVER, OLD, GONE, LATE, LEADER, WELL])
    assert "\n".join(f"{name}  {cell.text}" for name, cell in section.lines) == PICTURE


@pytest.mark.parametrize(
    ("rows", "said", "tone"),
    [
        ([WELL, LEADER, LATE], "3 voters, quorum 2, 2 in sync: none may go", Tone.WARN),
        ([WELL, LEADER, WELL], "3 voters, quorum 2, 3 in sync: one may go", Tone.OK),
        ([LEADER, LATE, GONE], "3 voters, quorum 2, 1 in sync: there is no quorum", Tone.BAD),
        ([WELL, WELL, WELL], "3 voters, quorum 2, 3 in sync: no leader is seen, so none may go", Tone.WARN),
        ([LEADER], "1 voter, quorum 1, 1 in sync: none may go", Tone.WARN),
        ([LEADER, OBSERVER], "1 voter, quorum 1, 1 in sync: none may go", Tone.WARN),
    ],
)
def test_what_may_be_lost(rows: list[Voter], said: str, tone: Tone) -> None:
    _, cell = quorum(rows).lines[0]
    assert (cell.text, cell.tone) == (said, tone)
