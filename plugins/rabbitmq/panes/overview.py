"""The tile of the overview."""

from __future__ import annotations

from console.model import Tone
from console.plugin import Cell, Facts, Tile
from plugins.rabbitmq.model import tables


def tile(facts: Facts) -> Tile:
    """Members that run, and queues that are not as they should be."""
    members = list(facts.rows(tables.NODES).values())
    up = sum(row.running is True for row in members)
    alarms = [row for row in members if row.alarms or row.partitions]
    lines: list[Cell] = []
    if alarms:
        lines.append(Cell(f"{alarms[0].state} on {alarms[0].name}", Tone.BAD))
    lines.append(Cell(f"{len(facts.rows(tables.QUEUES))} queues"))
    faults = len(facts.by(tables.QUEUES_AT_FAULT, ""))
    if faults:
        lines.append(Cell(f"{faults} not in order", Tone.WARN))
    alone = sum(len(facts.by(tables.QUEUES_ALONE, row.name)) for row in members) if len(members) > 1 else 0
    if alone:
        lines.append(Cell(f"{alone} alone", Tone.WARN))
    tone = Tone.BAD if alarms or up <= len(members) // 2 else Tone.WARN if up < len(members) or faults else Tone.OK
    return Tile(tone, up, len(members), tuple(lines[:4]))
