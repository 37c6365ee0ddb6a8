"""Rows of members, from answers of real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.model import NodeName, Ref
from plugins.rabbitmq.model import nodes

SAMPLES = Path(__file__).parent / "samples"


def rows(name: str, seat: nodes.Seat | None = None) -> list[nodes.MemberRow]:
    return [nodes.member(wire, seat) for wire in nodes.NODES.decode((SAMPLES / name).read_bytes())]


def test_members_of_a_real_server() -> None:
    found = rows("nodes-3.10.json")
    assert [row.name for row in found] == ["rabbit-0@localhost", "rabbit-1@localhost", "rabbit-2@localhost"]
    first = found[0]
    assert (first.state, first.version, first.kind) == ("running", "3.10.8", "disc")
    assert first.memory_limit == 400_000_000
    assert first.disk_limit == 50_000_000
    assert first.drained is None, "3.10 does not say whether it is drained"


def test_the_seat_is_on_the_row() -> None:
    row = rows("nodes-3.10.json", nodes.Seat(Ref("pod", "rabbit-0", "shop"), NodeName("node1"), proved=True))[0]
    assert (row.namespace, row.pod, row.node, row.proved) == ("shop", "rabbit-0", "node1", True)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b'[{"name":"a","running":false}]', "stopped"),
        (b'[{"name":"a"}]', "unknown"),
        (b'[{"name":"a","running":true,"partitions":["b"]}]', "partitioned"),
        (b'[{"name":"a","running":true,"mem_alarm":true}]', "alarm"),
        (b'[{"name":"a","running":true,"being_drained":true}]', "drained"),
        (b'[{"name":"a","running":true,"fd_used":"unknown","partitions":""}]', "running"),
    ],
)
def test_states(answer: bytes, state: str) -> None:
    row = nodes.member(nodes.NODES.decode(answer)[0], None)
    assert row.state == state
    assert row.files is None, "what is not a number is unknown, not zero"
    assert row.memory is None


def test_names_with_escapes_are_harmless() -> None:
    row = nodes.member(nodes.NODES.decode(b'[{"name":"rabbit@\\u001b]52;c;x\\u0007"}]')[0], None)
    assert "\x1b" not in row.name
