"""Cells that several panes of Redis use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from console.format import duration, size
from console.model import Tone
from console.plugin import Cell, Column
from plugins.redis.model.info import Info
from plugins.redis.model.rows import Member, Seat

R = TypeVar("R")
_FULL, _FILLING = 0.95, 0.9
_LAGGING = 1024 * 1024
_SILENT = 10.0


def optional(text: str, tone: Tone = Tone.PLAIN) -> Cell:
    """Text, or a muted dash."""
    return Cell(text, tone) if text else Cell("-", Tone.MUTED)


def number(value: int | None, tone: Tone = Tone.PLAIN) -> Cell:
    """A number; a dash where it is not known."""
    return Cell(str(value), tone if value else Tone.MUTED) if value is not None else Cell("-", Tone.MUTED)


def counting(title: str, value: Callable[[R], int | None], *, help: str = "", hide_below: int = 0) -> Column[R]:  # noqa: A002
    """A column of whole numbers."""
    return Column(title, value, lambda row, _now: number(value(row)), help=help, align="right", hide_below=hide_below)


def role(row: Member, _now: float = 0.0) -> Cell:
    """What the server says that it is; `?` where it does not answer."""
    if not row.info:
        return Cell("?", Tone.BAD)
    if row.role == "master":
        return Cell("master", Tone.ACCENT if row.named_master or not row.master else Tone.WARN)
    return Cell(row.role, Tone.BAD if row.named_master else Tone.PLAIN)


def link(row: Member, _now: float = 0.0) -> Cell:
    """A replica's link to its master."""
    info = row.info
    if info is None or info.role == "master":
        return optional("")
    if info.link == "up":
        return Cell("syncing", Tone.BUSY) if info.syncing else Cell("up", Tone.OK)
    gone = f" {duration(info.link_down)}" if info.link_down is not None and info.link_down >= 0 else ""
    return Cell("syncing" if info.syncing else f"down{gone}", Tone.BUSY if info.syncing else Tone.BAD)


def lag(row: Member, _now: float = 0.0) -> Cell:
    """Bytes that a replica has not acknowledged."""
    if row.lag is None:
        return optional("")
    late = row.lag > _LAGGING or (row.silent is not None and row.silent > _SILENT)
    return Cell(f"{size(row.lag)}B" if row.lag else "0", Tone.WARN if late else Tone.OK)


def memory(row: Member, _now: float = 0.0) -> Cell:
    """Used of what it may use; just used where there is no limit."""
    info = row.info
    if info is None or info.memory is None:
        return optional("")
    if not info.max_memory:
        return Cell(size(info.memory))
    share = info.memory / info.max_memory
    tone = Tone.BAD if share >= _FULL else Tone.WARN if share >= _FILLING else Tone.PLAIN
    return Cell(f"{size(info.memory)} of {size(info.max_memory)}", tone)


def persistence(row: Member, _now: float = 0.0) -> Cell:
    """Whether what it holds would survive a restart."""
    info = row.info
    return Cell(*saved(info)) if info else optional("")


def saved(info: Info) -> tuple[str, Tone]:
    """In words: what keeps its data, and whether the last time worked."""
    if info.loading:
        return "loading", Tone.BUSY
    failed = [
        name
        for name, status in (("aof write", info.aof_status), ("rdb save", info.rdb_status))
        if status not in {"", "ok"}
    ]
    if failed:
        return f"{' and '.join(failed)} failed", Tone.BAD
    words = "aof" if info.aof else "rdb" if info.rdb_status else ""
    return (f"{words}, saving" if info.rdb_running else words) or "-", Tone.PLAIN if words else Tone.MUTED


def pod_facets(seat: Seat) -> Mapping[str, str] | None:
    """Limits `pods` to the pod of a seat; None where it is none."""
    return {"pod": seat.pod.name, "namespace": seat.pod.namespace} if seat.pod else None
