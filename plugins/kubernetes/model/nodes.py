"""Nodes as rows: conditions, cordon and whose it is, taints, roles, room."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from plugins.kubernetes.model.marks import Mark, marks
from plugins.kubernetes.model.placing import Taint, cleaned_taints
from plugins.kubernetes.model.podwire import Named, extended
from plugins.kubernetes.model.quantity import amount, millis
from plugins.kubernetes.model.wire import Condition, MetaAnnotated, Pairs, Row, Wire, epoch, line, pairs, word

_ROLE = "node-role.kubernetes.io/"
_OWN_ROLE = "kubernetes.io/role"
_TROUBLES = {
    "MemoryPressure": "memory pressure",
    "DiskPressure": "disk pressure",
    "PIDPressure": "pid pressure",
    "NetworkUnavailable": "no network",
}
CONTROL_PLANE = frozenset({"control-plane", "master"})
_CORDON_TAINT = "node.kubernetes.io/unschedulable"
_LIFECYCLE = "node.kubernetes.io/"


class NodeSpec(Wire, frozen=True, gc=False):
    """NodeSpec of the API, the fields that are read."""

    unschedulable: bool | None = None
    taints: tuple[Taint, ...] | None = None
    pod_cidr: str = msgspec.field(name="podCIDR", default="")


class Address(Wire, frozen=True, gc=False):
    """Address of the API, the fields that are read."""

    type: str = ""
    address: str = ""


class SystemInfo(Wire, frozen=True, gc=False):
    """SystemInfo of the API, the fields that are read."""

    kubelet_version: str = ""
    kernel_version: str = ""
    os_image: str = ""
    container_runtime_version: str = ""


class NodeStatus(Wire, frozen=True, gc=False):
    """NodeStatus of the API, the fields that are read."""

    conditions: tuple[Condition, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    capacity: Named | None = None
    allocatable: Named | None = None
    node_info: SystemInfo | None = None


class NodeWire(Wire, frozen=True, gc=False):
    """corev1.Node."""

    metadata: MetaAnnotated
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class NodeCondition(Row, frozen=True, gc=False):
    """A condition with clean text; `since` in epoch seconds."""

    type: str
    status: str
    reason: str
    message: str
    since: float | None


class Node(Row, frozen=True, gc=False):
    """One node. CPU in thousandths of a core, memory in bytes. `ready` None: the kubelet is not heard (Unknown)."""

    name: str
    uid: str
    created: float
    ready: bool | None
    ready_since: float | None
    cordoned: bool
    taints: tuple[Taint, ...]
    labels: Pairs
    roles: tuple[str, ...]
    troubles: tuple[str, ...]
    conditions: tuple[NodeCondition, ...]
    marks: tuple[Mark, ...]
    addresses: tuple[str, ...]
    cpu: int
    memory: int
    pods: int
    version: str
    kernel: str
    image: str
    runtime: str
    pod_cidr: str
    deleted: float | None = None
    extended: tuple[tuple[str, int], ...] = ()
    """What it has beside CPU and memory, by the API's names (`nvidia.com/gpu`)."""

    @property
    def key(self) -> str:
        return self.name

    @property
    def label_map(self) -> Mapping[str, str]:
        return MappingProxyType(dict(self.labels))

    @property
    def control_plane(self) -> bool:
        return not CONTROL_PLANE.isdisjoint(self.roles)

    @property
    def state(self) -> str:
        """`Ready`, `NotReady` or `Unknown`, with pressures and cordon after it."""
        word_ = {True: "Ready", False: "NotReady", None: "Unknown"}[self.ready]
        return ",".join([word_, *self.troubles, *(["cordoned"] if self.cordoned else [])])

    @property
    def usable(self) -> bool:
        """New pods can be placed here, as far as the node itself is concerned."""
        return self.ready is True and not self.cordoned

    @property
    def pool(self) -> str:
        """What sets it apart: its own taints, without those of the node life cycle and of the control plane."""
        own = [t for t in self.taints if not t.key.startswith((_LIFECYCLE, _ROLE))]
        return " ".join(t.value or t.key for t in own)


def node_row(wire: NodeWire) -> Node:
    """A row of a decoded node."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    conditions = tuple(
        NodeCondition(word(c.type), word(c.status), word(c.reason), line(c.message), epoch(c.last_transition_time))
        for c in status.conditions or ()
    )
    ready = next((c for c in conditions if c.type == "Ready"), None)
    room, about = status.allocatable or status.capacity or {}, status.node_info or SystemInfo()
    return Node(
        name=word(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        ready={"True": True, "False": False}.get(ready.status) if ready else None,
        ready_since=ready.since if ready else None,
        cordoned=bool(spec.unschedulable),
        taints=cleaned_taints(spec.taints),
        labels=pairs(meta.labels),
        roles=_roles(meta.labels or {}),
        troubles=tuple(text for kind, text in _TROUBLES.items() if _is_true(conditions, kind)),
        conditions=conditions,
        marks=marks(meta.annotations or {}),
        addresses=tuple(line(a.address, 253) for a in status.addresses or () if a.type != "Hostname"),
        cpu=millis(room.get("cpu")),
        memory=amount(room.get("memory")),
        pods=amount(room.get("pods")),
        version=word(about.kubelet_version),
        kernel=word(about.kernel_version),
        image=word(about.os_image),
        runtime=word(about.container_runtime_version),
        pod_cidr=line(spec.pod_cidr, 64),
        deleted=epoch(meta.deletion_timestamp),
        extended=extended(room),
    )


def _roles(labels: Mapping[str, str]) -> tuple[str, ...]:
    found = {word(key.removeprefix(_ROLE)) for key in labels if key.startswith(_ROLE)}
    if labels.get(_OWN_ROLE):
        found.add(word(labels[_OWN_ROLE]))
    return tuple(sorted(role for role in found if role))


def _is_true(conditions: tuple[NodeCondition, ...], kind: str) -> bool:
    return any(c.type == kind and c.status == "True" for c in conditions)
