"""Rows of queues, from answers of real servers, and of versions that answer otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.model import Tone
from console.plugin import Cell
from plugins.rabbitmq.model import queues
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.panes.queues import copies, describe
from tests.plugins.redis.facts import Rows

SAMPLES = Path(__file__).parent / "samples"
ALL = frozenset({"rabbit-0@localhost", "rabbit-1@localhost", "rabbit-2@localhost"})


def rows(name: str, running: frozenset[str] | None = ALL) -> dict[str, QueueRow]:
    page = queues.PAGES.decode((SAMPLES / name).read_bytes())
    return {row.name: row for row in (queues.queue(wire, running) for wire in page.items)}


def one(answer: bytes, running: frozenset[str] | None = None) -> QueueRow:
    return queues.queue(queues.PAGES.decode(b'{"items":[' + answer + b"]}").items[0], running)


def test_queues_of_a_real_server() -> None:
    found = rows("queues-3.10.json")
    orders, invoices, plain = found["orders.new"], found["ha.invoices"], found["plain"]
    assert (orders.kind, orders.ready, len(orders.members), orders.missing) == ("quorum", 40, 3, ())
    assert (invoices.mirrored, copies(invoices).text, invoices.policy) == (True, "3/3", "ha-all")
    assert (plain.alone, copies(plain).text, plain.rate_in) == (True, "alone", None)
    assert not any(row.fault for row in found.values())


def test_a_stopped_member_serves_nothing_although_an_answer_still_names_it() -> None:
    raw = rows("queues-stopped-3.10.json", None)["orders.new"]
    assert raw.missing == (), "the server still says that all three are online"
    found = rows("queues-stopped-3.10.json", ALL - {"rabbit-2@localhost"})
    assert found["orders.new"].missing == ("rabbit-2@localhost",)
    assert copies(found["orders.new"]).text == "2/3"
    assert (found["dead"].state, found["dead"].fault, copies(found["dead"]).text) == ("down", True, "alone, down")


def test_a_drained_member_is_missing_and_an_absent_state_is_unknown() -> None:
    found = rows("queues-drained-3.10.json")
    assert all(found[name].missing == ("rabbit-1@localhost",) for name in ("orders.new", "orders.paid"))
    assert found["orders.new"].state == ""
    assert found["orders.new"].fault


def test_a_mirror_that_is_not_synchronised_is_missing() -> None:
    row = one(b'{"name":"q","vhost":"/","node":"a","slave_nodes":["b","c"],"synchronised_slave_nodes":["b"]}')
    assert (row.members, row.online, row.missing) == (("a", "b", "c"), ("a", "b"), ("c",))


def test_version_3_7_has_no_types_and_empty_texts_for_nothing() -> None:
    row = one(
        b'{"name":"myName","vhost":"/rabbit","node":"a","slave_nodes":"","synchronised_slave_nodes":"","policy":null,'
        b'"state":"running","arguments":[],"message_stats":[],"memory":"","messages_ready":0}'
    )
    assert (row.kind, row.members, row.alone, row.policy) == ("classic", ("a",), True, "")
    assert (row.memory, row.ready, row.rate_in) == (None, 0, None)


def test_what_is_not_collected_is_unknown() -> None:
    row = one(b'{"name":"q","vhost":"/","type":"quorum","members":["a","b","c"],"leader":"a"}')
    assert (row.ready, row.unacked, row.consumers, row.state) == (None, None, None, "")
    assert row.missing == ("a", "b", "c"), "nobody says that a copy is there"


def test_names_are_harmless_and_distinct() -> None:
    first = one(rb'{"name":"a/\u001b[2Jb","vhost":"/"}')
    second = one(rb'{"name":"b","vhost":"//a"}')
    assert "\x1b" not in first.name
    assert first.at == "%2F/a%2F%1B%5B2Jb", "the address is that of the true name"
    assert first.at != second.at


def test_quorum() -> None:
    assert [
        QueueRow(at="", vhost="", name="", kind=kind, members=tuple("abcde"[:count])).quorum
        for kind, count in (("classic", 3), ("quorum", 3), ("quorum", 2), ("stream", 5))
    ] == [1, 2, 2, 3]


@pytest.mark.parametrize(
    ("online", "said", "tone"),
    [
        ("abc", "3 copies, quorum 2, 3 in sync: one may go", Tone.OK),
        ("ab", "3 copies, quorum 2, 2 in sync: none may go", Tone.WARN),
        ("a", "3 copies, quorum 2, 1 in sync: it takes no messages", Tone.BAD),
    ],
)
def test_the_details_say_how_many_copies_may_go(online: str, said: str, tone: Tone) -> None:
    row = QueueRow(at="", vhost="/", name="q", kind="quorum", leader="a", members=tuple("abc"), online=tuple(online))
    lines = next(one for one in describe(row, Rows({})) if one.title == "ring of copies").lines
    assert lines[0] == ("quorum", Cell(said, tone))
    drawn = {"abc": "╭─◆─●─╮", "ab": "╭─◆─●─╮", "a": "╭─◆─✗─╮"}
    assert lines[1] == ("", Cell(drawn[online]))
    assert [name for name, _ in lines[3:]] == ["a", "b", "c"]
