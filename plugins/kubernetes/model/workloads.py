"""Workloads whose pods have no names of their own: Deployment, ReplicaSet, DaemonSet, Job, CronJob, in one form."""

from __future__ import annotations

import datetime
from typing import TypedDict

from plugins.kubernetes.model.locks import KURED_LOCK, Lock, kured_locks
from plugins.kubernetes.model.selectors import LabelSelector, Selector, selector
from plugins.kubernetes.model.wire import (
    Condition,
    Meta,
    MetaAnnotated,
    ObjectReference,
    Pairs,
    Row,
    Wire,
    condition,
    controller,
    epoch,
    line,
    pairs,
    word,
)


class Strategy(Wire, frozen=True, gc=False):
    """Strategy of the API, the fields that are read."""

    type: str = ""


class DeploymentSpec(Wire, frozen=True, gc=False):
    """DeploymentSpec of the API, the fields that are read."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    strategy: Strategy | None = None
    paused: bool | None = None


class DeploymentStatus(Wire, frozen=True, gc=False):
    """DeploymentStatus of the API, the fields that are read."""

    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] | None = None


class DeploymentWire(Wire, frozen=True, gc=False):
    """apps/v1 Deployment; also a ReplicaSet, whose fields are a part of these."""

    metadata: Meta
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class DaemonSetSpec(Wire, frozen=True, gc=False):
    """DaemonSetSpec of the API, the fields that are read."""

    selector: LabelSelector | None = None
    update_strategy: Strategy | None = None


class DaemonSetStatus(Wire, frozen=True, gc=False):
    """DaemonSetStatus of the API, the fields that are read."""

    desired_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_misscheduled: int = 0
    observed_generation: int = 0


class DaemonSetWire(Wire, frozen=True, gc=False):
    """DaemonSetWire of the API, the fields that are read."""

    metadata: MetaAnnotated
    spec: DaemonSetSpec = DaemonSetSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class JobSpec(Wire, frozen=True, gc=False):
    """JobSpec of the API, the fields that are read."""

    completions: int | None = None
    parallelism: int | None = None
    suspend: bool | None = None
    selector: LabelSelector | None = None


class JobStatus(Wire, frozen=True, gc=False):
    """JobStatus of the API, the fields that are read."""

    active: int = 0
    succeeded: int = 0
    failed: int = 0
    completion_time: datetime.datetime | None = None
    conditions: tuple[Condition, ...] | None = None


class JobWire(Wire, frozen=True, gc=False):
    """JobWire of the API, the fields that are read."""

    metadata: Meta
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class CronJobSpec(Wire, frozen=True, gc=False):
    """CronJobSpec of the API, the fields that are read."""

    schedule: str = ""
    suspend: bool | None = None


class CronJobStatus(Wire, frozen=True, gc=False):
    """CronJobStatus of the API, the fields that are read."""

    active: tuple[ObjectReference, ...] | None = None
    last_schedule_time: datetime.datetime | None = None


class CronJobWire(Wire, frozen=True, gc=False):
    """CronJobWire of the API, the fields that are read."""

    metadata: Meta
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()


class Workload(Row, frozen=True, gc=False):
    """One workload: `ready` of `desired` pods (a Job: completions). `status` is a word, `message` says why."""

    kind: str
    namespace: str
    name: str
    uid: str
    created: float
    desired: int
    ready: int
    updated: int
    available: int
    status: str
    labels: Pairs
    selector: Selector | None = None
    strategy: str = ""
    message: str = ""
    finished: float | None = None
    owned: bool = False
    locks: tuple[Lock, ...] = ()
    """The nodes that its tool has locked (kured writes that on its DaemonSet)."""

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"

    @property
    def fault(self) -> bool:
        return self.status in {"stuck", "failed", "degraded", "down"}


class _Base(TypedDict):
    """What all kinds have."""

    kind: str
    namespace: str
    name: str
    uid: str
    created: float
    labels: Pairs
    selector: Selector | None
    owned: bool


def deployment_row(wire: DeploymentWire) -> Workload:
    """A Deployment."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    want = 1 if spec.replicas is None else spec.replicas
    progress = condition(status.conditions, "Progressing")
    trouble = condition(status.conditions, "ReplicaFailure") or condition(status.conditions, "Available")
    stuck = progress is not None and progress.reason == "ProgressDeadlineExceeded"
    said = progress if stuck else trouble if trouble and status.ready_replicas < want else None
    state = _state(want, status.ready_replicas)
    if stuck:
        state = "stuck"
    elif spec.paused:
        state = "paused"
    elif status.observed_generation < meta.generation or status.updated_replicas < want:
        state = "rolling"
    return Workload(
        **_base("Deployment", meta, spec.selector),
        desired=want,
        status=state,
        message=line(said.message) if said else "",
        ready=status.ready_replicas,
        updated=status.updated_replicas,
        available=status.available_replicas,
        strategy=word(spec.strategy.type) if spec.strategy else "",
    )


def replica_set_row(wire: DeploymentWire) -> Workload:
    """A ReplicaSet."""
    spec, status = wire.spec, wire.status
    want = 1 if spec.replicas is None else spec.replicas
    said = condition(status.conditions, "ReplicaFailure")
    return Workload(
        **_base("ReplicaSet", wire.metadata, spec.selector),
        desired=want,
        status=_state(want, status.ready_replicas),
        message=line(said.message) if said else "",
        ready=status.ready_replicas,
        updated=want,
        available=status.available_replicas,
    )


def daemon_set_row(wire: DaemonSetWire) -> Workload:
    """A DaemonSet: one pod on each node that it fits."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    want = status.desired_number_scheduled
    rolling = status.updated_number_scheduled < want or status.observed_generation < meta.generation
    state = _state(want, status.number_ready)
    return Workload(
        **_base("DaemonSet", meta, spec.selector),
        desired=want,
        status="rolling" if rolling else state,
        ready=status.number_ready,
        updated=status.updated_number_scheduled,
        available=status.number_available,
        message=f"{status.number_misscheduled} where none should be" if status.number_misscheduled else "",
        strategy=word(spec.update_strategy.type) if spec.update_strategy else "",
        locks=kured_locks(
            (meta.annotations or {}).get(KURED_LOCK), f"DaemonSet {line(meta.namespace)}/{line(meta.name)}"
        ),
    )


def job_row(wire: JobWire) -> Workload:
    """A Job: completions of those wanted."""
    spec, status = wire.spec, wire.status
    failed, done = condition(status.conditions, "Failed"), condition(status.conditions, "Complete")
    want = spec.completions if spec.completions is not None else spec.parallelism or 1
    state = "suspended" if spec.suspend else "running" if status.active else "waiting"
    if failed and failed.status == "True":
        state = "failed"
    elif done and done.status == "True":
        state = "complete"
    said = failed if state == "failed" else None
    return Workload(
        **_base("Job", wire.metadata, spec.selector),
        desired=want,
        status=state,
        ready=status.succeeded,
        updated=want,
        available=status.active,
        message=line(said.message) if said else "",
        finished=epoch(status.completion_time),
    )


def cron_job_row(wire: CronJobWire) -> Workload:
    """A CronJob: jobs that run now; `strategy` is its schedule, `finished` when it last began one."""
    active = len(wire.status.active or ())
    state = "suspended" if wire.spec.suspend else "running" if active else "waiting"
    return Workload(
        **_base("CronJob", wire.metadata, None),
        desired=active,
        status=state,
        ready=active,
        updated=active,
        available=active,
        strategy=line(wire.spec.schedule, 64),
        finished=epoch(wire.status.last_schedule_time),
    )


def _state(want: int, ready: int) -> str:
    if want == 0:
        return "scaled to 0"
    return "ok" if ready >= want else "down" if ready == 0 else "degraded"


def _base(kind: str, meta: Meta, chosen: LabelSelector | None) -> _Base:
    return {
        "kind": kind,
        "namespace": word(meta.namespace),
        "name": line(meta.name),
        "uid": line(meta.uid, 64),
        "created": epoch(meta.creation_timestamp) or 0.0,
        "labels": pairs(meta.labels),
        "selector": selector(chosen),
        "owned": controller(meta.owner_references) is not None,
    }
