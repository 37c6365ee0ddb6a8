"""RabbitMQ and Redis for benchmarks, simulated in a process of their own, so that their work is not in the numbers.

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
from pathlib import Path

from plugins.rabbitmq.simulator.serving import Served
from plugins.rabbitmq.simulator.world import modern
from plugins.redis.simulator import Simulator, cluster

_LOOK = 0.05
_PASSWORD = "admin-lab"


class Gaps:
    """How long Redis was asked nothing."""

    def __init__(self, redis: Simulator) -> None:
        self._redis = redis
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


async def serve(folder: Path, queues: int) -> None:
    """Serve until the input is closed."""
    rabbit = Served(modern(3, time.time, queues=queues))
    await rabbit.start()
    redis = await cluster()
    (folder / "password").write_text(_PASSWORD)
    urls = [rabbit.url(member) for member in rabbit.world.members]
    sentinels = [f"127.0.0.1:{place.port}" for name, place in redis.places.items() if name.startswith("sentinel")]
    (folder / "config.toml").write_text(
        f'[[rabbitmq]]\nname = "load"\nurl = {json.dumps(urls)}\nusername = "admin"\n'
        f'password_file = "{folder / "password"}"\n\n[[redis]]\nname = "load"\nsentinels = {json.dumps(sentinels)}\n'
    )
    gaps = Gaps(redis)
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
    await rabbit.close()
    await redis.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
