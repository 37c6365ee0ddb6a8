"""The pods of a run as rows: what its journal says of each and what is seen of it now. Pure.

Rows keep their order while they change: first what the run's steps name, in the plan's order, then everything else on
the nodes by namespace and name. What somebody must answer comes from the journal; where a pod is, from what is seen.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from textual.content import Content

from console.format import age
from console.model import Presence, Tone
from console.text import clean
from console.workflow.progress import Pod
from screens.paint import Paint, fit, shorten

_JOURNAL = {
    "asks": Tone.BAD,
    "held": Tone.WARN,
    "left here": Tone.WARN,
    "asked to go": Tone.BUSY,
    "leaving": Tone.BUSY,
    "gone": Tone.OK,
    "here": Tone.MUTED,
}
"""What the states of the journal mean."""
_DECIDED = frozenset({"asks", "left here"})
"""States of the journal that hold whatever is seen."""
_HANDLED = frozenset({"held", "asked to go", "leaving"})
"""States of the journal that say more than that a pod is here."""
_HELD = frozenset({Tone.WARN, Tone.BAD})
"""Tones of what somebody must read: its words are not cut to one line."""
_WRAPPED = 4
_AWAY = frozenset({"gone", "back", "starting", "waits"})
_ORDER = ("asks", "held", "left here", "terminating", "leaving", "asked to go", "here", "starting", "waits")
_SEVERAL = {"asks": "ask", "waits": "wait", "stays": "stay"}
_STATE, _SINCE, _BAR = 11, 6, 10


class PodRow(Struct, frozen=True):
    """One line: what it is, its state in a word, since when (epoch s, 0: nobody knows), and why."""

    name: str
    namespace: str
    state: str
    tone: Tone
    since: float
    why: str
    mine: bool = False
    """A step of the run is about it."""


def rows(found: Sequence[Pod], seen: Sequence[Presence]) -> list[PodRow]:
    """The journal's pods and those that are seen, each once."""
    now = {(each.subject.namespace, each.subject.name): each for each in seen}
    made = [_merged(pod, now.pop((pod.namespace, pod.name), None)) for pod in found]
    others = (now[key] for key in sorted(now))
    return [*made, *(_row(each, each.text) for each in others)]


def _row(each: Presence, why: str, *, since: float = 0.0, mine: bool = False) -> PodRow:
    subject = each.subject
    return PodRow(subject.name, subject.namespace, each.state, each.tone, each.since or since, why, mine)


def _merged(pod: Pod, live: Presence | None) -> PodRow:
    """A pod of a step: what holds it now is what is seen, else what the runner says of it, else what becomes of it."""
    tone = _JOURNAL.get(pod.state, Tone.PLAIN)
    told = PodRow(pod.name, pod.namespace, pod.state, tone, pod.since, pod.why, mine=True)
    if live is None or pod.state in _DECIDED:
        return told
    if live.state in _AWAY or live.state == "terminating" or live.tone in _HELD:
        return _row(live, live.text or pod.why, since=pod.since, mine=True)
    if pod.state in _HANDLED:
        return told
    return _row(live, pod.why or live.text, since=pod.since, mine=True)


def progress_line(paint: Paint, found: Sequence[PodRow], *, back: bool) -> Content:
    """How many are where they shall be, of how many, and in which state the others are.

    A drain is about the pods that its steps name; for the way `back` all count that do not stay anyway.
    """
    ours = [row for row in found if row.state != "stays" and (back or row.mine)]
    there = {"back"} if back else _AWAY
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
        if tone in _HELD and at.why > 0
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
