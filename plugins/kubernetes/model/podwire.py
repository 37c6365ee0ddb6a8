"""Pods on the wire: the fields that rows, verdicts and panes need, and nothing else."""

from __future__ import annotations

import datetime

import msgspec

from plugins.kubernetes.model.quantity import Quantity, amount
from plugins.kubernetes.model.wire import NOTHING, Condition, Identity, Wire, word


class Waiting(Wire, frozen=True, gc=False):
    """Waiting of the API, the fields that are read."""

    reason: str = ""
    message: str = ""


class Running(Wire, frozen=True, gc=False):
    """When it started is left out, so that equal states of many pods are one object."""


class Terminated(Wire, frozen=True, gc=False):
    """Terminated of the API, the fields that are read."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    finished_at: datetime.datetime | None = None


class ContainerState(Wire, frozen=True, gc=False):
    """ContainerState of the API, the fields that are read."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire, frozen=True, gc=False):
    """ContainerStatus of the API, the fields that are read."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    started: bool | None = None
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class Amounts(Wire, frozen=True, gc=False):
    """CPU and memory, of what is used or of a pod as a whole."""

    cpu: Quantity | None = None
    memory: Quantity | None = None


Named = dict[str, Quantity]
"""Amounts by the API's names: also of resources that nobody here has heard of (`vendor.example/device`)."""
COUNTED = frozenset({"cpu", "memory", "pods"})
"""What is counted by itself."""


def extended(amounts: Named | None) -> tuple[tuple[str, int], ...]:
    """The amounts beside CPU, memory and pods, by the API's names."""
    found = ((word(name), amount(value)) for name, value in (amounts or {}).items() if name not in COUNTED)
    return tuple(sorted(found))


class Limits(Wire, frozen=True, gc=False):
    """A container's ResourceRequirements, the fields that are read."""

    requests: Named | None = None
    limits: Named | None = None

    @property
    def wanted(self) -> Named:
        """Its requests; of extended resources limits count where nothing is requested, as the API has it."""
        asked = self.requests or {}
        return {name: value for name, value in (self.limits or {}).items() if name not in COUNTED} | asked


class Resources(Wire, frozen=True, gc=False):
    """Resources of a pod as a whole, the fields that are read."""

    requests: Amounts | None = None
    limits: Amounts | None = None


class ContainerPort(Wire, frozen=True, gc=False):
    """ContainerPort of the API, the fields that are read."""

    container_port: int = 0
    host_port: int | None = None
    protocol: str = "TCP"


class ContainerSpec(Wire, frozen=True, gc=False):
    """ContainerSpec of the API, the fields that are read. Resources and ports are read once a template."""

    name: str = ""
    image: str = ""
    resources: msgspec.Raw = NOTHING
    ports: msgspec.Raw = NOTHING
    restart_policy: str | None = None


def limits_of(one: ContainerSpec) -> Limits:
    """What a container asks for. Raises msgspec.DecodeError where it is no such thing."""
    return Limits() if one.resources is NOTHING else msgspec.json.decode(one.resources, type=Limits | None) or Limits()


def ports_of(one: ContainerSpec) -> tuple[ContainerPort, ...]:
    """What a container listens on. Raises msgspec.DecodeError where it is no such thing."""
    return () if one.ports is NOTHING else msgspec.json.decode(one.ports, type=tuple[ContainerPort, ...] | None) or ()


class ClaimSource(Wire, frozen=True, gc=False):
    """ClaimSource of the API, the fields that are read."""

    claim_name: str = ""


class Present(Wire, frozen=True, gc=False):
    """A volume source of which only the presence matters."""


class Volume(Wire, frozen=True, gc=False):
    """`name` is read only where a claim is made of it (ephemeral volumes)."""

    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: Present | None = None
    empty_dir: Present | None = None
    host_path: Present | None = None


class PodSpec(Wire, frozen=True, gc=False):
    """PodSpec of the API, the fields that are read; what all pods of a template share is left as it came."""

    node_name: str = ""
    containers: tuple[ContainerSpec, ...] | None = None
    init_containers: tuple[ContainerSpec, ...] | None = None
    volumes: tuple[Volume, ...] | None = None
    tolerations: msgspec.Raw = NOTHING
    node_selector: dict[str, str] | None = None
    affinity: msgspec.Raw = NOTHING
    topology_spread_constraints: msgspec.Raw = NOTHING
    resources: Resources | None = None
    overhead: Amounts | None = None
    termination_grace_period_seconds: int | None = None
    host_network: bool | None = None
    priority: int | None = None


class PodStatus(Wire, frozen=True, gc=False):
    """PodStatus of the API, the fields that are read."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    qos_class: str = ""
    start_time: datetime.datetime | None = None
    conditions: tuple[Condition, ...] | None = None
    init_container_statuses: tuple[ContainerStatus, ...] | None = None
    container_statuses: tuple[ContainerStatus, ...] | None = None


class PodAnnotations(Wire, frozen=True, gc=False):
    """PodAnnotations of the API, the fields that are read."""

    mirror: str = msgspec.field(name="kubernetes.io/config.mirror", default="")
    karpenter: str = msgspec.field(name="karpenter.sh/do-not-disrupt", default="")
    autoscaler: str = msgspec.field(name="cluster-autoscaler.kubernetes.io/safe-to-evict", default="")


class PodMeta(Identity, frozen=True, gc=False):
    """PodMeta of the API, the fields that are read; labels and owners are left as they came, for pods share them."""

    labels: msgspec.Raw = NOTHING
    owner_references: msgspec.Raw = NOTHING
    annotations: PodAnnotations | None = None


class PodWire(Wire, frozen=True, gc=False):
    """corev1.Pod."""

    metadata: PodMeta
    spec: PodSpec
    status: PodStatus = PodStatus()
