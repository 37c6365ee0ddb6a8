"""One Kubernetes API as a contract test meets it: requests over the wire, time that passes, and what stands there.

Shares nothing with the program under test but the wire.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

Object = dict[str, Any]
MERGE, STRATEGIC, JSON_PATCH = "merge-patch", "strategic-merge-patch", "json-patch"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """`pass_time` lets the cluster live for a moment; `real` is whether it is the API server itself."""

    http: httpx.AsyncClient
    viewer: httpx.AsyncClient
    """Somebody who may read what the ClusterRole `view` lets read, in some namespaces at least; no nodes."""
    kubeconfig: Path
    namespace: str
    """A namespace of the test's own, with nothing in it."""
    pass_time: Callable[[], Awaitable[None]]
    forget_history: Callable[[], Awaitable[None]]
    """Drop all that was before: watches from then, and pages of then, are lost."""
    real: bool

    @property
    def space(self) -> str:
        """The path of the test's namespace in the core group."""
        return f"/api/v1/namespaces/{self.namespace}"

    async def get(self, path: str, **params: str) -> Object:
        """The JSON of a GET that must succeed."""
        return _whole(await self.http.get(path, params=params), 200)

    async def make(self, path: str, item: Object) -> Object:
        """POST an object that must be accepted."""
        return _whole(await self.http.post(path, json=item), 201)

    async def patch(self, path: str, change: Any, form: str = MERGE, **params: str) -> httpx.Response:
        """PATCH in one of the forms."""
        headers = {"Content-Type": f"application/{form}+json"}
        return await self.http.patch(path, content=json.dumps(change), headers=headers, params=params)

    async def evict(self, pod: str, *, namespace: str = "", dry_run: bool = False, **options: Any) -> httpx.Response:
        """POST an Eviction; `options` are its deleteOptions."""
        space = namespace or self.namespace
        body: Object = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": space}}
        if options:
            body["deleteOptions"] = options
        params = {"dryRun": "All"} if dry_run else {}
        return await self.http.post(f"/api/v1/namespaces/{space}/pods/{pod}/eviction", json=body, params=params)

    async def until(self, so: Callable[[], Awaitable[Object | None]]) -> Object:
        """What `so` gives, as soon as it gives something; fails after a minute."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            found = await so()
            if found is not None:
                return found
            await self.pass_time()
        raise AssertionError(f"it did not come about within {_PATIENCE:.0f} s: {so}")

    @asynccontextmanager
    async def watching(self, path: str, **params: str) -> AsyncGenerator[Watching]:
        """An open watch."""
        asked = {"watch": "true", **params}
        async with self.http.stream("GET", path, params=asked) as answer:
            yield Watching(answer, self)


class Watching:
    """The events of a watch, one after another."""

    def __init__(self, answer: httpx.Response, served: Served) -> None:
        self.status = answer.status_code
        self._lines = answer.aiter_lines()
        self._served = served

    async def next(self) -> tuple[str, Object]:
        """The next event; the cluster lives on while it is waited for."""
        line = asyncio.ensure_future(anext(self._lines))
        deadline = time.monotonic() + _PATIENCE
        while not line.done():
            assert time.monotonic() < deadline, "no event came within a minute"
            await asyncio.wait([line], timeout=0.02)
            if not line.done():
                await self._served.pass_time()
        event = json.loads(line.result())
        return event["type"], event["object"]

    async def of(self, kind: str) -> Object:
        """The object of the next event of this type."""
        while True:
            found, item = await self.next()
            if found == kind:
                return item


def _whole(answer: httpx.Response, status: int) -> Object:
    assert answer.status_code == status, answer.text
    return answer.json()
