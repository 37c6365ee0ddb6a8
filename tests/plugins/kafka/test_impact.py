"""What falls when a broker goes: the cases by which drains are judged too."""

from __future__ import annotations

import pytest

from plugins.kafka.model.impact import ALWAYS, OFFLINE, UNDER, UNKNOWN, falls, fate
from plugins.kafka.model.wire import Part

T, B, C = 0, 1, 2


def part(replicas: list[int], isr: list[int], leader: int | None = None, number: int = 0) -> Part:
    led = leader if leader is not None else isr[0] if isr else -1
    return Part("orders", number, led, tuple(replicas), tuple(isr), (), 0, internal=False)


@pytest.mark.parametrize(
    ("replicas", "isr", "least", "what"),
    [
        ([T, B, C], [T, B, C], 2, None),
        ([T, B, C], [T, B], 2, UNDER),
        ([T, B, C], [B, C], 2, None),
        ([T, B, C], [B], 2, UNDER),
        ([T, B], [T, B], 2, ALWAYS),
        ([T], [T], 1, OFFLINE),
        ([T, B, C], [T], 1, OFFLINE),
        ([T, B, C], [T, B, C], None, UNKNOWN),
        ([T, B, C], [], 2, OFFLINE),
    ],
)
def test_the_fate_of_a_partition_without_a_broker(
    replicas: list[int], isr: list[int], least: int | None, what: int | None
) -> None:
    assert fate(part(replicas, isr), T, least) == what


def test_every_broker_gets_its_own_list() -> None:
    parts = [part([T, B, C], [T, B], number=0), part([B, C, T], [B, C, T], number=1), part([C], [C], number=2)]
    found = falls(parts, {"orders": 2})
    assert found[T].under == found[B].under == ("orders/0",)
    assert found[T].counts == (0, 1, 0, 0)
    assert found[C].offline == ("orders/2",)
    assert found[C].counts == (1, 0, 0, 0), "a replica that is not in sync is missed by nobody"
    assert not found[C].safe
    assert falls([part([T, B, C], [T, B, C])], {"orders": 2})[T].safe
