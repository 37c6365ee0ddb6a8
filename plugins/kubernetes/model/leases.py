"""Leases of nodes (heartbeats of the kubelets) and namespaces, as rows."""

from __future__ import annotations

import datetime

from plugins.kubernetes.model.wire import Condition, Meta, Pairs, Row, Wire, epoch, line, pairs, word


class LeaseSpec(Wire, frozen=True, gc=False):
    """LeaseSpec of the API, the fields that are read."""

    holder_identity: str | None = None
    renew_time: datetime.datetime | None = None
    lease_duration_seconds: int | None = None


class LeaseWire(Wire, frozen=True, gc=False):
    """LeaseWire of the API, the fields that are read."""

    metadata: Meta
    spec: LeaseSpec = LeaseSpec()


class Heartbeat(Row, frozen=True, gc=False):
    """When a kubelet last said that it lives, by its own clock (epoch s), and how long that holds (s)."""

    node: str
    renewed: float | None
    duration: int


class NamespaceSpec(Wire, frozen=True, gc=False):
    """NamespaceSpec of the API, the fields that are read."""

    finalizers: tuple[str, ...] | None = None


class NamespaceStatus(Wire, frozen=True, gc=False):
    """NamespaceStatus of the API, the fields that are read."""

    phase: str = ""
    conditions: tuple[Condition, ...] | None = None


class NamespaceWire(Wire, frozen=True, gc=False):
    """NamespaceWire of the API, the fields that are read."""

    metadata: Meta
    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()


class Namespace(Row, frozen=True, gc=False):
    """One namespace; `waits`: what keeps a terminating one from going."""

    name: str
    uid: str
    created: float
    phase: str
    labels: Pairs
    waits: tuple[str, ...] = ()
    deleted: float | None = None


def heartbeat_row(wire: LeaseWire) -> Heartbeat:
    """A Lease of namespace kube-node-lease."""
    spec = wire.spec
    return Heartbeat(word(wire.metadata.name), epoch(spec.renew_time), spec.lease_duration_seconds or 40)


def namespace_row(wire: NamespaceWire) -> Namespace:
    """A Namespace."""
    meta = wire.metadata
    blocking = [c for c in wire.status.conditions or () if c.status == "True" and c.message]
    return Namespace(
        name=word(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        phase=word(wire.status.phase) or "Active",
        labels=pairs(meta.labels),
        waits=tuple(line(c.message) for c in blocking),
        deleted=epoch(meta.deletion_timestamp),
    )
