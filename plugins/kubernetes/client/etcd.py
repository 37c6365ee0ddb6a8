"""etcd's members, asked with etcdctl in its static pod: the API itself does not know them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.errors import BadAnswer
from console.text import clean
from plugins.kubernetes.client import channels
from plugins.kubernetes.model import etcd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.kubernetes.client.api import Api

_DEADLINE = 20.0


async def members(api: Api, pod: str) -> tuple[etcd.EtcdMember, ...]:
    """What the member in `pod` says of all. Raises SourceError where it cannot be read: exec refused, no answer."""
    listed = await _said(api, pod, etcd.LIST)
    health, status = await asyncio.gather(
        _said(api, pod, etcd.HEALTH, may_fail=True), _said(api, pod, etcd.STATUS, may_fail=True)
    )
    return etcd.members(listed, health, status)


async def _said(api: Api, pod: str, command: Sequence[str], *, may_fail: bool = False) -> bytes:
    """Its stdout. `endpoint health` and `status` end with 1 where any does not answer, and tell of the others."""
    running = await api.exec(etcd.NAMESPACE, pod, command, container=etcd.CONTAINER)
    out, error, end = await channels.output_of(running, deadline=_DEADLINE)
    if out and (may_fail or end.code == 0):
        return out
    words = clean(error.decode("utf-8", "replace") or end.message, 300)
    raise BadAnswer(f"etcdctl failed: {words or f'exit code {end.code}'}", where=f"pod {etcd.NAMESPACE}/{pod}")
