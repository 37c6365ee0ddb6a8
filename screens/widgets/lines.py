"""Lines of a table as strips: cells into segments, and what of a painted line differs from the line before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any, Generic, TypeVar

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.plugin import Cell, Column
from screens.paint import Paint, fit, span, steady
from screens.widgets.columns import GAP, GUTTER, Placed

R = TypeVar("R")


class LineLook(Struct, frozen=True):
    """How one line is drawn, beside its cells; equal looks give equal lines."""

    cursor: bool = False
    away: bool = False
    marked: bool = False
    stale: bool = False
    fresh: frozenset[int] = frozenset()
    branch: str = ""
    below: str = ""
    beside: bool = False

    @property
    def over(self) -> str:
        """The role that lies over the whole line; empty where none does."""
        if self.cursor:
            return "cursor-away" if self.away else "cursor"
        return "stale" if self.stale else ""


class Drawn(Struct, Generic[R]):
    """The cells of a row at a moment, and the line that was drawn of them, if one was."""

    row: R
    now: float
    cells: tuple[Cell, ...]
    layout: int = -1
    look: LineLook = LineLook()
    strip: Strip = Strip([])

    def read(self, row: R, now: float, cells: tuple[Cell, ...]) -> None:
        """The row, or its age, is another now."""
        self.row, self.now = row, now
        if cells != self.cells:
            self.cells, self.layout = cells, -1


class Ruler(Struct, frozen=True):
    """The columns of one layout and the room of the pane; `left` is how far the table is scrolled sideways."""

    columns: Sequence[Column[Any]]
    placed: tuple[Placed, ...]
    room: int
    left: int = 0

    @property
    def full(self) -> int:
        """Cells that all columns take."""
        return self.placed[-1].end if self.placed else 0

    @property
    def furthest(self) -> int:
        return max(0, self.full - self.room)

    @property
    def frozen(self) -> int:
        """Cells at the left that stay when the table is scrolled sideways: the mark and the name."""
        if not self.placed:
            return 0
        end = self.placed[0].end + GAP
        return end if end <= self.room // 2 else GUTTER

    def at(self, x: int) -> Placed | None:
        """The column under a cell of the pane."""
        if x >= self.frozen:
            x += self.left
        return next((column for column in self.placed if column.x <= x < column.end + GAP), None)


def tail(below: int) -> str:
    """What stands behind the name of a collapsed row; there is always room for it, so that nothing jumps."""
    return f" (+{below})" if below else ""


def row_segments(paint: Paint, ruler: Ruler, cells: Sequence[Cell], look: LineLook) -> list[Segment]:
    """One row from its mark to its last column; not yet scrolled sideways."""
    plain = paint.rich("plain")
    fresh = paint.rich("fresh")
    segments = [Segment(paint.glyphs.mark, paint.rich("marked")) if look.marked else Segment(" ", plain)]
    x = GUTTER
    for column in ruler.placed:
        if column.x > x:
            segments.append(Segment(" " * (column.x - x), plain))
        cell = cells[column.index]
        if column.index == 0 and (look.branch or look.below):
            cell = Cell(f"{look.branch}{cell.text}{look.below}", cell.tone)
        align = ruler.columns[column.index].align
        segment = paint.segment(cell, column.width, align=align, indent=column.glyphs, name=column.index == 0)
        if column.index in look.fresh:
            segment = Segment(segment.text, (segment.style or plain) + fresh)
        segments.append(segment)
        x = column.end
    return segments


def header_segments(paint: Paint, ruler: Ruler, sort: int, *, descending: bool) -> list[Segment]:
    """The titles, with an arrow behind the one that sorts."""
    plain = paint.rich("header")
    segments = [Segment(" " * GUTTER, plain)]
    x = GUTTER
    arrow = paint.glyphs.down if descending else paint.glyphs.up
    for column in ruler.placed:
        if column.x > x:
            segments.append(Segment(" " * (column.x - x), plain))
        declared = ruler.columns[column.index]
        title = steady(declared.title)
        role = "header"
        if column.index == sort:
            title, role = fit(title, min(span(title), column.width - 1), ellipsis="") + arrow, "sorted"
        if column.glyphs and declared.align == "left" and span(title) + 2 <= column.width:
            title = f"  {title}"
        text = fit(title, column.width, align=declared.align, ellipsis=paint.glyphs.ellipsis)
        segments.append(Segment(text, paint.rich(role)))
        x = column.end
    return segments


def finish(segments: list[Segment], ruler: Ruler, end: Segment, under: Style, over: Style | None = None) -> Strip:
    """A whole line: the part that is seen, filled up to the room, with `end` behind; colours below and above it.

    The name stays where it is when the rest is scrolled sideways. One strip a line: strips are dear to make.
    """
    have = sum(segment.cell_length for segment in segments)
    if ruler.left or have > ruler.room:
        strip, frozen = Strip(segments, have), ruler.frozen
        parts = [strip.crop(0, frozen), strip.crop(frozen + ruler.left, ruler.left + ruler.room)]
        segments = list(Strip.join(parts).adjust_cell_length(ruler.room))
    elif have < ruler.room:
        segments = [*segments, Segment(" " * (ruler.room - have))]
    styled = [(piece, _mixed(under, own, over)) for piece, own, _ in segments]
    styled.append((end.text, _mixed(under, end.style, None)))
    out: list[Segment] = []
    text, style = "", under
    for piece, whole in styled:
        if whole is not style:
            if text:
                out.append(Segment(text, style))
            text, style = piece, whole
        else:
            text += piece
    return Strip([*out, Segment(text, style)], ruler.room + 1)


@lru_cache(maxsize=512)
def _mixed(under: Style, own: Style | None, over: Style | None) -> Style:
    """The colours of one piece; equal ones are one object, so that neighbours are told apart by identity."""
    mixed = under + own if own else under
    return mixed + over if over else mixed


def difference(old: Strip, new: Strip) -> tuple[int, int] | None:
    """The cells [from, to) in which two lines differ; None where they are equal. Both are equally wide."""
    if old is new:
        return None
    before, after = list(old), list(new)
    if before == after:
        return None
    start = _same(before, after)
    end = new.cell_length - _same(
        [Segment(text[::-1], style) for text, style, _ in reversed(before)],
        [Segment(text[::-1], style) for text, style, _ in reversed(after)],
    )
    return start, max(end, start + 1)


def _same(one: Sequence[Segment], other: Sequence[Segment]) -> int:
    """Cells at the beginning that look the same; parts of a segment count in ASCII only, where a letter is a cell."""
    cells = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine == theirs:
            cells += mine.cell_length
            continue
        if mine.style == theirs.style and mine.text.isascii() and theirs.text.isascii():
            same = takewhile(lambda pair: pair[0] == pair[1], zip(mine.text, theirs.text, strict=False))
            cells += sum(1 for _ in same)
        break
    return cells
