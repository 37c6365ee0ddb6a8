"""Messages: a few are read from a leader without any group, and one is written. Bounded in count, bytes and time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from console.errors import Rejected
from console.format import timestamp
from console.text import clean
from plugins.kafka.client.failures import answer_error
from plugins.kafka.client.wire import Wire, message
from plugins.kafka.model.wire import NAME, TP, topic_lists

MOST = 200
"""Messages of one peek at most."""
BYTES = 1024 * 1024
"""Bytes asked for per partition; a message that is larger still comes whole (KIP-74)."""
SHOWN = 400
"""Characters shown of a value."""
WAIT_MS = 300


class Message(Struct, frozen=True):
    """One record, as text: `at` in epoch seconds, headers as pairs."""

    topic: str
    partition: int
    offset: int
    at: float
    key: str
    value: str
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        heads = f" {{{', '.join(f'{name}: {text}' for name, text in self.headers)}}}" if self.headers else ""
        return f"{self.partition}@{self.offset} {timestamp(self.at)} {self.key or '-'}{heads}: {self.value}"


async def peek(wire: Wire, leader: int, place: tuple[str, Any, int], *, offset: int, count: int) -> Sequence[Message]:
    """Up to `count` messages from `offset` on. `place`: topic, its id, partition. Commits nothing."""
    topic, uid, number = place
    found = await fetch(wire, leader, {(topic, number): offset}, {topic: uid}, wait_ms=WAIT_MS)
    return found[: min(count, MOST)]


async def fetch(
    wire: Wire, leader: int, at: Mapping[TP, int], ids: Mapping[str, Any], *, wait_ms: int = 0
) -> list[Message]:
    """Messages of a leader's partitions from these offsets on, at most `MOST` each, in one request.

    Raises what the broker says of the first partition that cannot be read.
    """
    request = message("FetchRequest")
    by_id = {uid: topic for topic, uid in ids.items() if getattr(uid, "int", 0)}
    topics = [
        request.FetchTopic(topic=topic, topic_id=ids.get(topic), partitions=[_wanted(n, at[topic, n]) for n in numbers])
        for topic, numbers in topic_lists(at).items()
    ]
    made = request(
        replica_id=-1,
        max_wait_ms=wait_ms,
        min_bytes=1,
        max_bytes=BYTES,
        isolation_level=0,
        session_id=0,
        session_epoch=-1,
        topics=topics,
        forgotten_topics_data=[],
        rack_id="",
        min_version=4,
        max_version=18 if all(ids.get(topic) in by_id for topic, _ in at) else 12,
    )
    answer = await wire.send(made, leader)
    _raise(answer.error_code, f"broker {leader}")
    found: list[Message] = []
    for some in answer.responses:
        topic = by_id.get(some.topic_id, "") if answer.version >= 13 else clean(some.topic, NAME)  # noqa: PLR2004
        for one in some.partitions:
            place = (topic, one.partition_index)
            _raise(one.error_code, f"{topic}/{one.partition_index}")
            found += await asyncio.to_thread(_decoded, one.records, (*place, at[place]), MOST)
    return found


def _wanted(number: int, offset: int) -> Any:
    return message("FetchRequest").FetchTopic.FetchPartition(
        partition=number,
        current_leader_epoch=-1,
        fetch_offset=offset,
        last_fetched_epoch=-1,
        log_start_offset=-1,
        partition_max_bytes=BYTES,
    )


def _decoded(data: Any, place: tuple[str, int, int], count: int) -> list[Message]:
    from kafka.record import MemoryRecords

    topic, number, offset = place
    found: list[Message] = []
    if not data:
        return found
    records: Any = MemoryRecords(bytes(data))
    while (batch := records.next_batch()) is not None:
        if getattr(batch, "is_control_batch", False):
            continue
        for one in batch:
            if one.offset < offset:  # a batch is sent whole
                continue
            if len(found) >= count:
                return found
            heads = tuple((clean(str(name), 80), text(value, 80)) for name, value in one.headers or ())
            found.append(
                Message(
                    topic,
                    number,
                    one.offset,
                    one.timestamp / 1000,
                    text(one.key, 120) if one.key is not None else "",
                    text(one.value),
                    heads,
                )
            )
    return found


def text(data: bytes | bytearray | memoryview | None, limit: int = SHOWN) -> str:
    """Bytes as a person reads them: JSON compact, else text, else hex; `null` where there are none."""
    if data is None:
        return "null"
    raw = bytes(data[: limit * 8])
    try:
        plain = bytes(data).decode("utf-8")
    except UnicodeDecodeError:
        return f"0x{raw[: limit // 2].hex()}{'…' if len(data) > limit // 2 else ''}"
    if plain[:1] in {"{", "["}:
        with contextlib.suppress(ValueError):
            plain = json.dumps(json.loads(plain), ensure_ascii=False, separators=(",", ":"))
    if sum(not c.isprintable() and c not in "\n\r\t" for c in plain) > len(plain) // 10:
        return f"0x{raw[: limit // 2].hex()}{'…' if len(data) > limit // 2 else ''}"
    return clean(plain, limit)


async def produce(wire: Wire, leader: int, place: tuple[str, Any, int], record: tuple[str, str, float]) -> int:
    """Write one message (key, value, epoch s) with acks=all; its offset. Raises Rejected where too few are in sync."""
    topic, uid, number = place
    data = await asyncio.to_thread(_batch, *record)
    request = message("ProduceRequest")
    part = request.TopicProduceData.PartitionProduceData(index=number, records=data)
    made = request(
        transactional_id=None,
        acks=-1,
        timeout_ms=10_000,
        topic_data=[request.TopicProduceData(name=topic, topic_id=uid, partition_data=[part])],
        min_version=3,
        max_version=13 if getattr(uid, "int", 0) else 12,
    )
    answer = await wire.send(made, leader, within=12.0)
    for one in (part for some in answer.responses for part in some.partition_responses):
        _raise(one.error_code, f"{topic}/{number}", one.error_message)
        return int(one.base_offset)
    raise Rejected("the broker said nothing about the message", where=f"{topic}/{number}")


def _batch(key: str, value: str, at: float) -> bytes:
    from kafka.record import MemoryRecordsBuilder

    builder: Any = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=BYTES)
    stamp = int(at * 1000)
    builder.append(
        timestamp=stamp, key=key.encode() if key else None, value=value.encode(), headers=[("by", b"pilothouse")]
    )
    builder.close()
    return bytes(builder.buffer())


def _raise(code: int | None, where: str, said: str | None = None) -> None:
    error = answer_error(code or 0, said, where)
    if error is not None:
        raise error
