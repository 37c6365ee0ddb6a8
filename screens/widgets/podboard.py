"""The pods of a run (console.present) as lines: how many are where they shall be, and one line or a few for each. Pure.

The words of what somebody must read are not cut to one line.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from textual.content import Content

from console.format import age
from console.model import Tone
from console.present import AWAY, HELD, PodRow
from console.text import clean
from screens.paint import Paint, fit, shorten

_WRAPPED = 4
_ORDER = ("asks", "held", "left here", "terminating", "leaving", "asked to go", "here", "starting", "waits")
_SEVERAL = {"asks": "ask", "waits": "wait", "stays": "stay"}
_STATE, _SINCE, _BAR = 11, 6, 10


def progress_line(paint: Paint, found: Sequence[PodRow], *, back: bool) -> Content:
    """How many are where they shall be, of how many, and in which state the others are.

    A drain is about the pods that its steps name; for the way `back` all count that do not stay anyway.
    """
    ours = [row for row in found if row.state != "stays" and (back or row.mine)]
    there = {"back"} if back else AWAY
    done = sum(row.state in there for row in ours)
    states = Counter(row.state for row in found)
    words = [*_ORDER, *sorted(states.keys() - {*_ORDER, "gone", "back"})]
    rest = [f"{n} {word if n == 1 else _SEVERAL.get(word, word)}" for word in words if (n := states[word])]
    filled = _BAR * done // len(ours) if ours else _BAR
    bar = paint.glyphs.mark * filled + paint.glyphs.dash * (_BAR - filled)
    head = f"{done} of {len(ours)} {'back' if back else 'gone'}"
    return paint.line((head, "title"), (f" {bar}", "ok" if done == len(ours) else "busy"), f"  {', '.join(rest)}")


class Widths(Struct, frozen=True):
    """Cells of the columns whose width follows from what there is."""

    name: int
    why: int


def widths(found: Sequence[PodRow], cells: int) -> Widths:
    """The columns of this many rows in this many cells."""
    name = min(max((len(row.name) for row in found), default=3), max(12, cells * 2 // 5))
    return Widths(name, max(0, cells - name - _STATE - _SINCE - 6))


def head_line(paint: Paint, at: Widths) -> Content:
    """The titles of the columns."""
    head = f"  {fit('POD', at.name)} {fit('STATE', _STATE)} {fit('SINCE', _SINCE, align='right')}  WHY"
    return paint.line((head, "label"))


class Lines:
    """Rows as lines; a line whose row and age have not changed is not painted again."""

    def __init__(self) -> None:
        self._known: dict[tuple[PodRow, str], Content] = {}
        self._for: tuple[Paint, Widths] | None = None

    def of(self, paint: Paint, found: Sequence[PodRow], at: Widths, *, now: float) -> list[Content]:
        """One line a row, or a few where something holds it."""
        if self._for != (paint, at):
            self._known, self._for = {}, (paint, at)
        before, after = self._known, dict[tuple[PodRow, str], Content]()
        made: list[Content] = []
        for row in found:
            since = age(row.since, now) if row.since else ""
            line = before.get((row, since)) or _line(paint, row, since, at)
            after[row, since] = line
            made.append(line)
        self._known = after
        return made


def _line(paint: Paint, row: PodRow, since: str, at: Widths) -> Content:
    dots, tone = paint.glyphs.ellipsis, row.tone
    role = "plain" if tone is Tone.OK else tone.value
    text = clean(row.why)
    lines = (
        textwrap.wrap(text, at.why, max_lines=_WRAPPED, placeholder=dots, break_on_hyphens=False)
        if tone in HELD and at.why > 0
        else []
    )
    indent = "\n" + " " * (at.name + _STATE + _SINCE + 6)
    why = indent.join(lines) if len(lines) > 1 else fit(text, at.why, ellipsis=dots).rstrip()
    return paint.line(
        (f"{paint.glyphs.of(tone) or ' '} ", tone.value),
        (fit(shorten(clean(row.name), at.name, ellipsis=dots), at.name, ellipsis=dots), role),
        (f" {fit(row.state, _STATE, ellipsis=dots)} ", role),
        (fit(since, _SINCE, align="right"), "muted"),
        (f"  {why}", "muted" if tone is Tone.OK else role),
    )
