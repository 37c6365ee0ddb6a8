"""Where rows come from: a watch a kind, polls for what cannot be watched, and the joins. Imports no I/O before use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from console.errors import Forbidden, NotFound
from console.plugin import Feed, Poll, Source, Table, Watch
from plugins.kubernetes.joins import JOINS
from plugins.kubernetes.merging import Merging, Part
from plugins.kubernetes.model import (
    budgets,
    events,
    leases,
    locks,
    nodes,
    pods,
    services,
    sets,
    tables,
    tokens,
    volumes,
)
from plugins.kubernetes.model import webhooks as hooks
from plugins.kubernetes.model import workloads as work
from plugins.kubernetes.model.podwire import PodWire
from plugins.kubernetes.model.usage import Metrics, PodUse, Summary

R = TypeVar("R")
W = TypeVar("W", bound=msgspec.Struct)
_LOOK_AGAIN = 300.0
"""Seconds after which a kind that the server did not have is looked for again."""


class Kind(Struct, frozen=True):
    """One list of the server: its path, or the name of a custom resource; and how its objects become rows."""

    path: str
    item: type[msgspec.Struct]
    row: Callable[[Any], Any]
    fields: str = ""
    space: str = ""
    """The only namespace that it is about; where that is not there, nothing is, and no right is missed."""

    @property
    def custom(self) -> bool:
        return not self.path.startswith("/")


def _watch(table: Table[R], kind: Kind) -> Watch[R]:
    async def follow(api: Any, feed: Feed[R]) -> None:
        await _follow(api, table, kind, feed)

    return Watch(table, follow)


def _watch_all(table: Table[R], *kinds: Kind) -> Watch[R]:
    """Several kinds in one table."""
    merging = Merging[R](table.key, len(kinds))

    async def follow(api: Any, feed: Feed[R]) -> None:
        merged = merging.of(feed)
        try:
            async with asyncio.TaskGroup() as group:
                for kind, part in zip(kinds, merged.parts, strict=True):
                    group.create_task(_part(api, table, kind, part))
        except* Exception as several:  # noqa: BLE001 - the first one speaks for all
            first = several.exceptions[0]
            raise first from first.__cause__

    return Watch(table, follow)


async def _budgets(api: Any, feed: Feed[budgets.Budget]) -> None:
    """Budgets and evictions go by policy/v1 (Kubernetes 1.21 and later); where it is missing, that is said in words."""
    kind = Kind("/apis/policy/v1/poddisruptionbudgets", budgets.BudgetWire, budgets.budget_row)
    try:
        await _follow(api, tables.BUDGETS, kind, feed)
    except NotFound as error:
        served = [str(one.get("version")) for one in (await api.get("/apis/policy")).get("versions") or ()]
        if "v1" in served:
            raise
        why = f"this server has no policy/v1 but {', '.join(served) or 'no policy at all'}: nodes cannot be drained"
        raise NotFound(why, next_step="Kubernetes 1.22 or later is needed") from error


async def _follow(api: Any, table: Table[R], kind: Kind, feed: Feed[R]) -> None:
    from plugins.kubernetes.client import watching

    await asyncio.sleep(0)  # to import and to make decoders are two slices of the loop's time
    await watching.follow(api, kind.path, item=kind.item, row=kind.row, key=table.key, feed=feed, fields=kind.fields)


async def _part(api: Any, table: Table[R], kind: Kind, part: Part[R]) -> None:
    """One kind of several. Where only this one is forbidden, the table goes on without it and says so."""
    while True:
        try:
            await (_custom(api, table, kind, part) if kind.custom else _follow(api, table, kind, part))
        except Forbidden as error:
            if kind.space and not await _is_there(api, kind.space):
                part.absent()
            elif not part.forbid(str(error)):
                raise
            await api.manner.clock.sleep(_LOOK_AGAIN)


async def _is_there(api: Any, namespace: str) -> bool:
    """Whether a namespace is there, as far as we may know: one that may not be read is taken to be."""
    try:
        await api.get(f"/api/v1/namespaces/{namespace}")
    except NotFound:
        return False
    except Forbidden:
        return True
    return True


async def _custom(api: Any, table: Table[R], kind: Kind, part: Part[R]) -> None:
    """A custom resource in whatever version the server has it; without it the part is empty."""
    while True:
        found = await api.find(kind.path)
        if found is not None:
            await _follow(api, table, Kind(found.path(), kind.item, kind.row), part)
            return
        if not part.complete:
            part.absent()
        await api.manner.clock.sleep(_LOOK_AGAIN)
        api.discovery.forget()


async def _node_metrics(api: Any) -> Iterable[Metrics]:
    from plugins.kubernetes import polling

    return await polling.node_metrics(api)


async def _pod_use(api: Any) -> Iterable[PodUse]:
    from plugins.kubernetes import polling

    return await polling.pod_use(api)


async def _summaries(api: Any) -> Iterable[Summary]:
    from plugins.kubernetes import polling

    return await polling.summaries(api)


_BATCH, _APPS, _HOOKS = "/apis/batch/v1", "/apis/apps/v1", "/apis/admissionregistration.k8s.io/v1"

_FROM_SERVER: tuple[Source, ...] = (
    _watch(tables.NODES, Kind("/api/v1/nodes", nodes.NodeWire, nodes.node_row)),
    _watch(tables.PODS, Kind("/api/v1/pods", PodWire, pods.pod_row)),
    _watch_all(
        tables.SETS,
        Kind(f"{_APPS}/statefulsets", sets.StatefulSetWire, sets.stateful_set_row),
        Kind("strimzipodsets.core.strimzi.io", sets.PodSetWire, sets.pod_set_row),
    ),
    _watch_all(
        tables.WORKLOADS,
        Kind(f"{_APPS}/deployments", work.DeploymentWire, work.deployment_row),
        Kind(f"{_APPS}/daemonsets", work.DaemonSetWire, work.daemon_set_row),
        Kind(f"{_BATCH}/jobs", work.JobWire, work.job_row),
        Kind(f"{_BATCH}/cronjobs", work.CronJobWire, work.cron_job_row),
    ),
    Watch(tables.BUDGETS, _budgets),
    _watch_all(
        tables.STORAGE,
        Kind("/api/v1/persistentvolumes", volumes.PersistentVolumeWire, volumes.volume_row),
        Kind("/api/v1/persistentvolumeclaims", volumes.ClaimWire, volumes.claim_row),
    ),
    _watch(
        tables.CLASSES,
        Kind("/apis/storage.k8s.io/v1/storageclasses", volumes.StorageClassWire, volumes.storage_class_row),
    ),
    _watch(tables.SERVICES, Kind("/api/v1/services", services.ServiceWire, services.service_row)),
    _watch(
        tables.SLICES,
        Kind("/apis/discovery.k8s.io/v1/endpointslices", services.EndpointSliceWire, services.endpoint_slice_row),
    ),
    _watch(tables.EVENTS, Kind("/api/v1/events", events.EventWire, events.event_row)),
    _watch(
        tables.TOKENS,
        Kind(
            "/api/v1/namespaces/kube-system/secrets",
            tokens.TokenWire,
            tokens.token_row,
            fields="type=bootstrap.kubernetes.io/token",
        ),
    ),
    _watch(tables.NAMESPACES, Kind("/api/v1/namespaces", leases.NamespaceWire, leases.namespace_row)),
    _watch(
        tables.HEARTBEATS,
        Kind("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", leases.LeaseWire, leases.heartbeat_row),
    ),
    _watch_all(
        tables.WEBHOOKS,
        Kind(f"{_HOOKS}/validatingwebhookconfigurations", hooks.HooksWire, hooks.validating_row),
        Kind(f"{_HOOKS}/mutatingwebhookconfigurations", hooks.HooksWire, hooks.mutating_row),
    ),
    _watch_all(
        tables.LOCKS,
        Kind("nodemaintenances.nodemaintenance.medik8s.io", locks.MaintenanceWire, locks.maintenance_row),
        Kind(
            f"/apis/coordination.k8s.io/v1/namespaces/{locks.MEDIK8S_LEASES}/leases",
            leases.LeaseWire,
            locks.lease_lock,
            space=locks.MEDIK8S_LEASES,
        ),
    ),
    Poll(tables.METRICS, _node_metrics, visible=15.0, hidden=60.0),
    Poll(tables.POD_USE, _pod_use, visible=15.0, hidden=None),
    Poll(tables.SUMMARIES, _summaries, visible=30.0, hidden=300.0),
)

SOURCES: tuple[Source, ...] = (*_FROM_SERVER, *JOINS)
