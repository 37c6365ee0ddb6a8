"""A broker's partitions drawn by topic."""

from __future__ import annotations

from console.model import Tone
from plugins.kafka.model.rows import Partition
from plugins.kafka.panes import picture


def part(topic: str, number: int, leader: int, replicas: tuple[int, ...], isr: tuple[int, ...]) -> Partition:
    return Partition(topic, number, leader, replicas, isr)


def test_what_it_leads_follows_and_is_behind_on() -> None:
    parts = [
        part("a", 0, 1, (1, 2), (1, 2)),
        part("a", 2, 2, (2, 1), (2, 1)),
        part("b", 0, 2, (2, 1), (2,)),
        part("b", 1, 1, (1, 2), (1, 2)),
    ]
    section = picture.of_broker(1, parts)
    assert section is not None
    lines = dict(section.lines)
    assert [label for label, _ in section.lines[:2]] == ["b", "a"], "what is behind comes first"
    assert lines["a"].text.startswith("█·▒  leads 1 of 2 here")
    assert lines["b"].text == "!█  leads 1 of 2 here, 1 not in sync"
    assert (lines["a"].tone, lines["b"].tone) == (Tone.PLAIN, Tone.WARN)


def test_nothing_and_very_much() -> None:
    assert picture.of_broker(1, []) is None
    many = [part(f"t-{n:03}", number, 1, (1,), (1,)) for n in range(100) for number in (0, 99)]
    section = picture.of_broker(1, many)
    assert section is not None
    assert len(section.lines) == picture.TOPICS + 2
    assert section.lines[0][1].text == f"█{'·' * 63} and 36 more  leads 2 of 2 here"
    assert section.lines[-2][1].text == "and 76 topics more"
