"""A simulator whose time the test turns, and a raw client that shares nothing with it but the wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from plugins.kubernetes.simulator import ManualClock, Simulator, serve
from plugins.kubernetes.simulator.kinds import PODS
from plugins.kubernetes.simulator.store import Entry

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wire:
    """The simulator, its clock, and an HTTP client with its token."""

    simulator: Simulator
    clock: ManualClock
    http: httpx.AsyncClient

    async def get(self, path: str, **params: str | int) -> Object:
        """The JSON of a GET that must succeed."""
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def names(self, path: str, **params: str | int) -> list[str]:
        """The names of a list."""
        return [item["metadata"]["name"] for item in (await self.get(path, **params))["items"]]

    def pod(self, key: str) -> Entry:
        """A pod of the world by `namespace/name`."""
        entry = self.simulator.world.store.get(PODS, key)
        assert entry is not None, key
        return entry

    def gone(self, key: str) -> bool:
        return self.simulator.world.store.get(PODS, key) is None

    async def evict(self, namespace: str, name: str, **options: Any) -> httpx.Response:
        """POST an Eviction."""
        body: Object = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
        }
        if options:
            body["deleteOptions"] = options
        return await self.http.post(f"/api/v1/namespaces/{namespace}/pods/{name}/eviction", json=body)

    async def patch(self, path: str, body: Any, form: str = "strategic-merge", **params: str) -> httpx.Response:
        """PATCH in one of the forms."""
        kind = {"apply": "apply-patch+yaml"}.get(form, f"{form}{'' if form.endswith('patch') else '-patch'}+json")
        headers = {"Content-Type": f"application/{kind}"}
        return await self.http.patch(path, content=json.dumps(body), headers=headers, params=params)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    """The reference cluster at rest."""
    clock = ManualClock()
    simulator = await serve(tmp_path, clock=clock)
    headers = {"Authorization": f"Bearer {simulator.token}"}
    async with httpx.AsyncClient(base_url=simulator.url, headers=headers, trust_env=False, timeout=10) as http:
        yield Wire(simulator, clock, http)
    await simulator.close()
    assert simulator.world.unexpected == []


class Lines:
    """The lines of an open watch, one after another."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, Object]:
        """The next event: its type and object."""
        event = json.loads(await anext(self._lines))
        return event["type"], event["object"]

    async def take(self, count: int) -> list[tuple[str, Object]]:
        return [await self.next() for _ in range(count)]

    async def rest(self) -> list[tuple[str, Object]]:
        """All events until the server ends the watch."""
        return [(event["type"], event["object"]) async for event in _decoded(self._lines)]


async def _decoded(lines: AsyncIterator[str]) -> AsyncIterator[Object]:
    async for line in lines:
        yield json.loads(line)
