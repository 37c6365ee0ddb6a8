"""Pane `redis.slowlog`: the newest slow commands of every server."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import age, timestamp
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from plugins.redis.model.rows import SLOWLOG, Slow
from plugins.redis.panes.cells import optional

_LONG = 0.1


def _took(row: Slow, _now: float) -> Cell:
    return Cell(f"{1000 * row.took:.1f} ms", Tone.WARN if row.took >= _LONG else Tone.PLAIN)


def describe(row: Slow, _facts: Facts) -> Sequence[Section]:
    """All of one entry."""
    return (
        Section(
            "slow command",
            (
                ("member", Cell(row.member)),
                ("at", Cell(timestamp(row.at))),
                ("took", _took(row, 0.0)),
                ("client", optional(f"{row.client} {row.client_name}".strip())),
                ("command", Cell(row.command)),
            ),
        ),
    )


PANE: Pane[Slow] = Pane(
    name="redis.slowlog",
    title="redis slow log",
    table=SLOWLOG,
    columns=(
        Column("ID", lambda row: f"{row.member}#{row.id}"),
        Column(
            "AGE",
            lambda row: -row.at,
            lambda row, now: Cell(age(row.at, now), Tone.MUTED),
            align="right",
            export=lambda row: timestamp(row.at),
        ),
        Column("TOOK", lambda row: row.took, _took, align="right"),
        Column("CLIENT", lambda row: row.client or None, lambda row, _now: optional(row.client), hide_below=110),
        Column("COMMAND", lambda row: row.command, grow=True),
    ),
    ref=lambda row: Ref("slow command", f"{row.member}#{row.id}"),
    aliases=("slowlog",),
    sort="AGE",
    facets=lambda row: {"member": row.member, "node": row.node},
    describe=describe,
    jumps=(Jump("its member", "redis.members", lambda row, _facts: {"member": row.member}),),
    help="Slow commands that the servers kept (slowlog-log-slower-than), newest first.",
)
