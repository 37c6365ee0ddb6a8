"""A broker's partitions as a picture in text: one line a topic (more where it is long), one sign a partition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.model import Tone
from console.plugin import Cell, Section
from plugins.kafka.model.rows import Partition

LEADS, FOLLOWS, BEHIND, ELSEWHERE = "█", "▒", "!", "·"
WIDE, LINES, TOPICS = 40, 4, 24
"""Partitions in a line (which fits beside a name in 80 columns), lines of a topic, topics: beyond them it counts."""
NAMED, NUMBERS = 10, 12
"""Topics and numbers of partitions in a list."""


def by_topic(names: Sequence[str], number: int, tone: Tone) -> tuple[tuple[str, Cell], ...]:
    """Partitions (`topic/number`) as a line a topic; `number` is how many there are, where not all are named."""
    found: dict[str, list[str]] = {}
    for name in names:
        topic, _, part = name.rpartition("/")
        found.setdefault(topic, []).append(part)
    lines = [(topic, Cell(_few(parts), tone)) for topic, parts in list(found.items())[:NAMED]]
    rest = number - sum(len(parts) for parts in list(found.values())[:NAMED])
    return (*lines, ("", Cell(f"and {rest} more", Tone.MUTED))) if rest else tuple(lines)


def _few(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - NUMBERS} more" if len(parts) > NUMBERS else ""
    return f"{', '.join(parts[:NUMBERS])}{more}"


def of_broker(broker: int, parts: Iterable[Partition]) -> Section | None:
    """What it leads, follows and is behind on; None where it holds nothing. Topics with something behind come first."""
    by_topic: dict[str, list[Partition]] = {}
    for part in parts:
        by_topic.setdefault(part.topic, []).append(part)
    if not by_topic:
        return None
    order = sorted(by_topic, key=lambda topic: (not _behind(broker, by_topic[topic]), topic))
    lines = [line for topic in order[:TOPICS] for line in _lines(broker, topic, by_topic[topic])]
    if len(order) > TOPICS:
        lines.append(("", Cell(f"and {len(order) - TOPICS} topics more", Tone.MUTED)))
    lines.append(
        ("", Cell(f"{LEADS} leads  {FOLLOWS} follows  {BEHIND} not in sync  {ELSEWHERE} elsewhere", Tone.MUTED))
    )
    return Section("partitions by topic", tuple(lines))


def _behind(broker: int, parts: Iterable[Partition]) -> int:
    return sum(broker in part.replicas and broker not in part.isr for part in parts)


def _lines(broker: int, topic: str, parts: list[Partition]) -> list[tuple[str, Cell]]:
    """Without a tone that has a glyph of its own: the lines stand under each other."""
    signs = {part.number: _sign(broker, part) for part in parts}
    count = max(signs) + 1
    text = "".join(signs.get(number, ELSEWHERE) for number in range(min(count, WIDE * LINES)))
    rows = [text[at : at + WIDE] for at in range(0, len(text), WIDE)]
    more = f" and {count - WIDE * LINES} more" if count > WIDE * LINES else ""
    behind = _behind(broker, parts)
    words = f", {behind} not in sync" if behind else ""
    led = sum(part.leader == broker for part in parts)
    rows[-1] += f"{more}  leads {led} of {len(parts)} here{words}"
    return [("" if at else topic, Cell(row)) for at, row in enumerate(rows)]


def _sign(broker: int, part: Partition) -> str:
    if part.leader == broker:
        return LEADS
    if broker not in part.replicas:
        return ELSEWHERE
    return FOLLOWS if broker in part.isr else BEHIND
