"""What the header says, as parts. Pure: the desk gathers the values, the header line draws them.

Order is by what an operator must not miss: where am I, may I change things, is what I see true; the rest gives way on
a narrow screen.
"""

from __future__ import annotations

from msgspec import Struct

from console.format import duration
from console.model import Tone
from screens.glyphs import UNICODE, Glyphs
from screens.widgets.status import Part

NARROW = 100


class Headline(Struct, frozen=True):
    """The values behind the header; times in epoch seconds, `clock` as text (empty: none is shown)."""

    context: str = ""
    identity: str = ""
    opening: bool = True
    error: str = ""
    since: float = 0.0
    read_only: bool = False
    production: bool = False
    marks: tuple[Part, ...] = ()
    out: int = 0
    clock: str = ""


def parts(line: Headline, now: float, columns: int, *, glyphs: Glyphs = UNICODE) -> tuple[list[Part], list[Part]]:
    """Left and right parts for a screen of so many columns."""
    left: list[Part] = [(" pilothouse ", "accent")]
    if line.context:
        left.append((f" {line.context} ", "bad" if line.production else "plain"))
    marks = (
        (line.production, "PRODUCTION", "bad"),
        (line.read_only, "read-only", "warn"),
    )
    left += [(f" {word} ", tone) for shown, word, tone in marks if shown]
    left += [(f" {word} ", tone) for word, tone in line.marks]
    if line.identity and columns >= NARROW:
        left.append((f"  {line.identity}", "muted"))
    right = [state(line, now, columns, glyphs=glyphs)]
    if line.out:
        right.append((f"   {line.out} node{'s' if line.out != 1 else ''} out", "warn"))
    if line.clock:
        right.append((f"   {line.clock} ", "muted"))
    return left, right


def state(line: Headline, now: float, columns: int, *, glyphs: Glyphs = UNICODE) -> Part:
    """The state of the API server in words: live, or lost since when and why."""
    if line.opening:
        return f" {glyphs.of(Tone.BUSY)} connecting ", "busy"
    if not line.error:
        return f" {glyphs.of(Tone.OK)} live ", "ok"
    since = f" {duration(now - line.since)}" if line.since else ""
    why = f": {line.error}" if columns >= NARROW else ""
    room = max(12, columns // 2)
    text = f" {glyphs.of(Tone.BAD)} lost{since}{why}"
    return (text if len(text) <= room else text[: room - 1] + glyphs.ellipsis) + " ", "bad"
