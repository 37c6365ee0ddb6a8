"""The systems on the platform at size, before their simulators: what many topics and queues cost."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from plugins.pulsar.model.topics import decode, topic_rows
from plugins.pulsar.model.wire import Bundle
from plugins.rabbitmq.client.paging import BETWEEN
from tests.benchmarks.figure import Figure, median
from tests.benchmarks.stage import Stage
from tests.plugins.rabbitmq.bench import named, serving, small

TOPICS, QUEUES = 20_000, 20_000
_SAMPLE = Path(__file__).parents[1] / "plugins/pulsar/samples/broker-stats-topics-0.json"


def pulsar(stage: Stage) -> Iterator[Figure]:
    """Turns of msgspec and us over one broker's bulk answer, made of a real one's topics."""
    count = TOPICS // 10 if stage.short else TOPICS
    body = _many(count)
    reader = msgspec.json.Decoder(dict[str, dict[str, Bundle]])
    alone: list[float] = []
    ours: list[float] = []
    for _ in range(5):
        alone.append(_took(lambda: reader.decode(body)))
        ours.append(_took(lambda: topic_rows([decode(body, "broker-0")])))
    ratio = median([mine / theirs for mine, theirs in zip(ours, alone, strict=True)])
    note = f"{count:,} topics, {len(body) / 1e6:.0f} MB, {median(ours) / count * 1e6:.1f} us a topic; one call a broker"
    yield Figure("Pulsar topics, decode and rows, of msgspec's own time", ratio, 2.0, "x", note)


def rabbitmq(stage: Stage) -> Iterator[Figure]:
    """The first page of a long list, and what the whole of it costs the server."""
    count = QUEUES // 10 if stage.short else QUEUES
    first, requests = asyncio.run(_queues(count))
    yield Figure("RabbitMQ queues, first page", first, 1.0, "s", f"{count:,} queues, pages of 500")
    note = f"{requests} requests a cycle, one every {BETWEEN} s, however long the list"
    yield Figure("RabbitMQ queues, requests a second", 1 / BETWEEN, 1.0, "/s", note)


async def _queues(count: int) -> tuple[float, int]:
    world = small(queues=count)
    async with serving(world) as served, named(served) as client:
        await client.nodes()
        asked = len(world.requests)
        before = time.perf_counter()
        first = 0.0
        async for _ in client.queues():
            first = first or time.perf_counter() - before
        return first, len(world.requests) - asked


def _many(count: int) -> bytes:
    """One real topic of each kind, again and again under other names, sixteen bundles."""
    sample: dict[str, dict[str, dict[str, dict[str, Any]]]] = json.loads(_SAMPLE.read_text())
    topics = [one for bundles in sample.values() for kinds in bundles.values() for one in _persistent(kinds)]
    bundles: list[dict[str, dict[str, Any]]] = [{"persistent": {}} for _ in range(16)]
    for number in range(count):
        bundles[number % 16]["persistent"][f"persistent://load/many/t-{number}"] = topics[number % len(topics)]
    return json.dumps({"load/many": {f"0x{at:08x}_0x{at + 1:08x}": one for at, one in enumerate(bundles)}}).encode()


def _persistent(kinds: dict[str, dict[str, Any]]) -> list[Any]:
    return list(kinds.get("persistent", {}).values())


def _took(work: Callable[[], object]) -> float:
    gc.collect()
    before = time.process_time()
    kept = work()
    took = time.process_time() - before
    del kept
    return took
