"""Sets: owners of named pods (StatefulSet, StrimziPodSet) as rows of one form."""

from __future__ import annotations

from plugins.kubernetes.model.quantity import Quantity, amount
from plugins.kubernetes.model.selectors import LabelSelector, Selector, selector
from plugins.kubernetes.model.wire import Meta, Pairs, Row, Wire, epoch, line, pairs, word

STATEFUL_KINDS = frozenset({"StatefulSet", "StrimziPodSet"})


class Partition(Wire, frozen=True, gc=False):
    """Partition of the API, the fields that are read."""

    partition: int | None = None


class UpdateStrategy(Wire, frozen=True, gc=False):
    """UpdateStrategy of the API, the fields that are read."""

    type: str = ""
    rolling_update: Partition | None = None


class Storage(Wire, frozen=True, gc=False):
    """Storage of the API, the fields that are read."""

    storage: Quantity | None = None


class StorageRequests(Wire, frozen=True, gc=False):
    """StorageRequests of the API, the fields that are read."""

    requests: Storage | None = None


class ClaimTemplateSpec(Wire, frozen=True, gc=False):
    """ClaimTemplateSpec of the API, the fields that are read."""

    storage_class_name: str | None = None
    resources: StorageRequests | None = None


class ClaimTemplate(Wire, frozen=True, gc=False):
    """ClaimTemplate of the API, the fields that are read."""

    metadata: Meta = Meta()
    spec: ClaimTemplateSpec = ClaimTemplateSpec()


class Retention(Wire, frozen=True, gc=False):
    """Retention of the API, the fields that are read."""

    when_deleted: str = ""
    when_scaled: str = ""


class StatefulSetSpec(Wire, frozen=True, gc=False):
    """StatefulSetSpec of the API, the fields that are read."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    service_name: str = ""
    pod_management_policy: str = ""
    update_strategy: UpdateStrategy | None = None
    volume_claim_templates: tuple[ClaimTemplate, ...] | None = None
    persistent_volume_claim_retention_policy: Retention | None = None


class StatefulSetStatus(Wire, frozen=True, gc=False):
    """StatefulSetStatus of the API, the fields that are read."""

    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    observed_generation: int = 0


class StatefulSetWire(Wire, frozen=True, gc=False):
    """StatefulSetWire of the API, the fields that are read."""

    metadata: Meta
    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class Anything(Wire, frozen=True, gc=False):
    """An object of which only the presence counts."""


class PodSetSpec(Wire, frozen=True, gc=False):
    """PodSetSpec of the API, the fields that are read."""

    selector: LabelSelector | None = None
    pods: tuple[Anything, ...] | None = None


class PodSetStatus(Wire, frozen=True, gc=False):
    """PodSetStatus of the API, the fields that are read."""

    pods: int = 0
    ready_pods: int = 0
    current_pods: int = 0
    observed_generation: int = 0


class PodSetWire(Wire, frozen=True, gc=False):
    """PodSetWire of the API, the fields that are read."""

    metadata: Meta
    spec: PodSetSpec = PodSetSpec()
    status: PodSetStatus | None = None


class Template(Row, frozen=True, gc=False):
    """A claim that each member gets: `name-member`; size in bytes."""

    name: str
    storage_class: str
    size: int


class MemberSet(Row, frozen=True, gc=False):
    """One set. `policy` OrderedReady: an unready lower ordinal keeps the higher ones from being made again."""

    kind: str
    namespace: str
    name: str
    uid: str
    created: float
    replicas: int
    ready: int
    updated: int
    selector: Selector | None
    labels: Pairs
    service: str = ""
    policy: str = ""
    strategy: str = ""
    partition: int = 0
    current_revision: str = ""
    update_revision: str = ""
    templates: tuple[Template, ...] = ()
    retention: str = ""
    settled: bool = True
    deleted: float | None = None

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"

    @property
    def rolling(self) -> bool:
        """Some members are of an older revision than the set wants."""
        return bool(self.update_revision) and self.update_revision != self.current_revision


def stateful_set_row(wire: StatefulSetWire) -> MemberSet:
    """A StatefulSet as a set."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    update = spec.update_strategy or UpdateStrategy()
    keep = spec.persistent_volume_claim_retention_policy
    return MemberSet(
        kind="StatefulSet",
        namespace=word(meta.namespace),
        name=line(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        replicas=1 if spec.replicas is None else spec.replicas,
        ready=status.ready_replicas,
        updated=status.updated_replicas,
        selector=selector(spec.selector),
        labels=pairs(meta.labels),
        service=line(spec.service_name),
        policy=word(spec.pod_management_policy) or "OrderedReady",
        strategy=word(update.type),
        partition=(update.rolling_update.partition or 0) if update.rolling_update else 0,
        current_revision=word(status.current_revision),
        update_revision=word(status.update_revision),
        templates=tuple(_template(one) for one in spec.volume_claim_templates or ()),
        retention=f"{word(keep.when_deleted)}/{word(keep.when_scaled)}" if keep else "",
        settled=status.observed_generation >= meta.generation,
        deleted=epoch(meta.deletion_timestamp),
    )


def pod_set_row(wire: PodSetWire) -> MemberSet:
    """A StrimziPodSet as a set: its controller makes any missing pod at once, in no order."""
    meta, spec, status = wire.metadata, wire.spec, wire.status or PodSetStatus()
    return MemberSet(
        kind="StrimziPodSet",
        namespace=word(meta.namespace),
        name=line(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        replicas=len(spec.pods or ()),
        ready=status.ready_pods,
        updated=status.current_pods,
        selector=selector(spec.selector),
        labels=pairs(meta.labels),
        policy="Parallel",
        strategy="operator",
        settled=status.observed_generation >= meta.generation,
        deleted=epoch(meta.deletion_timestamp),
    )


def _template(wire: ClaimTemplate) -> Template:
    requests = wire.spec.resources.requests if wire.spec.resources else None
    return Template(
        name=word(wire.metadata.name),
        storage_class=word(wire.spec.storage_class_name),
        size=amount(requests.storage) if requests else 0,
    )
