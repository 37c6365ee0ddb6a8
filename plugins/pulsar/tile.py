"""The tile of the overview: brokers that are ready, bookies that take writes, what waits."""

from __future__ import annotations

from console.model import Tone
from console.plugin import Cell, Facts, Tile
from plugins.pulsar.model import tables


def tile(facts: Facts) -> Tile:
    """Unknown is not well: rows with a fault count as missing."""
    brokers = list(facts.rows(tables.BROKERS).values())
    bookies = list(facts.rows(tables.BOOKIES).values())
    ledgers = facts.snapshot(tables.LEDGERS)
    up = sum(row.ready is True and row.listed is not False for row in brokers)
    writable = sum(row.mode == "rw" for row in bookies)
    lines: list[Cell] = []
    if bookies:
        tone = Tone.OK if writable == len(bookies) else Tone.WARN if writable else Tone.BAD
        lines.append(Cell(f"bookies {writable}/{len(bookies)} rw", tone))
    if ledgers.complete and ledgers.rows:
        lines.append(Cell(f"{len(ledgers.rows)} ledgers with too few copies", Tone.BAD))
    if any(row.recovery is False for row in bookies):
        lines.append(Cell("autorecovery off", Tone.WARN))
    backlog = sum(row.backlog or 0 for row in facts.rows(tables.NAMESPACES).values())
    if backlog:
        lines.append(Cell(f"backlog {backlog}"))
    tones = [line.tone for line in lines]
    worst = Tone.BAD if up < len(brokers) or Tone.BAD in tones else Tone.WARN if Tone.WARN in tones else Tone.OK
    return Tile(worst if brokers else Tone.MUTED, up, len(brokers), tuple(lines))
