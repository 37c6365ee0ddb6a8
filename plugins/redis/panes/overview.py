"""The tile of the overview."""

from __future__ import annotations

from console.model import Tone
from console.plugin import Cell, Facts, Tile
from plugins.redis.model.rows import MASTERS, MEMBERS
from plugins.redis.panes.masters import quorum, replicas, stands


def tile(facts: Facts) -> Tile:
    """Servers that answer and are in sync, of all; then the masters' quorum."""
    members = list(facts.rows(MEMBERS).values())
    masters = list(facts.rows(MASTERS).values())
    up = sum(row.info is not None and (row.role == "master" or row.info.link == "up") for row in members)
    tones = [cell.tone for row in masters for cell in (stands(row), quorum(row), replicas(row))]
    worst = Tone.BAD if Tone.BAD in tones else Tone.WARN if Tone.WARN in tones else Tone.OK
    tone = worst if up == len(members) or worst is Tone.BAD else Tone.WARN
    lines = tuple(Cell(f"quorum {quorum(row).text}", quorum(row).tone) for row in masters[:2] if row.sentinels)
    return Tile(tone, up, len(members), lines)
