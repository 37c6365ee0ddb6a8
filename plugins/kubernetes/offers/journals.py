"""Journals as ConfigMaps, one a run: `run-NAME`, written by compare-and-swap on the resource version."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from console.errors import BadAnswer
from console.offers import Stored
from plugins.kubernetes.client import writing
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.offers.places import create, items, part, seconds

_KEY = "journal"
_LABELS = {"app.kubernetes.io/managed-by": "pilothouse", "app.kubernetes.io/component": "journal"}
_SELECTOR = ",".join(f"{key}={value}" for key, value in _LABELS.items())


class ConfigMapJournals:
    """console.offers.JournalStore."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"

    async def create(self, run: str, text: str) -> Stored:
        body = await self._body(run, text)
        return _stored(await create(self._api, self._namespace, self._path, body))

    async def read(self, run: str) -> Stored:
        return _stored(await self._api.get(f"{self._path}/run-{run}"))

    async def write(self, stored: Stored, text: str) -> Stored:
        body = await self._body(stored.run, text, stored.version)
        return _stored(await self._api.replace(f"{self._path}/run-{stored.run}", body))

    async def list(self) -> Sequence[Stored]:
        return [_stored(item) async for item in items(self._api, self._path, {"labelSelector": _SELECTOR})]

    async def delete(self, run: str) -> None:
        await self._api.delete(f"{self._path}/run-{run}")

    async def _body(self, run: str, text: str, version: str = "") -> dict[str, Any]:
        return await asyncio.to_thread(
            writing.config_map, self._namespace, f"run-{run}", {_KEY: text}, labels=_LABELS, version=version
        )


def _stored(item: dict[str, Any]) -> Stored:
    try:
        meta = part(item, "metadata")
        managers: list[dict[str, Any]] = meta.get("managedFields") or []
        changed = max([seconds(meta.get("creationTimestamp")), *(seconds(one.get("time")) for one in managers)])
        name = str(meta["name"]).removeprefix("run-")
        return Stored(name, str(part(item, "data")[_KEY]), str(meta["resourceVersion"]), changed)
    except (KeyError, TypeError) as error:
        raise BadAnswer(f"a ConfigMap that is labelled as a journal holds none: {error}") from error
