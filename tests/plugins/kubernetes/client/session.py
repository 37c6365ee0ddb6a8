"""A follow that runs beside the test, and what it asked of the scripted server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.watching import follow
from plugins.kubernetes.config import Settings
from tests.clock import FakeClock
from tests.plugins.kubernetes.client.parts import PATIENCE, MemoryFeed, Pod, api_for, pod_row, row_key
from tests.plugins.kubernetes.client.server import Call, Script, Server, serve

PODS = "/api/v1/pods"


def is_watch(call: Call) -> bool:
    return "watch" in call.query


class Session:
    """A follow that runs beside the test."""

    def __init__(self, server: Server, feed: MemoryFeed, api: Api, task: asyncio.Task[None]) -> None:
        self.server = server
        self.feed = feed
        self.api = api
        self.task = task

    async def error(self) -> BaseException:
        """What the follow raised."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({self.task})
        error = self.task.exception()
        assert error is not None
        return error

    def versions(self) -> list[str]:
        """The resourceVersions from which watches were asked for."""
        return [call.query.get("resourceVersion", "") for call in self.server.calls if is_watch(call)]

    def lists(self) -> int:
        return sum(1 for call in self.server.calls if not is_watch(call) and call.path == PODS)


@asynccontextmanager
async def following(
    script: Script, clock: FakeClock | None = None, *, path: str = PODS, settings: Settings | None = None, **more: Any
) -> AsyncGenerator[Session]:
    """Follow pods of a scripted server until the block ends; `manner_*` keywords go to the manner."""
    for_manner = {key.removeprefix("manner_"): more.pop(key) for key in list(more) if key.startswith("manner_")}
    async with serve(script) as server:
        api = api_for(server.url, clock, settings=settings, **for_manner)
        feed = MemoryFeed()
        task = asyncio.create_task(start(api, path, feed, more))
        try:
            yield Session(server, feed, api, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await api.aclose()


async def start(api: Api, path: str, feed: MemoryFeed, more: dict[str, Any]) -> None:
    await follow(api, path, item=Pod, row=pod_row, key=row_key, feed=feed, **more)


def line(kind: str, item: object) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def later(script: Callable[[], Script]) -> Script:
    """A script that is defined after the session, since it looks at it."""

    async def answer(call: Call) -> None:
        await script()(call)

    return answer
