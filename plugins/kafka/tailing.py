"""A topic's messages as its log: the last ones, then each as it comes. Without a group: nothing is committed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.plugin import Facts, LogQuery, Logs
from plugins.kafka.model.rows import Partition, Topic
from plugins.kafka.model.wire import TP

if TYPE_CHECKING:
    from plugins.kafka.client import Client
    from plugins.kafka.client.records import Message

_BEFORE = 50
"""Messages from before the tail at most, over all partitions."""
EVERY = 1.0
"""Seconds between two looks: one Fetch a leader each."""
PARTITIONS = 500
"""Partitions that are named one by one."""


def of_topic(row: Topic, _facts: Facts) -> Sequence[str]:
    """All of it, then each partition."""
    return [row.name, *(f"{row.name}/{number}" for number in range(min(row.partitions, PARTITIONS)))]


def of_partition(row: Partition, _facts: Facts) -> Sequence[str]:
    """It alone."""
    return [row.key]


async def follow(client: Client, row: Topic | Partition, query: LogQuery) -> AsyncIterator[str]:
    """Lines until the log is left. What cannot be read now is a line of its own, and is tried again."""
    topic = row.name if isinstance(row, Topic) else row.topic
    places = await _places(client, topic, query.source)
    at, lines = await _last(client, places, query.tail)
    for one in lines:
        yield str(one)
    if not query.follow:
        return
    yield f"-- new messages of {len(places)} partitions from here"
    trouble = ""
    while True:
        found, said = await _looked(client, at)
        for one in found:
            yield str(one)
        if said:
            if said != trouble:  # once, not every second
                yield f"-- {said}"
            await _clamped(client, places, at)
        trouble = said
        await asyncio.sleep(EVERY)


async def _looked(client: Client, at: dict[TP, int]) -> tuple[list[Message], str]:
    """New messages, and why some leader told none."""
    try:
        found, failed = await _read(client, at)
    except ConsoleError as error:
        return [], str(error)
    return found, str(failed) if failed else ""


async def _clamped(client: Client, places: Sequence[TP], at: dict[TP, int]) -> None:
    """Into what is there now: messages were deleted, leaders have moved, or the topic was made anew."""
    client.metadata.forget()
    with contextlib.suppress(ConsoleError):
        for place, (first, end) in (await _ends(client, places)).items():
            at[place] = min(max(at.get(place, end), first), end)


async def _ends(client: Client, places: Sequence[TP]) -> Mapping[TP, tuple[int, int]]:
    from plugins.kafka.acts import ends_of

    wanted = set(places)
    return await ends_of(client, [p for p in (await client.metadata.get()).parts if (p.topic, p.number) in wanted])


async def _places(client: Client, topic: str, source: str) -> list[TP]:
    _, _, number = source.removeprefix(topic).partition("/")
    parts = (await client.metadata.get()).parts
    return [(p.topic, p.number) for p in parts if p.topic == topic and number in {"", str(p.number)}]


async def _last(client: Client, places: Sequence[TP], tail: int | None) -> tuple[dict[TP, int], list[Message]]:
    """Where each partition ends, and the messages before that."""
    ends = await _ends(client, places)
    count = min(_BEFORE if tail is None else tail, _BEFORE)
    share = -(-count // max(1, len(ends)))
    at = {place: max(first, end - share) for place, (first, end) in ends.items()}
    found = (await _read(client, at))[0] if count else []
    return {place: max(at[place], end) for place, (_, end) in ends.items()}, found[-count:] if count else []


async def _read(client: Client, at: dict[TP, int]) -> tuple[list[Message], ConsoleError | None]:
    """What stands from these offsets on, in the order of time, and a leader's failure; `at` is moved behind it."""
    from plugins.kafka.client import records

    metadata, wire = await client.metadata.get(), await client.wire()
    leaders: dict[int, dict[TP, int]] = {}
    for part in metadata.parts:
        place = (part.topic, part.number)
        if part.leader >= 0 and place in at:
            leaders.setdefault(part.leader, {})[place] = at[place]
    lists = await asyncio.gather(
        *(records.fetch(wire, leader, places, metadata.ids) for leader, places in leaders.items()),
        return_exceptions=True,
    )
    found: list[Message] = []
    failed: ConsoleError | None = None
    for one in lists:
        if isinstance(one, ConsoleError):
            failed = one
        elif isinstance(one, BaseException):
            raise one
        else:
            found += one
    for one in found:
        at[one.topic, one.partition] = max(at[one.topic, one.partition], one.offset + 1)
    return sorted(found, key=lambda one: (one.at, one.partition, one.offset)), failed


TOPIC_LOGS: Logs[Topic] = Logs(sources=of_topic, follow=follow)
PARTITION_LOGS: Logs[Partition] = Logs(sources=of_partition, follow=follow)
