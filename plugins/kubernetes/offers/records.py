"""The shared record of changes: a bounded ConfigMap that colleagues read weeks later, and Events on what was changed.

Many changes at once are written together. The steps of a run are in its journal, so only what it does to nodes becomes
an Event. An Event that cannot be written is not worth a failure; the record is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

from msgspec import to_builtins

from console.errors import Conflict, NotFound, SourceError
from console.format import timestamp
from console.model import Ref
from console.offers import AuditEntry
from plugins.kubernetes.client import writing
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.offers.places import create, part

_NAME, _KEY = "audit", "entries"
_MOST_ENTRIES, _MOST_BYTES = 2000, 600_000
_TRIES = 20
_KINDS = {
    "node": ("v1", "Node"),
    "pod": ("v1", "Pod"),
    "service": ("v1", "Service"),
    "deployment": ("apps/v1", "Deployment"),
    "statefulset": ("apps/v1", "StatefulSet"),
    "daemonset": ("apps/v1", "DaemonSet"),
    "replicaset": ("apps/v1", "ReplicaSet"),
    "job": ("batch/v1", "Job"),
}


class AuditRecord:
    """console.offers.AuditSink."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"
        self._pending: list[AuditEntry] = []
        self._lock = asyncio.Lock()

    async def record(self, entry: AuditEntry) -> None:
        """Raises SourceError when the record could not be written."""
        self._pending.append(entry)
        async with self._lock:  # whoever comes first writes for all that wait behind it
            entries, self._pending = self._pending, []
            if entries:
                await self._append(entries)
        await self._tell(entry)

    async def read(self) -> Sequence[AuditEntry]:
        try:
            stored = await self._api.get(f"{self._path}/{_NAME}")
        except NotFound:
            return ()
        lines = str(part(stored, "data").get(_KEY, "")).splitlines()
        return [entry for line in reversed(lines) if (entry := _entry(line)) is not None]

    async def _append(self, entries: Sequence[AuditEntry]) -> None:
        lines = [json.dumps(to_builtins(entry), ensure_ascii=False, separators=(",", ":")) for entry in entries]
        for _ in range(_TRIES):
            try:
                if await self._swap(lines):
                    return
            except Conflict:
                continue
        raise Conflict(f"the shared record changed at each of {_TRIES} tries", where=f"{self._path}/{_NAME}")

    async def _swap(self, lines: Sequence[str]) -> bool:
        try:
            stored = await self._api.get(f"{self._path}/{_NAME}")
        except NotFound:
            await create(self._api, self._namespace, self._path, await self._body(lines))
            return True
        before = str(part(stored, "data").get(_KEY, "")).splitlines()
        body = await self._body([*before, *lines], str(stored["metadata"]["resourceVersion"]))
        await self._api.replace(f"{self._path}/{_NAME}", body)
        return True

    async def _body(self, lines: Sequence[str], version: str = "") -> dict[str, Any]:
        text = {_KEY: "\n".join(bounded(lines)) + "\n"}
        labels = {"app.kubernetes.io/managed-by": "pilothouse", "app.kubernetes.io/component": "audit"}
        return await asyncio.to_thread(writing.config_map, self._namespace, _NAME, text, labels=labels, version=version)

    async def _tell(self, entry: AuditEntry) -> None:
        known = _KINDS.get(entry.subject.kind)
        if known is None or (entry.run and entry.subject.kind != "node"):
            return
        about = {"apiVersion": known[0], "kind": known[1], "name": entry.subject.name}
        about |= {"namespace": entry.subject.namespace, "uid": entry.subject.uid}
        who = f"{entry.person} ({entry.identity}) from {entry.origin}"
        why = f": {entry.reason}" if entry.reason else ""
        run = f", run {entry.run}" if entry.run else ""
        note = f"{entry.action} by {who}{run}{why}; {entry.outcome}"
        body = await asyncio.to_thread(_event, entry, {key: value for key, value in about.items() if value}, note)
        place = entry.subject.namespace or "default"
        with contextlib.suppress(SourceError):
            await self._api.create(f"/api/v1/namespaces/{place}/events", body)


def _event(entry: AuditEntry, about: dict[str, str], note: str) -> dict[str, Any]:
    """A core Event: old servers and every tool know it."""
    told = writing.event(
        about=about,
        reason=_camel(entry.action),
        note=note,
        at=entry.at,
        instance=f"{socket.gethostname()}-{os.getpid()}",
        warning=entry.outcome.startswith("failed"),
    )
    stamp = timestamp(entry.at)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": told["metadata"],
        "involvedObject": told["regarding"],
        "reason": told["reason"],
        "action": told["action"],
        "message": told["note"],
        "type": told["type"],
        "source": {"component": writing.COMPONENT},
        "reportingComponent": told["reportingController"],
        "reportingInstance": told["reportingInstance"],
        "eventTime": told["eventTime"],
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
    }


def bounded(lines: Sequence[str]) -> list[str]:
    """The newest lines that fit."""
    kept: list[str] = []
    size = 0
    for line in reversed(lines[-_MOST_ENTRIES:]):
        size += len(line.encode()) + 1
        if size > _MOST_BYTES:
            break
        kept.append(line)
    return kept[::-1]


def _camel(action: str) -> str:
    return "".join(word.capitalize() for word in action.replace("-", " ").split())[:128] or "Changed"


def _entry(line: str) -> AuditEntry | None:
    try:
        content: dict[str, Any] = json.loads(line)
        subject: dict[str, str] = content.pop("subject")
        return AuditEntry(subject=Ref(**subject), **content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
