"""Pods as rows: at most about 1 KB each, since what pods of one template share is one object."""

from __future__ import annotations

from datetime import datetime

import msgspec

from plugins.kubernetes.model.podshape import PodShape, pod_shape
from plugins.kubernetes.model.podstate import Container, PodState, pod_state
from plugins.kubernetes.model.podwire import PodAnnotations, PodWire, Volume
from plugins.kubernetes.model.wire import WORDS, OwnerReference, Pairs, Row, controller, key_of, line, pairs, word

FINISHED = frozenset({"Succeeded", "Failed"})
_REVISION = "controller-revision-hash"
_TEMPLATE = "pod-template-hash"
_SAFE = 400
"""Characters of name, uid and address together up to which none of them is too long."""
_DIGITS = frozenset("0123456789")


class Owner(Row, frozen=True, gc=False):
    """The controller of an object: kind as in the API (`StatefulSet`)."""

    kind: str
    name: str


_owners: dict[tuple[str, str], Owner] = {}
_controllers: dict[bytes, Owner] = {}
"""By an object's owners as they came."""
_labels: dict[bytes, Pairs] = {}
"""By labels as they came."""
_POOL = 20_000
_OWNERS = msgspec.json.Decoder(tuple[OwnerReference, ...] | None)
_LABELS = msgspec.json.Decoder(dict[str, str] | None)


class Pod(Row, frozen=True, gc=False):
    """One pod. Times are epoch seconds; `message` is why it is not scheduled or was evicted."""

    namespace: str
    name: str
    uid: str
    node: str
    phase: str
    state: PodState
    shape: PodShape
    labels: Pairs
    owner: Owner | None
    ip: str
    created: float
    ready_since: float | None
    deleted: float | None = None
    ready: bool = False
    mirror: bool = False
    unschedulable: bool = False
    reason: str = ""
    message: str = ""
    claims: tuple[str, ...] = ()
    empty_dirs: int = 0
    finalizers: tuple[str, ...] = ()
    protected: str = ""
    """The annotation by which its owner asks tools not to disturb it."""

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def status(self) -> str:
        """STATUS as kubectl prints it."""
        if self.deleted is not None:
            if self.reason == "NodeLost":
                return "Unknown"
            if self.phase not in FINISHED:
                return "Terminating"
        return self.state.status

    @property
    def restarts(self) -> int:
        return self.state.restarts

    @property
    def containers(self) -> tuple[Container, ...]:
        return self.state.containers

    @property
    def finished(self) -> bool:
        return self.phase in FINISHED

    @property
    def healthy(self) -> bool:
        """Counted by budgets: ready and not on its way out."""
        return self.ready and self.deleted is None and not self.finished

    @property
    def daemon(self) -> bool:
        return self.owner is not None and self.owner.kind == "DaemonSet"

    @property
    def revision(self) -> str:
        """The revision of its set that it was made of."""
        return self.label(_REVISION)

    @property
    def workload(self) -> Owner | None:
        """Who a person says it belongs to: the Deployment behind a ReplicaSet, else the owner."""
        owner = self.owner
        if owner is not None and owner.kind == "ReplicaSet":
            base = owner.name.removesuffix(f"-{self.label(_TEMPLATE)}")
            if base != owner.name:
                return owned("Deployment", base)
        return owner

    @property
    def ordinal(self) -> int:
        """The number at the end of its name, -1 without one."""
        tail = self.name.rpartition("-")[2]
        return int(tail) if tail and _DIGITS.issuperset(tail) else -1

    def label(self, name: str) -> str:
        for key, value in self.labels:  # no generator: indexes ask this of every pod of a cluster
            if key == name:
                return value
        return ""


def owned(kind: str, name: str) -> Owner:
    """The one object that stands for this owner."""
    found = _owners.get((kind, name))
    if found is None:
        if len(_owners) >= _POOL:
            _owners.clear()
        found = _owners[kind, name] = Owner(word(kind), word(name))
    return found


def _controller(owners: bytes) -> Owner | None:
    """The controller among these owners. Raises msgspec.DecodeError where they are none."""
    owner = controller(_OWNERS.decode(owners))
    if owner is None:
        return None
    if len(_controllers) >= _POOL:
        _controllers.clear()
    found = _controllers[owners] = owned(owner.kind, owner.name)
    return found


def _labelled(labels: bytes) -> Pairs:
    """These labels as pairs. Raises msgspec.DecodeError where they are none."""
    if len(_labels) >= _POOL:
        _labels.clear()
    found = _labels[labels] = pairs(_LABELS.decode(labels))
    return found


def pod_row(wire: PodWire) -> Pod:
    """A row of a decoded pod. Raises ValueError where a quantity is none, or labels are.

    Called for each pod of a list and each change, which is why it is written so flat: what is shared between pods is
    looked up here, and made (and cleaned) elsewhere when it is met for the first time.
    """
    meta, spec, status = wire.metadata, wire.spec, wire.status
    ready = initialized = gated = False
    since: datetime | None = None
    unscheduled: str | None = None
    for one in status.conditions or ():
        kind = one.type
        if kind == "Ready":
            ready, since = one.status == "True", one.last_transition_time
        elif kind == "Initialized":
            initialized = one.status == "True"
        elif kind == "PodScheduled" and one.status != "True":
            gated = one.reason == "SchedulingGated"
            unscheduled = (one.message or "") if one.reason == "Unschedulable" else None
    labels, owners = bytes(meta.labels), bytes(meta.owner_references)
    shape = pod_shape(spec, status.qos_class, owners)
    phase, reason = status.phase, status.reason
    state = pod_state(
        phase,
        reason,
        gated,
        initialized,
        ready,
        shape.init_count,
        shape.sidecars,
        status.init_container_statuses or (),
        status.container_statuses or (),
    )
    name, uid, address = meta.name, meta.uid, status.pod_ip
    if len(text := name + uid + address) > _SAFE or not text.isprintable():
        name, uid, address = line(name), line(uid, 64), line(address, 64)
    claims, empty = _volumes(name, spec.volumes) if spec.volumes else ((), 0)
    created, deleted = meta.creation_timestamp, meta.deletion_timestamp
    return Pod(  # by position, which is three times as fast
        WORDS.get(meta.namespace) or word(meta.namespace),
        name,
        uid,
        WORDS.get(spec.node_name) or word(spec.node_name),
        WORDS.get(phase) or word(phase),
        state,
        shape,
        (_labels.get(labels) or _labelled(labels)) if labels else (),
        (_controllers.get(owners) or _controller(owners)) if owners else None,
        address,
        created.timestamp() if created else 0.0,
        since.timestamp() if since else None,
        deleted.timestamp() if deleted else None,
        ready,
        meta.annotations is not None and bool(meta.annotations.mirror),
        unscheduled is not None,
        word(reason) if reason else "",
        line(unscheduled or status.message) if unscheduled or status.message else "",
        claims,
        empty,
        tuple(word(one) for one in meta.finalizers) if meta.finalizers else (),
        _protected(meta.annotations) if meta.annotations is not None else "",
    )


def _protected(held: PodAnnotations) -> str:
    if held.karpenter == "true":
        return "karpenter.sh/do-not-disrupt"
    return "cluster-autoscaler.kubernetes.io/safe-to-evict=false" if held.autoscaler == "false" else ""


def _volumes(pod: str, volumes: tuple[Volume, ...]) -> tuple[tuple[str, ...], int]:
    claims: list[str] = []
    empty = 0
    for volume in volumes:
        if volume.persistent_volume_claim is not None:
            claims.append(word(volume.persistent_volume_claim.claim_name))
        elif volume.ephemeral is not None:
            claims.append(word(f"{pod}-{volume.name}"))
        elif volume.empty_dir is not None:
            empty += 1
    return tuple(claims), empty


def claim_keys(pod: Pod) -> tuple[str, ...]:
    """Keys of the claims that the pod uses."""
    return tuple(key_of(pod.namespace, claim) for claim in pod.claims)
