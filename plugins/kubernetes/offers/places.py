"""Our namespace: its paths, and its making when the first thing is to be written into it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from console.errors import Conflict, NotFound
from plugins.kubernetes.client import writing
from plugins.kubernetes.client.api import Api

_PAGE = "100"


async def create(api: Api, namespace: str, path: str, body: object) -> dict[str, Any]:
    """POST; where the namespace is missing, make it first. Raises Conflict where the object exists."""
    try:
        return await api.create(path, body)
    except NotFound:
        made = await asyncio.to_thread(writing.namespace, namespace)
        with contextlib.suppress(Conflict):
            await api.create("/api/v1/namespaces", made)
        return await api.create(path, body)


async def items(api: Api, path: str, params: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
    """Every object of a list, page by page; nothing where the namespace is missing."""
    page: dict[str, str] = {**params, "limit": _PAGE}
    while True:
        answer = await api.get(path, params=page)
        for item in answer.get("items") or ():
            yield item
        more = part(answer, "metadata").get("continue")
        if not more:
            return
        page = {**page, "continue": more}


def part(item: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A mapping inside an object; empty where it is missing."""
    found: Any = item.get(key)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def seconds(stamp: object) -> float:
    """Epoch seconds of an RFC 3339 time; 0 where it is none."""
    try:
        return datetime.datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return 0.0
