"""The plugin's client before a real Kafka, in a process of its own: its time and its memory are then its alone.

    python -m tests.benchmarks.kafka_load NAME=ADDRESS ...     until its input is closed

NAME is a broker's name within the cluster, which resolves only there. Answers each line of its input with one of JSON:

    fill TOPICS PARTITIONS GROUPS   make them, a third of each group's messages unread; how long that took
    cycle                           all lags, asked anew: seconds, processor time, requests by broker, groups, lag, RSS
    drop                            take away what was made
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from console.clock import SystemClock
from console.plugin import Platform, Stream
from plugins.kafka import sources
from plugins.kafka.client import Client, changing
from plugins.kafka.client.wire import message
from plugins.kafka.config import Cluster, Found
from plugins.kafka.model.build import merged
from plugins.kafka.model.wire import Part, topic_lists
from tests.plugins.rabbitmq.ground import Socket

PORT = 9092
TOPIC, GROUP = "bench-", "bench-readers-"
END, READ = 3, 2
"""Messages in each partition, and how many of them each group has read."""
AHEAD = 10.0
"""Seconds of the client's clock between two cycles, however soon they follow: windows move, nothing is remembered."""
_LONG, _PATIENCE = 120.0, 900.0
"""Seconds for one request, and for what many of them make."""
_MANY = 20
"""Topics made in one request; a controller takes 10,000 partitions at most."""
_PAGE = os.sysconf("SC_PAGESIZE")


class Hurried(SystemClock):
    """The machine's clock, set ahead again and again."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class Names:
    """Of a platform what the client's connections need: a way to each name."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses

    async def dial(self, host: str, port: int) -> Stream:
        return Socket(*await asyncio.open_connection(self._addresses[host.partition(".cluster.local")[0]], port))


class Load:
    """See the module."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._clock = Hurried()
        platform = cast("Platform", Names(addresses))
        bootstrap = tuple((name, PORT) for name in addresses)
        cluster = Cluster("kafka/bench", bootstrap, found=Found("kafka", "bench"))
        self.client = Client(cluster, platform, self._clock)

    async def fill(self, topics: int, partitions: int, groups: int) -> float:
        """Seconds. RF 1: what a cycle costs depends on partitions, not on their copies."""
        before = time.monotonic()
        left = [part for part in (await self.client.metadata.get()).parts if part.topic.startswith(TOPIC)]
        if {part.topic for part in left} - {f"{TOPIC}{n}" for n in range(topics)} or len(left) % partitions:
            await self.drop()  # of a run of another size that was ended
        await self._topics(topics, partitions)
        await self._records(topics * partitions)
        await self._groups(groups, topics, partitions)
        return time.monotonic() - before

    async def cycle(self) -> Mapping[str, Any]:
        """Rows of all groups, from nothing that was remembered."""
        self._clock.ahead += AHEAD
        before, asked, used = time.perf_counter(), self.client.requests, time.process_time()
        rows = list(await sources.groups(self.client))
        took, cpu = time.perf_counter() - before, time.process_time() - used
        spent = {node: count - asked.get(node, 0) for node, count in self.client.requests.items()}
        ours = [row for row in rows if row.name.startswith(GROUP)]
        told = {
            "seconds": took,
            "cpu": cpu,
            "requests": {node: count for node, count in spent.items() if count},
            "groups": len(ours),
            "lag": sum(row.behind or 0 for row in ours),
            "faults": sum(bool(row.error) for row in rows),
        }
        del rows, ours
        gc.collect()
        return {**told, "rss": int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE}

    async def drop(self) -> int:
        """How many topics went, with the groups before them."""
        wire = await self.client.wire()
        for row in await sources.groups(self.client):
            if row.name.startswith(GROUP):
                await changing.delete_group(wire, row.coordinator, row.name)
        self.client.changed()
        names = sorted(name for name in (await self.client.metadata.get()).ids if name.startswith(TOPIC))
        for some in _batches(names):
            request = message("DeleteTopicsRequest")(topic_names=some, timeout_ms=int(_LONG * 1000), max_version=5)
            await self._to_controller(request)

        async def gone() -> bool:
            self.client.changed()
            return not any(name.startswith(TOPIC) for name in (await self.client.metadata.get()).ids)

        await _until(gone, "topics do not go")
        return len(names)

    async def _topics(self, topics: int, partitions: int) -> None:
        request = message("CreateTopicsRequest")
        kind = request.CreatableTopic
        small = [kind.CreatableTopicConfig(name="segment.index.bytes", value="4096")]
        for some in _batches(range(topics)):
            wanted = [
                kind(
                    name=f"{TOPIC}{n}",
                    num_partitions=partitions,
                    replication_factor=1,
                    assignments=[],
                    configs=[*small, kind.CreatableTopicConfig(name="min.insync.replicas", value="1")],
                )
                for n in some
            ]
            made = request(topics=wanted, timeout_ms=int(_LONG * 1000), validate_only=False)
            answer = await self._to_controller(made)
            assert all(one.error_code in {0, 36} for one in answer.topics), answer

        async def led() -> bool:
            self.client.changed()
            parts = [part for part in (await self.client.metadata.get()).parts if part.topic.startswith(TOPIC)]
            return len(parts) == topics * partitions and all(part.leader >= 0 for part in parts)

        await _until(led, "partitions have no leader")

    async def _records(self, partitions: int) -> None:
        """A batch into each partition that has none, by one request a leader and a few topics."""
        data = _batch()

        async def filled() -> bool:
            self.client.changed()
            ends = merged(await self.client.latest.get())
            held = await self.client.metadata.get()
            ours = [part for part in held.parts if part.topic.startswith(TOPIC)]
            empty = [part for part in ours if not ends.get((part.topic, part.number))]
            for node in {part.leader for part in empty}:
                await self._produce(node, [part for part in empty if part.leader == node], data, held.ids)
            return len(ours) == partitions and not empty

        await _until(filled, "partitions stay empty")

    async def _produce(self, node: int, parts: Sequence[Part], data: bytes, ids: Mapping[str, Any]) -> None:
        """What is refused, by a leader that does not know so yet, is written the next time."""
        wire, request = await self.client.wire(), message("ProduceRequest")
        kind = request.TopicProduceData
        places = topic_lists((part.topic, part.number) for part in parts)
        for some in _batches(sorted(places)):
            topics = [
                kind(
                    name=name,
                    topic_id=ids[name],
                    partition_data=[kind.PartitionProduceData(index=n, records=data) for n in places[name]],
                )
                for name in some
            ]
            made = request(transactional_id=None, acks=1, timeout_ms=int(_LONG * 1000), topic_data=topics)
            await wire.send(made, node, within=_LONG)

    async def _groups(self, groups: int, topics: int, partitions: int) -> None:
        """Each reads one topic; its coordinator leads the partition of the offsets' topic that its name falls into."""
        held = await self.client.metadata.get()
        leaders = {part.number: part.leader for part in held.parts if part.topic == "__consumer_offsets"}
        wire = await self.client.wire()

        async def commit(number: int) -> None:
            name = f"{GROUP}{number}"
            places = {(f"{TOPIC}{number % topics}", part): READ for part in range(partitions)}
            await changing.commit(wire, leaders[_hash(name) % len(leaders)], name, places)

        for some in _batches(range(groups)):
            await asyncio.gather(*map(commit, some))

    async def _to_controller(self, request: Any) -> Any:
        held = await self.client.metadata.get()
        return await (await self.client.wire()).send(request, held.controller, within=_LONG)


def _batch() -> bytes:
    from kafka.record import MemoryRecordsBuilder

    builder: Any = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=4096)
    for _ in range(END):
        builder.append(timestamp=int(time.time() * 1000), key=None, value=b"x", headers=[])
    builder.close()
    return bytes(builder.buffer())


def _hash(text: str) -> int:
    """As brokers have it: Java's hash of a text, without its sign."""
    found = 0
    for letter in text:
        found = (31 * found + ord(letter)) & 0xFFFFFFFF
    return abs(found - (1 << 32) if found >= 1 << 31 else found)


def _batches(every: Iterable[Any]) -> Iterable[Sequence[Any]]:
    held = list(every)
    return (held[start : start + _MANY] for start in range(0, len(held), _MANY))


async def _until(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not await is_so():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.2)


async def serve(addresses: Mapping[str, str]) -> None:
    """Until the input is closed."""
    load = Load(addresses)
    try:
        print("ready", flush=True)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            verb, *numbers = line.split()
            said = await {"fill": load.fill, "cycle": load.cycle, "drop": load.drop}[verb](*map(int, numbers))
            print(json.dumps(said), flush=True)
    finally:
        await load.client.aclose()


if __name__ == "__main__":
    asyncio.run(serve(dict(pair.split("=") for pair in sys.argv[1:])))
