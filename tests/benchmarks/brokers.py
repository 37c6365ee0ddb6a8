"""All systems for benchmarks, simulated in a process of their own, so that their work is not in the numbers.

    python -m tests.benchmarks.brokers FOLDER QUEUES      until its input is closed

Writes `config.toml` and what it names into FOLDER, says `ready`, and answers each line of its input with one of JSON:

    rabbitmq hang, rabbitmq fine       how RabbitMQ answers from now on
    count                              requests to RabbitMQ since the last count
    gap                                the longest time between two rounds of questions to Redis since the last gap
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from plugins.kafka import simulator as kafka
from plugins.pulsar import simulator as pulsar
from plugins.rabbitmq.simulator.serving import Served
from plugins.rabbitmq.simulator.world import modern
from plugins.redis import simulator as redis
from plugins.zookeeper import simulator as zookeeper

_LOOK = 0.05
_NAME = "load"
_PASSWORD = "admin-lab"


class Gaps:
    """How long Redis was asked nothing."""

    def __init__(self, asked: redis.Simulator) -> None:
        self._redis = asked
        self._asked: int = 0
        self._at, self.longest = time.monotonic(), 0.0

    async def look(self) -> None:
        while True:
            self.take()
            await asyncio.sleep(_LOOK)

    def take(self, *, again: bool = False) -> float:
        """The longest so far; `again`: measured anew from now on."""
        now, asked = time.monotonic(), sum(len(place.asked) for place in self._redis.places.values())
        self.longest = max(self.longest, now - self._at)
        if asked != self._asked or again:
            self._asked, self._at = asked, now
        found = self.longest
        self.longest = 0.0 if again else self.longest
        return found


class Running(Protocol):
    """Any simulator."""

    async def close(self) -> None: ...


async def serve(folder: Path, queues: int) -> None:
    """Serve until the input is closed."""
    async with AsyncExitStack() as stack:

        def kept(one: Running) -> None:
            stack.push_async_callback(one.close)

        rabbit = Served(modern(3, time.time, queues=queues))
        await rabbit.start()
        kept(rabbit)
        kept(masters := await redis.cluster())
        kept(streams := await kafka.cluster(kafka.reference(kafka.World(now=time.time))))
        kept(topics := await pulsar.cluster())
        kept(voters := await zookeeper.ensemble())
        for name, text in (("password", _PASSWORD), ("token", "sesame")):
            (folder / name).write_text(text)
        tables = {
            "rabbitmq": {
                "url": [rabbit.url(member) for member in rabbit.world.members],
                "username": "admin",
                "password_file": str(folder / "password"),
            },
            "redis": {"sentinels": [_here(one.port) for name, one in masters.places.items() if name[:8] == "sentinel"]},
            "kafka": {"bootstrap": _here(streams.port(0))},
            "pulsar": {
                "admin": [topics.url(one) for one in topics.world.brokers],
                "bookies": [topics.url(one) for one in topics.world.bookies],
                "token_file": str(folder / "token"),
            },
            "zookeeper": {
                "servers": [_here(port) for port in voters.ports.values()],
                "admin": [_here(port) for port in voters.admin.values()],
            },
        }
        (folder / "config.toml").write_text("\n".join(_table(system, keys) for system, keys in tables.items()))
        await _answer(rabbit, masters)


async def _answer(rabbit: Served, masters: redis.Simulator) -> None:
    gaps = Gaps(masters)
    looking = asyncio.create_task(gaps.look())
    print("ready", flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        said: float = 0
        match line:
            case "count":
                said = len(rabbit.world.requests)
                rabbit.world.requests.clear()
            case "gap":
                said = gaps.take(again=True)
            case _:
                rabbit.world.fault = line.removeprefix("rabbitmq ").replace("fine", "")
        print(json.dumps(said), flush=True)
    looking.cancel()


def _here(port: int) -> str:
    return f"127.0.0.1:{port}"


def _table(system: str, keys: Mapping[str, str | Sequence[str]]) -> str:
    """Strings and lists of them look the same in TOML and in JSON."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"name": _NAME, **keys}.items()]
    return "\n".join([f"[[{system}]]", *lines, ""])


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
