"""Volumes and claims as rows: where the data lies, and to which nodes it is bound."""

from __future__ import annotations

from plugins.kubernetes.model.placing import NodeSelectorTerms, Term, terms
from plugins.kubernetes.model.quantity import amount
from plugins.kubernetes.model.sets import Storage, StorageRequests
from plugins.kubernetes.model.wire import (
    Condition,
    MetaAnnotated,
    ObjectReference,
    Pairs,
    Row,
    Wire,
    epoch,
    key_of,
    line,
    pairs,
    word,
)

HOSTNAME = "kubernetes.io/hostname"
_FIELD_NAME = "metadata.name"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


class LocalSource(Wire, frozen=True, gc=False):
    """LocalSource of the API, the fields that are read."""

    path: str = ""


class CsiSource(Wire, frozen=True, gc=False):
    """CsiSource of the API, the fields that are read."""

    driver: str = ""
    volume_handle: str = ""


class NfsSource(Wire, frozen=True, gc=False):
    """NfsSource of the API, the fields that are read."""

    server: str = ""
    path: str = ""


class VolumeAffinity(Wire, frozen=True, gc=False):
    """VolumeAffinity of the API, the fields that are read."""

    required: NodeSelectorTerms | None = None


class PersistentVolumeSpec(Wire, frozen=True, gc=False):
    """PersistentVolumeSpec of the API, the fields that are read."""

    capacity: Storage | None = None
    access_modes: tuple[str, ...] | None = None
    persistent_volume_reclaim_policy: str = ""
    storage_class_name: str = ""
    claim_ref: ObjectReference | None = None
    node_affinity: VolumeAffinity | None = None
    local: LocalSource | None = None
    host_path: LocalSource | None = None
    csi: CsiSource | None = None
    nfs: NfsSource | None = None


class PhaseStatus(Wire, frozen=True, gc=False):
    """PhaseStatus of the API, the fields that are read."""

    phase: str = ""
    message: str | None = None
    capacity: Storage | None = None
    conditions: tuple[Condition, ...] | None = None


class PersistentVolumeWire(Wire, frozen=True, gc=False):
    """PersistentVolumeWire of the API, the fields that are read."""

    metadata: MetaAnnotated
    spec: PersistentVolumeSpec = PersistentVolumeSpec()
    status: PhaseStatus = PhaseStatus()


class ClaimSpec(Wire, frozen=True, gc=False):
    """ClaimSpec of the API, the fields that are read."""

    volume_name: str = ""
    storage_class_name: str | None = None
    access_modes: tuple[str, ...] | None = None
    resources: StorageRequests | None = None


class ClaimWire(Wire, frozen=True, gc=False):
    """ClaimWire of the API, the fields that are read."""

    metadata: MetaAnnotated
    spec: ClaimSpec = ClaimSpec()
    status: PhaseStatus = PhaseStatus()


class StorageClassWire(Wire, frozen=True, gc=False):
    """StorageClassWire of the API, the fields that are read."""

    metadata: MetaAnnotated
    provisioner: str = ""
    reclaim_policy: str | None = None
    volume_binding_mode: str | None = None
    allow_volume_expansion: bool | None = None


class Volume(Row, frozen=True, gc=False):
    """A PersistentVolume; size in bytes. `hosts`: the only ones where it can be used; none: not bound."""

    name: str
    uid: str
    created: float
    size: int
    phase: str
    claim: str
    claim_uid: str
    storage_class: str
    reclaim: str
    modes: str
    source: str
    path: str
    terms: tuple[Term, ...] | None
    hosts: tuple[str, ...]
    labels: Pairs
    message: str = ""
    deleted: float | None = None

    @property
    def local(self) -> bool:
        """It lies on one host and goes nowhere else."""
        return bool(self.hosts)


class Claim(Row, frozen=True, gc=False):
    """A PersistentVolumeClaim; sizes in bytes."""

    namespace: str
    name: str
    uid: str
    created: float
    phase: str
    volume: str
    storage_class: str
    requested: int
    size: int
    modes: str
    labels: Pairs
    selected_node: str = ""
    deleted: float | None = None

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


class StorageClass(Row, frozen=True, gc=False):
    """How volumes of a class come to be. `late`: bound when the first pod that uses the claim is placed."""

    name: str
    uid: str
    created: float
    provisioner: str
    reclaim: str
    late: bool
    expandable: bool
    default: bool


def volume_row(wire: PersistentVolumeWire) -> Volume:
    """A PersistentVolume."""
    meta, spec = wire.metadata, wire.spec
    claim = spec.claim_ref
    alternatives = terms(spec.node_affinity.required) if spec.node_affinity else None
    source, path = _source(spec)
    return Volume(
        name=line(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        size=amount(spec.capacity.storage) if spec.capacity else 0,
        phase=word(wire.status.phase),
        claim=key_of(word(claim.namespace), line(claim.name)) if claim else "",
        claim_uid=line(claim.uid, 64) if claim else "",
        storage_class=word(spec.storage_class_name),
        reclaim=word(spec.persistent_volume_reclaim_policy) or "Retain",
        modes=_modes(spec.access_modes),
        source=source,
        path=path,
        terms=alternatives,
        hosts=_hosts(alternatives),
        labels=pairs(meta.labels),
        message=line(wire.status.message),
        deleted=epoch(meta.deletion_timestamp),
    )


def claim_row(wire: ClaimWire) -> Claim:
    """A PersistentVolumeClaim."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    requests = spec.resources.requests if spec.resources else None
    asked = amount(requests.storage) if requests else 0
    return Claim(
        namespace=word(meta.namespace),
        name=line(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        phase=word(status.phase),
        volume=line(spec.volume_name),
        storage_class=word(spec.storage_class_name),
        requested=asked,
        size=amount(status.capacity.storage) if status.capacity else 0,
        modes=_modes(spec.access_modes),
        labels=pairs(meta.labels),
        selected_node=word((meta.annotations or {}).get("volume.kubernetes.io/selected-node")),
        deleted=epoch(meta.deletion_timestamp),
    )


def storage_class_row(wire: StorageClassWire) -> StorageClass:
    """A StorageClass."""
    meta = wire.metadata
    return StorageClass(
        name=word(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        provisioner=line(wire.provisioner),
        reclaim=word(wire.reclaim_policy) or "Delete",
        late=wire.volume_binding_mode == "WaitForFirstConsumer",
        expandable=bool(wire.allow_volume_expansion),
        default=(meta.annotations or {}).get(_DEFAULT_CLASS) == "true",
    )


def _modes(modes: tuple[str, ...] | None) -> str:
    return ",".join(_MODES.get(mode, word(mode)) for mode in modes or ())


def _source(spec: PersistentVolumeSpec) -> tuple[str, str]:
    """What kind of storage it is, and where in it."""
    if spec.local is not None:
        return "local", line(spec.local.path)
    if spec.host_path is not None:
        return "hostPath", line(spec.host_path.path)
    if spec.csi is not None:
        return word(spec.csi.driver), line(spec.csi.volume_handle)
    if spec.nfs is not None:
        return "nfs", line(f"{spec.nfs.server}:{spec.nfs.path}")
    return "other", ""


def _hosts(alternatives: tuple[Term, ...] | None) -> tuple[str, ...]:
    """The hosts that the affinity names, where every alternative names some."""
    found: list[str] = []
    for term in alternatives or ():
        named = [rule.values or () for rule in term.labels if rule.key == HOSTNAME and rule.operator == "In"]
        named += [rule.values or () for rule in term.fields if rule.key == _FIELD_NAME and rule.operator == "In"]
        if not named:
            return ()
        found.extend(host for hosts in named for host in hosts if host not in found)
    return tuple(found)
