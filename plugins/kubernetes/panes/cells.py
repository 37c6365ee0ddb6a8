"""Cells that many panes use: ages, states, counts with their tones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from console.format import age, timestamp
from console.model import Tone
from console.plugin import Cell, Column

R = TypeVar("R")

_BUSY = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating", "SchedulingGated"})
_OK = frozenset({"Running", "Ready", "Bound", "Active", "Available"})
_DONE = frozenset({"Completed", "Succeeded"})


def status_tone(status: str) -> Tone:
    """Tone of a pod's STATUS."""
    if status in _OK:
        return Tone.OK
    if status in _DONE:
        return Tone.MUTED
    if status in _BUSY or (status.startswith("Init:") and "/" in status):
        return Tone.BUSY
    return Tone.BAD


def age_column(created: Callable[[R], float | None], title: str = "AGE") -> Column[R]:
    """How long ago something began; sorts by the moment, oldest last as kubectl users expect of AGE."""

    def value(row: R) -> float | None:
        then = created(row)
        return None if then is None else -then

    return Column(
        title,
        value,
        lambda row, now: Cell(age(created(row), now), Tone.MUTED),
        align="right",
        width=6,
        export=lambda row: moment(created(row)),
    )


def moment(then: float | None) -> str | None:
    """A point in time for machines: RFC 3339, None where there is none."""
    return None if then is None else timestamp(then)


def ratio(have: int, want: int) -> Cell:
    """`2/3`, good when all are there."""
    tone = Tone.OK if have >= want else Tone.BAD if have == 0 else Tone.WARN
    return Cell(f"{have}/{want}", Tone.MUTED if want == 0 else tone)


def count(number: int) -> Cell:
    """A number, muted when it is nothing."""
    return Cell(str(number), Tone.PLAIN if number else Tone.MUTED)


def optional(text: str, tone: Tone = Tone.PLAIN) -> Cell:
    """Text, or a muted dash."""
    return Cell(text, tone) if text else Cell("-", Tone.MUTED)
