"""Redis beside RabbitMQ in one console: a broker that takes requests and answers none makes nobody else late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from console.config import Settings
from console.model import InstanceId, SourceState
from console.runtime import Runtime
from plugins.rabbitmq import PLUGIN as RABBITMQ
from plugins.rabbitmq.model.tables import NODES
from plugins.rabbitmq.simulator.serving import Served
from plugins.redis import PLUGIN as REDIS
from plugins.redis.model.rows import MEMBERS
from tests.clock import FakeClock
from tests.plugins.rabbitmq.bench import small
from tests.plugins.redis.facts import group

_CADENCE = 5.0
_HANGS = 60.0


async def until(is_so: Callable[[], bool]) -> None:
    """What servers answer comes in real time, of which a busy machine may need much."""
    deadline = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def told(sentinels: list[str], rabbit: str, password: Path) -> Settings:
    tables: dict[str, dict[str, Any]] = {
        "redis": {"instances": [{"name": "x", "sentinels": sentinels, "timeout": 60.0}]},
        "rabbitmq": {"instances": [{"name": "x", "url": rabbit, "username": "admin", "password_file": str(password)}]},
    }
    return Settings(plugins=tables)


async def test_a_broker_that_hangs_for_a_minute_makes_no_other_pane_late(clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("admin-lab")
    served = Served(small())
    await served.start()
    async with group() as simulator:
        sentinels = [f"127.0.0.1:{place.port}" for name, place in simulator.places.items() if "sentinel" in name]
        settings = told(sentinels, served.url("rabbit@rabbit-0"), tmp_path / "password")
        async with Runtime(settings, clock=clock, plugins=[RABBITMQ, REDIS]) as runtime:
            members = runtime.view(InstanceId("redis", "x"), MEMBERS)
            nodes = runtime.view(InstanceId("rabbitmq", "x"), NODES)
            await until(lambda: len(members.snapshot.rows) == 3 and len(nodes.snapshot.rows) == 3)
            served.world.fault = "hang"
            heard = nodes.snapshot.taken_at
            for _ in range(int(_HANGS / _CADENCE)):
                before, asked = members.snapshot.taken_at, clock.now()
                await clock.advance(_CADENCE)
                await until(lambda before=before: members.snapshot.taken_at > before)
                assert members.snapshot.taken_at <= asked + 2 * _CADENCE
                assert members.snapshot.state is SourceState.LIVE
            assert nodes.snapshot.taken_at <= heard + _CADENCE, "RabbitMQ answered after all"
            assert len(nodes.snapshot.rows) == 3, "what was known stays"
            assert runtime.spending(InstanceId("redis", "x")).rate
            members.close()
            nodes.close()
    await served.close()
