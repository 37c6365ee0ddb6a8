"""What cannot be watched and is asked for again: the metrics API and the kubelets' summaries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from console.errors import NotFound, SourceError
from plugins.kubernetes.model.usage import (
    Metrics,
    MetricsWire,
    PodMetricsWire,
    PodUse,
    Summary,
    SummaryWire,
    metrics_row,
    pod_use_row,
    summary_row,
)
from plugins.kubernetes.model.wire import NamedWire, word

if TYPE_CHECKING:
    from plugins.kubernetes.client.api import Api

_AT_ONCE = 8
_DEADLINE = 10.0
_SLICE = 125
_SUMMARY = msgspec.json.Decoder(SummaryWire)


async def node_metrics(api: Api) -> Iterable[Metrics]:
    """NodeMetrics of every node; nothing where there is no metrics API."""
    try:
        return [metrics_row(one) for one in await api.list("/apis/metrics.k8s.io/v1beta1/nodes", MetricsWire)]
    except NotFound:
        return []


async def pod_use(api: Api) -> Iterable[PodUse]:
    """PodMetrics of every pod; nothing where there is no metrics API. Rows are made in slices: it has no pages."""
    try:
        listed = await api.list("/apis/metrics.k8s.io/v1beta1/pods", PodMetricsWire)
    except NotFound:
        return []
    rows: list[PodUse] = []
    for start in range(0, len(listed), _SLICE):
        rows += map(pod_use_row, listed[start : start + _SLICE])
        await asyncio.sleep(0)
    return rows


async def summaries(api: Api) -> Iterable[Summary]:
    """The summary of every kubelet, a few at a time; one that does not answer gives a row that says why."""
    names = [word(one.metadata.name) for one in await api.list("/api/v1/nodes", NamedWire)]
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(name: str) -> Summary:
        async with gate:
            return await _summary(api, name)

    return await asyncio.gather(*(ask(name) for name in names))


async def _summary(api: Api, name: str) -> Summary:
    try:
        body = await api.raw("GET", f"/api/v1/nodes/{name}/proxy/stats/summary", deadline=_DEADLINE)
        return summary_row(name, _SUMMARY.decode(body))
    except (SourceError, msgspec.DecodeError, UnicodeDecodeError) as error:
        return Summary(name, error=str(error))
