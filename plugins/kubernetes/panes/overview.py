"""The tile of the overview."""

from __future__ import annotations

from console.model import Tone
from console.plugin import Cell, Facts, Tile
from plugins.kubernetes.model import tables


def tile(facts: Facts) -> Tile:
    """Nodes up and in all, pods that run, and what waits."""
    nodes = list(facts.rows(tables.NODES).values())
    up = sum(node.ready is True for node in nodes)
    pods = [pod for pod in facts.rows(tables.PODS).values() if not pod.finished]
    ready = sum(pod.healthy for pod in pods)
    cordoned = sum(node.cordoned for node in nodes)
    lines = [Cell(f"{ready}/{len(pods)} pods ready", Tone.OK if ready == len(pods) else Tone.WARN)]
    if cordoned:
        lines.append(Cell(f"{cordoned} cordoned", Tone.WARN))
    tone = Tone.BAD if up < len(nodes) else Tone.WARN if cordoned or ready < len(pods) else Tone.OK
    return Tile(tone, up, len(nodes), tuple(lines))
