"""The words around a pane's rows: its title line and what stands where there are no rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from console.format import clock_time, duration
from console.model import SourceState, Tone
from console.plugin import Cell

OLD = 60.0
"""Seconds from which the age of live rows is said; younger rows need no words, and an idle screen stays still."""


class Facing(Struct, frozen=True):
    """All that decides the words around the rows; times in epoch seconds."""

    name: str
    title: str
    instance: str = ""
    shown: int = 0
    total: int = 0
    marked: int = 0
    state: SourceState = SourceState.LOADING
    complete: bool = False
    taken_at: float = 0.0
    since: float = 0.0
    error: str = ""
    note: str = ""
    now: float = 0.0
    line: str = ""
    scope: Mapping[str, str] = field(default_factory=dict[str, str])
    faults_only: bool = False
    paused_at: float | None = None
    utc: bool = False
    cost: str = ""
    """What the pane's system is asked, `0.6 requests/s`; empty for the cluster, which tells by itself."""


def state_cell(face: Facing) -> Cell:
    """Whether the rows can be believed, in words."""
    if face.paused_at is not None:
        return Cell(f"paused since {clock_time(face.paused_at, utc=face.utc)}", Tone.BUSY)
    match face.state:
        case SourceState.LOADING:
            return Cell(f"loading {face.total:,} rows" if face.total else "loading", Tone.BUSY)
        case SourceState.FORBIDDEN:
            return Cell(f"forbidden: {face.error}" if face.error else "forbidden", Tone.BAD)
        case SourceState.STALE:
            since = f" since {clock_time(face.since, utc=face.utc)}" if face.since else ""
            return Cell(f"stale{since}" + (f": {face.error}" if face.error else ""), Tone.WARN)
        case SourceState.LIVE:
            return Cell("live", Tone.OK) if face.complete else Cell(f"loading {face.total:,} rows", Tone.BUSY)


def age_text(face: Facing) -> str:
    """How old the rows are, where that is worth a word: live ones that were not confirmed for a minute."""
    old = face.now - face.taken_at
    if face.state is not SourceState.LIVE or not face.taken_at or old < OLD:
        return ""
    return f"{duration(old)} old"


def count_text(face: Facing) -> str:
    """`7`, or `3 of 7` where a filter, a scope or a state hides rows."""
    return f"{face.total:,}" if face.shown == face.total else f"{face.shown:,} of {face.total:,}"


def limits(face: Facing) -> list[str]:
    """What hides rows, in words."""
    out = [value if name == "namespace" else f"{name}={value}" for name, value in face.scope.items()]
    if face.line:
        out.append(f"/{face.line}")
    if face.faults_only:
        out.append("faults only")
    return out


def empty_lines(face: Facing) -> tuple[Cell, ...]:
    """A sentence where no rows are, and what to do about it; nothing where there are some."""
    if face.shown:
        return ()
    match face.state:
        case SourceState.FORBIDDEN:
            why = face.error or "the server does not allow it"
            return Cell(f"You may not see {face.title}: {why}.", Tone.BAD), Cell("A Role that allows it helps at once.")
        case SourceState.STALE if not face.total:
            why = f": {face.error}" if face.error else ""
            return Cell(f"No answer yet{why}.", Tone.WARN), Cell("It is tried again by itself; ctrl-r tries now.")
        case SourceState.LOADING if not face.total:
            return (Cell(f"Waiting for the first answer{f' of {face.instance}' if face.instance else ''}.", Tone.BUSY),)
        case _:
            return _hidden(face) if face.total else _none(face)


def _none(face: Facing) -> tuple[Cell, ...]:
    why = (Cell(f"{face.note[0].upper()}{face.note[1:]}.", Tone.MUTED),) if face.note else ()
    return Cell(f"There are no {face.title}.", Tone.MUTED), *why


def _hidden(face: Facing) -> tuple[Cell, ...]:
    if face.line:
        return Cell(f"None of {face.total:,} {face.title} matches /{face.line}"), Cell("esc takes the filter away.")
    if face.faults_only:
        return Cell(f"None of {face.total:,} {face.title} has a fault.", Tone.OK), Cell("ctrl-z shows all again.")
    where = " ".join(limits(face))
    return Cell(f"None of {face.total:,} {face.title} is in {where}."), Cell("0 shows all again.")
