"""Where rows come from: a watch a kind, polls for what cannot be watched, and the joins. Imports no I/O before use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from console.plugin import Feed, Source, Table, Watch
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import NodeWire, node_row
from plugins.kubernetes.model.pods import pod_row
from plugins.kubernetes.model.podwire import PodWire

R = TypeVar("R")
W = TypeVar("W")


def _watch(table: Table[R], path: str, item: type[W], row: Callable[[W], R]) -> Watch[R]:
    async def follow(api: Any, feed: Feed[R]) -> None:
        from plugins.kubernetes.client import watching

        await watching.follow(api, path, item=item, row=row, key=table.key, feed=feed)

    following: Callable[[Any, Feed[R]], Awaitable[None]] = follow
    return Watch(table, following)


SOURCES: tuple[Source, ...] = (
    _watch(tables.NODES, "/api/v1/nodes", NodeWire, node_row),
    _watch(tables.PODS, "/api/v1/pods", PodWire, pod_row),
)
