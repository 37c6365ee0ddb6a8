"""Where the columns of a table stand: widths from content, room that is given away, columns that give way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from console.plugin import Cell, Column
from console.text import width
from screens.paint import IN_TABLES, span, steady

GUTTER = 1
"""Cells before the first column, for the mark."""
GAP = 2
_MOST_NAME = 60  # a name that fills a wide pane stands too far from what is said of it
_LEAST_GROWN = 12
_LONGEST = 256  # characters of a cell that are measured


class Placed(Struct, frozen=True):
    """A shown column: its number in the pane, the cell where it begins, its width, and if glyphs stand in it."""

    index: int
    x: int
    width: int
    glyphs: bool = False

    @property
    def end(self) -> int:
        return self.x + self.width


class Measured(Struct, frozen=True):
    """Widest content of a column so far, glyph included, and whether any of its cells carries one."""

    width: int = 0
    glyphs: bool = False


def shown(columns: Sequence[Column[Any]], room: int, *, wide: bool) -> list[int]:
    """Columns that have a place: wide mode shows all, else small panes drop what may be hidden."""
    if wide:
        return list(range(len(columns)))
    return [at for at, column in enumerate(columns) if at == 0 or (not column.wide and room >= column.hide_below)]


def place(
    columns: Sequence[Column[Any]], measured: Sequence[Measured], room: int, *, wide: bool = False
) -> tuple[Placed, ...]:
    """The shown columns from left to right. The last may end beyond `room`: then the table scrolls sideways."""
    indexes = shown(columns, room, wide=wide)
    widths = {at: _wanted(columns[at], measured[at], room * (2 if wide else 1), first=at == 0) for at in indexes}
    left = room - GUTTER - GAP * (len(indexes) - 1) - sum(widths.values())
    growing = [at for at in indexes if columns[at].grow]
    if left > 0 and growing:
        for turn, at in enumerate(growing):
            more = left // len(growing) + (turn < left % len(growing))
            widths[at] += more if at else max(0, min(more, _MOST_NAME - widths[at]))
    for at in reversed(growing):
        if left < 0:
            least = min(widths[at], max(_LEAST_GROWN, width(columns[at].title) + 1))
            given = min(-left, widths[at] - least)
            widths[at] -= given
            left += given
    out: list[Placed] = []
    x = GUTTER
    for at in indexes:
        out.append(Placed(at, x, widths[at], measured[at].glyphs))
        x += widths[at] + GAP
    return tuple(out)


def _wanted(column: Column[Any], measured: Measured, room: int, *, first: bool) -> int:
    """A column's width; without one of its own it takes at most half of the room for the name, a third for others."""
    if column.width:
        return column.width
    most = max(24, room // 2) if first else max(16, room // 3)
    return max(width(column.title) + 1, measured.width if column.grow else min(measured.width, most))


@lru_cache(maxsize=4096)
def _wide(text: str) -> int:
    return span(steady(text))


@lru_cache(maxsize=1024)
def widths(cells: tuple[Cell, ...], more: int) -> tuple[tuple[int, bool], ...]:
    """What the cells of a row take, as `widened` wants it; `more`: what stands around the name.

    Kept, since nearly all that is visible was there a second ago: else this is the longest stall of a quiet screen.
    """
    out: list[tuple[int, bool]] = []
    for at, cell in enumerate(cells):
        glyph = cell.tone in IN_TABLES and bool(cell.text)
        out.append((_wide(cell.text[:_LONGEST]) + 2 * glyph + (0 if at else more), glyph))
    return tuple(out)


def widened(measured: Sequence[Measured], contents: Iterable[Sequence[tuple[int, bool]]]) -> list[Measured]:
    """Widths that also hold these rows, given as (width, has a glyph) a cell; columns never shrink.

    Where some cells have a glyph, the others keep its place free.
    """
    out = list(measured)
    for row in contents:
        for at, (cells, glyph) in enumerate(row):
            known = out[at]
            glyphs = known.glyphs or glyph
            wanted = max(cells + 2 * (glyphs and not glyph), known.width + 2 * (glyphs and not known.glyphs))
            if wanted > known.width or glyphs is not known.glyphs:
                out[at] = Measured(wanted, glyphs)
    return out
