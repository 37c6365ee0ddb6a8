"""Cells that several panes use. Unknown is a muted dash, never a zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from console.format import percent, size
from console.model import Tone
from console.plugin import Cell, Column

R = TypeVar("R")
_FULL, _TIGHT = 0.9, 0.8
UNKNOWN = Cell("-", Tone.MUTED)


def optional(text: str, tone: Tone = Tone.PLAIN) -> Cell:
    """Text, or a muted dash."""
    return Cell(text, tone) if text else UNKNOWN


def count(number: float | None, tone: Tone = Tone.PLAIN) -> Cell:
    """A whole number, muted when it is nothing."""
    if number is None:
        return UNKNOWN
    return Cell(f"{number:.0f}", tone if number else Tone.MUTED)


def rate(number: float | None) -> Cell:
    """Messages a second."""
    if number is None:
        return UNKNOWN
    if not number:
        return Cell("0", Tone.MUTED)
    return Cell(f"{number:.1f}" if number < 10 else f"{number:.0f}")  # noqa: PLR2004


def used(part: float | None, whole: float | None) -> Cell:
    """`31 %`, warning when it becomes tight."""
    text = percent(part, whole)
    if part is None or not whole:
        return Cell(text, Tone.MUTED)
    share = part / whole
    return Cell(text, Tone.BAD if share >= _FULL else Tone.WARN if share >= _TIGHT else Tone.PLAIN)


def counted(title: str, value: Callable[[R], float | None], *, help: str = "", hide_below: int = 0) -> Column[R]:  # noqa: A002
    """A column of whole numbers."""
    return Column(title, value, lambda row, _now: count(value(row)), help=help, align="right", hide_below=hide_below)


def rated(title: str, value: Callable[[R], float | None], *, help: str = "", hide_below: int = 0) -> Column[R]:  # noqa: A002
    """A column of rates."""
    return Column(title, value, lambda row, _now: rate(value(row)), help=help, align="right", hide_below=hide_below)


def sized(title: str, value: Callable[[R], float | None], *, hide_below: int = 0) -> Column[R]:
    """A column of bytes."""
    return Column(title, value, lambda row, _now: Cell(size(value(row))), align="right", hide_below=hide_below)


def members(title: str, value: Callable[[R], str], *, hide_below: int = 0) -> Column[R]:
    """A column of members without the domain, which all of them share; machines get the whole name."""
    return Column(
        title,
        lambda row: value(row) or None,
        lambda row, _now: optional(value(row).partition(".")[0]),
        hide_below=hide_below,
        export=lambda row: value(row) or None,
    )


def texts(title: str, value: Callable[[R], str], *, hide_below: int = 0, wide: bool = False) -> Column[R]:
    """A column of texts that may be absent."""
    return Column(
        title, lambda row: value(row) or None, lambda row, _now: optional(value(row)), hide_below=hide_below, wide=wide
    )
