"""The line of the overview: brokers that are there, what is under min ISR, the worst group."""

from __future__ import annotations

from console.model import Tone
from console.plugin import Cell, Facts, Tile
from plugins.kafka.lag import Standing
from plugins.kafka.model.rows import BROKERS, GROUPS, TOPICS

_BAD = {Standing.STALL, Standing.STOP, Standing.REWIND}


def tile(facts: Facts) -> Tile:
    """Muted while nothing is known."""
    brokers = list(facts.rows(BROKERS).values())
    topics = list(facts.rows(TOPICS).values())
    groups = list(facts.rows(GROUPS).values())
    up = sum(row.present and not row.fenced for row in brokers)
    offline, under = sum(row.offline for row in topics), sum(row.under_min for row in topics)
    missing = sum(row.missing for row in brokers)
    lines: list[Cell] = []
    if topics:
        broken = offline + under
        words = f"{offline} offline, {under} under min ISR" if broken else f"{len(topics)} topics"
        lines.append(Cell(words, Tone.BAD if broken else Tone.PLAIN))
    if brokers:
        lines.append(Cell(f"{missing} not in sync", Tone.WARN) if missing else Cell("ISR full", Tone.OK))
    if groups:
        bad = sum(row.standing in _BAD for row in groups)
        lines.append(
            Cell(
                f"{bad} of {len(groups)} groups stand still" if bad else f"{len(groups)} groups",
                Tone.WARN if bad else Tone.PLAIN,
            )
        )
    if not brokers:
        return Tile(Tone.MUTED, 0, 0)
    tone = Tone.BAD if offline or under or not up else Tone.WARN if missing or up < len(brokers) else Tone.OK
    return Tile(tone, up, len(brokers), tuple(lines))
