"""Cells that many panes use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from console.format import size
from console.model import Tone
from console.plugin import Cell, Column

R = TypeVar("R")


def text(words: str, tone: Tone = Tone.PLAIN) -> Cell:
    """Text, or a muted dash."""
    return Cell(words, tone) if words else Cell("-", Tone.MUTED)


def count(number: float | None, tone: Tone = Tone.PLAIN) -> Cell:
    """A whole number; unknown is a dash, and nothing is muted."""
    if number is None:
        return Cell("-", Tone.MUTED)
    return Cell(f"{number:,.0f}".replace(",", " "), tone if number else Tone.MUTED)


def rate(number: float | None) -> Cell:
    """Per second."""
    if number is None:
        return Cell("-", Tone.MUTED)
    return Cell(f"{number:.1f}" if number < 10 else f"{number:.0f}", Tone.PLAIN if number else Tone.MUTED)  # noqa: PLR2004


def volume(number: float | None) -> Cell:
    """Bytes."""
    return Cell(size(number), Tone.PLAIN if number else Tone.MUTED)


def yes(known: bool | None, *, good: bool = True) -> Cell:  # noqa: FBT001 - it is the value that is shown
    """`yes`, `no`, or a dash where nobody could be asked."""
    if known is None:
        return Cell("-", Tone.MUTED)
    return Cell("yes" if known else "no", Tone.OK if known is good else Tone.WARN)


def numbers(  # noqa: PLR0913 - what a column can say
    title: str,
    value: Callable[[R], float | None],
    cell: Callable[[float | None], Cell] = count,
    *,
    hide_below: int = 0,
    wide: bool = False,
    about: str = "",
) -> Column[R]:
    """A column of numbers: right, None last."""
    return Column(
        title,
        value,
        lambda row, _now: cell(value(row)),
        help=about,
        align="right",
        hide_below=hide_below,
        wide=wide,
    )


def words(  # noqa: PLR0913 - what a column can say
    title: str,
    value: Callable[[R], str],
    *,
    hide_below: int = 0,
    wide: bool = False,
    grow: bool = False,
    tone: Tone = Tone.PLAIN,
    about: str = "",
) -> Column[R]:
    """A column of text; empty is a dash."""
    return Column(
        title,
        value,
        lambda row, _now: text(value(row), tone),
        help=about,
        hide_below=hide_below,
        wide=wide,
        grow=grow,
    )
