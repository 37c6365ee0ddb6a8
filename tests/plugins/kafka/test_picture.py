"""A broker's partitions drawn by topic."""

from __future__ import annotations

from console.model import Tone
from console.plugin import Cell
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
    assert {cell.tone for _, cell in section.lines[:2]} == {Tone.PLAIN}, "a glyph would move one map beside the other"


def test_nothing_and_very_much() -> None:
    assert picture.of_broker(1, []) is None
    many = [part(f"t-{n:03}", number, 1, (1,), (1,)) for n in range(100) for number in (0, 3)]
    section = picture.of_broker(1, many)
    assert section is not None
    assert len(section.lines) == picture.TOPICS + 2
    assert section.lines[0] == ("t-000", Cell("█··█  leads 2 of 2 here"))
    assert section.lines[-2][1].text == "and 76 topics more"


def test_a_topic_of_many_partitions_takes_several_lines_that_fit_in_80_columns() -> None:
    section = picture.of_broker(1, [part("clicks", number, 1, (1,), (1,)) for number in (0, 99)])
    assert section is not None
    assert [(label, cell.text) for label, cell in section.lines[:-1]] == [
        ("clicks", f"█{'·' * 39}"),
        ("", "·" * 40),
        ("", f"{'·' * 19}█  leads 2 of 2 here"),
    ]
    section = picture.of_broker(1, [part("clicks", 999, 1, (1,), (1,))])
    assert section is not None
    assert len(section.lines) == picture.LINES + 1
    assert section.lines[-2][1].text == f"{'·' * 40} and 840 more  leads 1 of 1 here"


def test_partitions_are_named_by_topic() -> None:
    names = [f"t-{topic:02}/{number}" for topic in range(11) for number in range(14 if topic == 1 else 2)]
    lines = picture.by_topic(names, 400, Tone.BAD)
    assert lines[0] == ("t-00", Cell("0, 1", Tone.BAD))
    assert lines[1] == ("t-01", Cell("0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more", Tone.BAD))
    assert lines[-1] == ("", Cell("and 368 more", Tone.MUTED)), "of which not all are named"
    assert len(lines) == picture.NAMED + 1
    assert picture.by_topic(["a/0"], 1, Tone.BAD) == (("a", Cell("0", Tone.BAD)),)
