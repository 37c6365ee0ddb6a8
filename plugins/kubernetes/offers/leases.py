"""Our leases as coordination.k8s.io Leases in our own namespace; `leaseTransitions` is the fencing number."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from console.errors import BadAnswer, NotFound
from console.offers import LeaseRecord
from console.text import clean
from plugins.kubernetes.client import writing
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.offers.places import create, items, part, seconds

_NOTE = "pilothouse/note"
_SELECTOR = "app.kubernetes.io/managed-by=pilothouse"


class CoordinationLeases:
    """console.offers.LeaseStore."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"

    async def read(self, name: str) -> LeaseRecord | None:
        try:
            return _record(await self._api.get(f"{self._path}/{name}"))
        except NotFound:
            return None

    async def write(self, record: LeaseRecord) -> LeaseRecord:
        body = await asyncio.to_thread(
            writing.lease,
            self._namespace,
            record.name,
            holder=record.holder,
            duration=max(1, round(record.duration)),
            transitions=record.fencing,
            renewed=record.renewed_at,
            version=record.version,
            annotations={_NOTE: record.note},
        )
        if not record.holder:
            body["spec"].pop("holderIdentity", None)  # newer servers refuse an empty holder
        if not record.version:
            return _record(await create(self._api, self._namespace, self._path, body))
        return _record(await self._api.replace(f"{self._path}/{record.name}", body))

    async def delete(self, record: LeaseRecord) -> None:
        await self._api.delete(f"{self._path}/{record.name}", version=record.version)

    async def list(self) -> Sequence[LeaseRecord]:
        return [_record(item) async for item in items(self._api, self._path, {"labelSelector": _SELECTOR})]


def _record(item: dict[str, Any]) -> LeaseRecord:
    try:
        meta, spec = part(item, "metadata"), part(item, "spec")
        return LeaseRecord(
            name=str(meta["name"]),
            holder=clean(spec.get("holderIdentity") or "", 300),
            fencing=int(spec.get("leaseTransitions") or 0),
            duration=float(spec.get("leaseDurationSeconds") or 0),
            version=str(meta["resourceVersion"]),
            note=clean(part(meta, "annotations").get(_NOTE) or "", 300),
            renewed_at=seconds(spec.get("renewTime")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"a Lease of ours cannot be read: {error}") from error
