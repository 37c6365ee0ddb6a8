"""The members that vote on something, drawn as a ring: who leads, who is in sync, who lags, who is away or unknown.

Pure. Owns the picture and the words of what may still be lost; what counts as in sync, and how many are needed, each
system decides. A sign is the glyph of its tone, so that the ring reads like the lines under it, also without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from console.model import Tone
from console.plugin import Cell, Section

DRAWN, LISTED = 15, 12
"""Voters beyond which no ring is drawn, and members without a vote beyond which they are counted."""


class Stand(Enum):
    """How one member stands: the sign in the ring, and the tone of its line."""

    LEADS = ("◆", Tone.ACCENT)
    SERVES = ("●", Tone.OK)
    LATE = ("▲", Tone.WARN)
    AWAY = ("✗", Tone.BAD)
    UNKNOWN = ("?", Tone.BAD)


class Seat(Struct, frozen=True):
    """One member: its name, how it stands, and that in words (`follower, 20 behind`)."""

    name: str
    stand: Stand
    words: str
    votes: bool = True


def ring(said: Cell, seats: Sequence[Seat], *, title: str = "ring") -> Section:
    """What is said of them together (`3 voters, quorum 2, 3 in sync: one may go`), the ring, and each in words.

    Clockwise as they are given, from the upper left; who has no vote is listed alone, the worst first.
    """
    voters = [seat for seat in seats if seat.votes]
    others = sorted((seat for seat in seats if not seat.votes), key=lambda seat: seat.stand is Stand.SERVES)
    drawn = [("", Cell(line)) for line in _drawn([seat.stand.value[0] for seat in voters])]
    lines = [("quorum", said), *drawn, *(_line(seat) for seat in (*voters, *others[:LISTED]))]
    if len(others) > LISTED:
        lines.append(("", Cell(f"and {len(others) - LISTED} more without a vote", Tone.MUTED)))
    return Section(title, tuple(lines))


def may_go(spare: int) -> str:
    """How many more may be lost, in words; below 0 there is no quorum."""
    if spare < 0:
        return "there is no quorum"
    return {0: "none may go", 1: "one may go"}.get(spare, f"{spare} may go")


def spare_tone(spare: int) -> Tone:
    """Good where one may go, bad without a quorum."""
    return Tone.OK if spare > 0 else Tone.BAD if spare < 0 else Tone.WARN


def _drawn(signs: Sequence[str]) -> list[str]:
    """Two halves of a ring; nothing where one is alone, or where they are too many to look at."""
    if not 1 < len(signs) <= DRAWN:
        return []
    half = (len(signs) + 1) // 2
    wide = 2 * half + 1
    return [
        f"╭{'─'.join(signs[:half]).center(wide, '─')}╮",
        f"╰{'─'.join(reversed(signs[half:])).center(wide, '─')}╯",
    ]


def _line(seat: Seat) -> tuple[str, Cell]:
    """A leader's tone has no glyph in a detail panel, so its sign is in the text."""
    sign, tone = seat.stand.value
    return seat.name, Cell(f"{sign} {seat.words}" if tone is Tone.ACCENT else seat.words, tone)
