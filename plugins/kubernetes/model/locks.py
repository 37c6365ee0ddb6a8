"""What other tools hold, as rows: medik8s' NodeMaintenance and leases, and kured's lock on its DaemonSet.

Read and honoured, never written. What tools write on the node itself (annotations, taints) is in model.marks.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from plugins.kubernetes.model.leases import LeaseWire
from plugins.kubernetes.model.wire import Meta, Row, Wire, epoch, line, word

MEDIK8S, KURED = "medik8s", "kured"
MEDIK8S_LEASES = "medik8s-leases"
KURED_LOCK = "weave.works/kured-node-lock"
_LEASE_PREFIX = "node-"
_SECOND = 1_000_000_000


class MaintenanceSpec(Wire, frozen=True, gc=False):
    """NodeMaintenanceSpec, the fields that are read."""

    node_name: str = ""
    reason: str = ""


class MaintenanceStatus(Wire, frozen=True, gc=False):
    """NodeMaintenanceStatus, the fields that are read."""

    phase: str = ""
    drain_progress: int = 0
    last_error: str = ""


class MaintenanceWire(Wire, frozen=True, gc=False):
    """nodemaintenance.medik8s.io NodeMaintenance."""

    metadata: Meta
    spec: MaintenanceSpec = MaintenanceSpec()
    status: MaintenanceStatus = MaintenanceStatus()


class Lock(Row, frozen=True, gc=False):
    """A tool holds a node: `what` the object that says so, `note` its words. Times in epoch s; `until` None: no end."""

    tool: str
    node: str
    what: str
    note: str
    since: float | None
    until: float | None = None

    @property
    def key(self) -> str:
        return f"{self.tool}/{self.what}"


def maintenance_row(wire: MaintenanceWire) -> Lock:
    """A NodeMaintenance: medik8s drains the node and keeps it out until the object is deleted."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    parts = [line(spec.reason), word(status.phase)]
    if status.phase == "Running":
        parts.append(f"{status.drain_progress} % drained")
    parts.append(line(status.last_error))
    note = ", ".join(part for part in parts if part)
    return Lock(
        MEDIK8S, word(spec.node_name), f"NodeMaintenance {line(meta.name)}", note, epoch(meta.creation_timestamp)
    )


def lease_lock(wire: LeaseWire) -> Lock:
    """A Lease of namespace medik8s-leases: `node-NAME`, held by one of medik8s' operators; free without a holder."""
    spec, name = wire.spec, word(wire.metadata.name)
    renewed = epoch(spec.renew_time)
    held, until = line(spec.holder_identity), None
    if renewed is not None:
        until = renewed + (spec.lease_duration_seconds or 0)
    node = name.removeprefix(_LEASE_PREFIX) if held else ""
    return Lock(MEDIK8S, node, f"Lease {MEDIK8S_LEASES}/{name}", f"held by {held}" if held else "", renewed, until)


def kured_locks(text: str | None, where: str) -> tuple[Lock, ...]:
    """The nodes that kured's lock annotation names; a lock that cannot be read holds a node that nobody knows (`?`)."""
    if not text:
        return ()
    try:
        found: Any = msgspec.json.decode(text.encode())
        several = found.get("locks")
        return tuple(_kured(one, where) for one in (several if several is not None else [found]))
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError):
        return (Lock(KURED, "?", where, "its lock cannot be read", None),)


def _kured(one: dict[str, Any], where: str) -> Lock:
    created, ttl = one.get("created"), one.get("TTL") or 0
    since = datetime.datetime.fromisoformat(str(created)).timestamp() if created else None
    until = since + int(ttl) / _SECOND if since is not None and ttl else None
    return Lock(KURED, word(str(one["nodeID"])), where, "kured reboots it", since, until)
