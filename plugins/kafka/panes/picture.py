"""A broker's partitions as a picture in text: one line a topic, one sign a partition."""

from __future__ import annotations

from collections.abc import Iterable

from console.model import Tone
from console.plugin import Cell, Section
from plugins.kafka.model.rows import Partition

LEADS, FOLLOWS, BEHIND, ELSEWHERE = "█", "▒", "!", "·"
WIDE, TOPICS = 64, 24
"""Partitions in a line, and topics in a picture, beyond which it counts."""


def of_broker(broker: int, parts: Iterable[Partition]) -> Section | None:
    """What it leads, follows and is behind on; None where it holds nothing. Topics with something behind come first."""
    by_topic: dict[str, list[Partition]] = {}
    for part in parts:
        by_topic.setdefault(part.topic, []).append(part)
    if not by_topic:
        return None
    order = sorted(by_topic, key=lambda topic: (not _behind(broker, by_topic[topic]), topic))
    lines = [(topic, _line(broker, by_topic[topic])) for topic in order[:TOPICS]]
    if len(order) > TOPICS:
        lines.append(("", Cell(f"and {len(order) - TOPICS} topics more", Tone.MUTED)))
    lines.append(
        ("", Cell(f"{LEADS} leads  {FOLLOWS} follows  {BEHIND} not in sync  {ELSEWHERE} elsewhere", Tone.MUTED))
    )
    return Section("partitions by topic", tuple(lines))


def _behind(broker: int, parts: Iterable[Partition]) -> int:
    return sum(broker in part.replicas and broker not in part.isr for part in parts)


def _line(broker: int, parts: list[Partition]) -> Cell:
    signs = {part.number: _sign(broker, part) for part in parts}
    last = max(signs)
    text = "".join(signs.get(number, ELSEWHERE) for number in range(min(last + 1, WIDE)))
    behind = _behind(broker, parts)
    more = f" and {last + 1 - WIDE} more" if last >= WIDE else ""
    words = f", {behind} not in sync" if behind else ""
    led = sum(part.leader == broker for part in parts)
    return Cell(f"{text}{more}  leads {led} of {len(parts)} here{words}", Tone.WARN if behind else Tone.PLAIN)


def _sign(broker: int, part: Partition) -> str:
    if part.leader == broker:
        return LEADS
    if broker not in part.replicas:
        return ELSEWHERE
    return FOLLOWS if broker in part.isr else BEHIND
