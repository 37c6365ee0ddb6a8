"""If this broker goes: which partitions go offline or under min ISR. Pure; the one rule that panes and drains share.

After Strimzi's KafkaAvailability: a partition with B among its replicas is in the way when B is in sync and one less
is under min ISR, or when it is under min ISR already. Where there are as many replicas as min ISR, any restart stops
writes, so that is told and not held against it. What is unknown is told as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plugins.kafka.model.rows import Fall
from plugins.kafka.model.wire import Part

SHOWN = 200


def falls(parts: Iterable[Part], min_isr: Mapping[str, int | None]) -> dict[int, Fall]:
    """For every broker that holds a replica, in one pass."""
    found: dict[int, tuple[list[str], list[str], list[str], list[str]]] = {}
    for part in parts:
        least = min_isr.get(part.topic)
        for broker in part.replicas:
            kind = fate(part, broker, least)
            lists = found.setdefault(broker, ([], [], [], []))
            if kind is not None:
                lists[kind].append(f"{part.topic}/{part.number}")
    return {broker: _fall(lists) for broker, lists in found.items()}


OFFLINE, UNDER, ALWAYS, UNKNOWN = range(4)


def fate(part: Part, broker: int, least: int | None) -> int | None:
    """What the partition suffers without the broker: OFFLINE, UNDER, ALWAYS, UNKNOWN; None: nothing."""
    in_sync = broker in part.isr
    left = len(part.isr) - in_sync
    if part.leader < 0:
        return OFFLINE if in_sync or not part.isr else None
    if in_sync and left == 0:
        return OFFLINE
    if least is None:
        return UNKNOWN
    if len(part.replicas) <= least:
        return ALWAYS if in_sync else None
    return UNDER if left < least else None


def _fall(lists: tuple[list[str], list[str], list[str], list[str]]) -> Fall:
    offline, under, always, unknown = lists
    return Fall(
        tuple(offline[:SHOWN]),
        tuple(under[:SHOWN]),
        tuple(always[:SHOWN]),
        tuple(unknown[:SHOWN]),
        (len(offline), len(under), len(always), len(unknown)),
    )
