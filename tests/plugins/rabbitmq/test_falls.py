"""Which queues lose what when a member goes: of rows, of whole tables, and as the pane shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.fence import Fence
from console.model import InstanceId, Tone
from console.plugin import Cell
from console.store import Store
from plugins.rabbitmq.joins import JOINS
from plugins.rabbitmq.model import queues, tables
from plugins.rabbitmq.model.falls import ANY, Fall, Loss, losses
from plugins.rabbitmq.model.nodes import MemberRow
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.panes import falling
from plugins.rabbitmq.panes.nodes import COLUMNS
from tests.plugins.rabbitmq.test_checks import queue

UP = [MemberRow(name=name, running=True) for name in "abc"]


def wire(answer: bytes) -> QueueRow:
    return queues.queue(queues.PAGES.decode(b'{"items":[' + answer + b"]}").items[0], frozenset("abc"))


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        (queue("abc"), []),
        (queue("ab"), [(Loss.MAJORITY, "a"), (Loss.MAJORITY, "b")]),
        (queue("a"), [(Loss.MAJORITY, "a")]),
        (queue("abcde", members="abcde"), []),
        (queue("abc", members="abcde", kind="stream"), [(Loss.MAJORITY, one) for one in "abc"]),
        (queue("ab", members="ab"), [(Loss.MAJORITY, "a"), (Loss.MAJORITY, "b")]),
        (queue("a", members="a"), [(Loss.ALONE, "a")]),
        (queue("abc", kind="classic", mirrored=True), []),
        (queue("ab", kind="classic", mirrored=True), []),
        (queue("a", kind="classic", mirrored=True), [(Loss.COPY, "a")]),
        (queue("a", members="a", kind="classic"), [(Loss.ALONE, "a")]),
        (queue("", members="a", kind="classic"), []),
        (queue("a", members="a", kind="classic", exclusive=True), []),
        (queue("", told=False), [(Loss.UNKNOWN, one) for one in "abc"]),
        (queue("", members="", told=False), [(Loss.UNKNOWN, ANY)]),
    ],
)
def test_what_a_queue_loses_with_whom(row: QueueRow, lost: list[tuple[Loss, str]]) -> None:
    assert list(losses(row)) == lost


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b'{"name":"q","vhost":"/","type":"quorum","leader":"a","members":["a","b"],"online":["a"]}', True),
        (b'{"name":"q","vhost":"/","type":"quorum","leader":"a","members":["a","b"]}', False),
        (b'{"name":"q","vhost":"/","type":"quorum","leader":"a"}', False),
        (b'{"name":"q","vhost":"/","type":"classic","node":"a","slave_nodes":["b"]}', False),
        (b'{"name":"q","vhost":"/","node":"a","slave_nodes":["b"],"synchronised_slave_nodes":[]}', True),
        (b'{"name":"q","vhost":"/","node":"a","slave_nodes":"","synchronised_slave_nodes":""}', True),
        (b'{"name":"q","vhost":"/","type":"classic","state":"down"}', False),
    ],
)
def test_what_an_answer_does_not_say_is_unknown(answer: bytes, told: bool) -> None:  # noqa: FBT001
    row = wire(answer)
    assert row.told is told
    assert any(loss is Loss.UNKNOWN for loss, _ in losses(row)) is not told


def fallen(members: Sequence[MemberRow], rows: Sequence[QueueRow], *, whole: bool = True) -> dict[str, Fall]:
    """The join over a store, as the console keeps it."""
    store, instance = Store(SYSTEM_CLOCK, Fence()), InstanceId("rabbitmq", "x")
    store.rows(instance, tables.QUEUES).change(rows)
    if whole:
        store.rows(instance, tables.QUEUES).end()
    join: Any = next(one for one in JOINS if one.table is tables.FALLS)
    facts = store.facts(instance)
    return {one.name: one for row in members for one in join.build(row, facts)}


def test_members_count_what_goes_with_them() -> None:
    rows = [
        queue("ab", name="q1"), queue("ab", name="q2"), queue("abc", name="fine"),
        queue("a", kind="classic", mirrored=True, name="m"), queue("b", members="b", kind="classic", name="p"),
        queue("", members="", told=False, name="dark"),
    ]  # fmt: skip
    found = fallen([*UP[:2], MemberRow(name="c", running=False)], rows)
    assert [found[one].counts for one in "abc"] == [(2, 1, 0, 1), (2, 0, 1, 1), (0, 0, 0, 1)]
    assert falling.cell(found["a"]) == Cell("2 lose majority, 1 lose last copy, 1 unknown", Tone.BAD)
    assert falling.cell(found["b"]) == Cell("2 lose majority, 1 away, 1 unknown", Tone.BAD)
    assert falling.cell(found["c"]).text == "-", "it is gone already"
    assert falling.exported(found["a"]) == {"majority": 2, "copy": 1, "alone": 0, "unknown": 1}


def test_until_all_queues_were_read_nobody_goes_without_loss() -> None:
    half = fallen(UP, [queue("abc")], whole=False)["a"]
    assert (falling.cell(half).text, falling.exported(half), falling.sorted_by(half)) == ("?", None, None)
    assert falling.cell(None).text == "?"
    silent = fallen([MemberRow(name="a", running=None)], [queue("abc")])["a"]
    assert falling.cell(silent).text == "?"
    assert falling.cell(fallen(UP, [queue("abc")])["a"]) == Cell("nothing", Tone.OK)


def test_the_details_name_them() -> None:
    store, instance = Store(SYSTEM_CLOCK, Fence()), InstanceId("rabbitmq", "x")
    store.rows(instance, tables.QUEUES).change([queue("ab", name=f"q{n:02}") for n in range(60)])
    [told] = falling.sections("a", store.facts(instance))
    assert told.title == "if it goes: 60 queues, without it they have no majority"
    assert len(told.lines) == 50
    assert told.lines[0][1] == Cell("/ q00", Tone.BAD)
    assert not falling.sections("c", store.facts(instance))


def test_the_worst_comes_first() -> None:
    column = next(one for one in COLUMNS if one.title == "IF IT GOES")
    found = fallen(UP, [queue("ab", name="q"), queue("a", members="a", kind="classic", name="p")])
    order: list[Any] = sorted([column.value(found[name]), name] for name in "cba")
    assert [name for _, name in order] == ["a", "b", "c"]
