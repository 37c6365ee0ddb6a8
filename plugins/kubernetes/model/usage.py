"""What nodes and pods use: the metrics API, and the kubelet's summary with disks and volumes."""

from __future__ import annotations

import datetime

from plugins.kubernetes.model.podwire import Amounts
from plugins.kubernetes.model.quantity import Quantity, amount, millis
from plugins.kubernetes.model.wire import Meta, ObjectReference, Row, Wire, epoch, key_of, line, word

_NANO = 1_000_000


class MetricsWire(Wire, frozen=True, gc=False):
    """NodeMetrics of metrics.k8s.io."""

    metadata: Meta
    timestamp: datetime.datetime | None = None
    usage: Amounts = Amounts()


class ContainerMetrics(Wire, frozen=True, gc=False):
    """What one container uses."""

    usage: Amounts = Amounts()


class PodMetricsWire(Wire, frozen=True, gc=False):
    """PodMetrics of metrics.k8s.io."""

    metadata: Meta
    containers: tuple[ContainerMetrics, ...] | None = None


class Cpu(Wire, frozen=True, gc=False):
    """Cpu of the API, the fields that are read."""

    usage_nano_cores: int | None = None


class Memory(Wire, frozen=True, gc=False):
    """Memory of the API, the fields that are read."""

    working_set_bytes: int | None = None


class Disk(Wire, frozen=True, gc=False):
    """Disk of the API, the fields that are read."""

    capacity_bytes: int | None = None
    used_bytes: int | None = None
    available_bytes: int | None = None
    inodes: int | None = None
    inodes_used: int | None = None


class VolumeStats(Disk, frozen=True, gc=False):
    """The fill of one volume of a pod."""

    name: str = ""
    pvc_ref: ObjectReference | None = None


class PodStats(Wire, frozen=True, gc=False):
    """PodStats of the API, the fields that are read."""

    volume: tuple[VolumeStats, ...] | None = None


class NodeStats(Wire, frozen=True, gc=False):
    """NodeStats of the API, the fields that are read."""

    node_name: str = ""
    cpu: Cpu | None = None
    memory: Memory | None = None
    fs: Disk | None = None


class SummaryWire(Wire, frozen=True, gc=False):
    """stats.k8s.io Summary of one kubelet."""

    node: NodeStats = NodeStats()
    pods: tuple[PodStats, ...] | None = None


class Metrics(Row, frozen=True, gc=False):
    """Use of a node by the metrics API: thousandths of a core, bytes."""

    name: str
    cpu: int
    memory: int
    at: float | None


class Fill(Row, frozen=True, gc=False):
    """Bytes used of those there are; inodes likewise."""

    used: int
    size: int
    inodes_used: int = 0
    inodes: int = 0

    @property
    def share(self) -> float | None:
        """0 to 1, the worse of bytes and inodes."""
        shares = [have / whole for have, whole in ((self.used, self.size), (self.inodes_used, self.inodes)) if whole]
        return max(shares, default=None)


class ClaimFill(Row, frozen=True, gc=False):
    """How full the volume of a claim is (`claim`: its key)."""

    claim: str
    fill: Fill


class PodUse(Row, frozen=True, gc=False):
    """Use of one pod (`pod`: its key): thousandths of a core, bytes."""

    pod: str
    cpu: int
    memory: int


class Summary(Row, frozen=True, gc=False):
    """One kubelet's account of its node. `error`: why there is none (a right, a node that does not answer)."""

    name: str
    cpu: int | None = None
    memory: int | None = None
    disk: Fill | None = None
    claims: tuple[ClaimFill, ...] = ()
    error: str = ""


def metrics_row(wire: MetricsWire) -> Metrics:
    """A NodeMetrics object."""
    return Metrics(word(wire.metadata.name), millis(wire.usage.cpu), amount(wire.usage.memory), epoch(wire.timestamp))


def pod_use_row(wire: PodMetricsWire) -> PodUse:
    """A PodMetrics object: the sum of its containers."""
    used = [container.usage for container in wire.containers or ()]
    key = key_of(word(wire.metadata.namespace), line(wire.metadata.name))
    return PodUse(key, sum(_cores(one.cpu) for one in used), sum(_held(one.memory) for one in used))


def _cores(text: Quantity | None) -> int:
    """Thousandths. Metrics servers write `12345678n`: no two are the same, so that kept answers would only cost."""
    if isinstance(text, str) and text.endswith("n") and text[:-1].isdecimal():
        return -(-int(text[:-1]) // _NANO)
    return millis(text)


def _held(text: Quantity | None) -> int:
    """Bytes; likewise for `123456Ki`."""
    if isinstance(text, str) and text.endswith("Ki") and text[:-2].isdecimal():
        return int(text[:-2]) * 1024
    return amount(text)


def summary_row(name: str, wire: SummaryWire) -> Summary:
    """The summary of the kubelet of node `name`."""
    claims: dict[str, Fill] = {}
    for pod in wire.pods or ():
        for volume in pod.volume or ():
            fill = _fill(volume)
            if volume.pvc_ref is not None and fill is not None:
                claims[key_of(word(volume.pvc_ref.namespace), line(volume.pvc_ref.name))] = fill
    return Summary(
        name=name,
        cpu=_milli(wire.node.cpu),
        memory=wire.node.memory.working_set_bytes if wire.node.memory else None,
        disk=_fill(wire.node.fs) if wire.node.fs else None,
        claims=tuple(ClaimFill(claim, fill) for claim, fill in sorted(claims.items())),
    )


def _milli(cpu: Cpu | None) -> int | None:
    return None if cpu is None or cpu.usage_nano_cores is None else cpu.usage_nano_cores // _NANO


def _fill(disk: Disk) -> Fill | None:
    """`used + available` can be less than the size, where blocks are kept for root: what cannot be used is used."""
    if not disk.capacity_bytes:
        return None
    used = disk.used_bytes or 0
    if disk.available_bytes is not None:
        used = max(used, disk.capacity_bytes - disk.available_bytes)
    return Fill(used, disk.capacity_bytes, disk.inodes_used or 0, disk.inodes or 0)
