"""Pane `workloads`: Deployments, DaemonSets, Jobs and CronJobs in one table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from console.format import timestamp
from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, LogQuery, Logs, Pane, Section
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.addresses import Address, of_kind
from plugins.kubernetes.model.workloads import Workload
from plugins.kubernetes.panes import podparts
from plugins.kubernetes.panes.cells import age_column, optional, ratio
from plugins.kubernetes.panes.later import run, stream
from plugins.kubernetes.panes.manifests import manifest

_TONES = {
    "ok": Tone.OK,
    "complete": Tone.MUTED,
    "scaled to 0": Tone.MUTED,
    "suspended": Tone.MUTED,
    "waiting": Tone.MUTED,
    "paused": Tone.WARN,
    "rolling": Tone.BUSY,
    "running": Tone.BUSY,
    "degraded": Tone.WARN,
}


def ref(row: Workload) -> Ref:
    """The workload itself."""
    return Ref(row.kind.lower(), row.name, row.namespace, row.uid)


def address(row: Workload) -> Address:
    """Where the API has it."""
    return of_kind(row.kind, row.namespace, row.name, row.uid)


def _ready(row: Workload, _now: float) -> Cell:
    if row.kind == "CronJob":
        return Cell(f"{row.ready} running", Tone.MUTED if not row.ready else Tone.BUSY)
    return ratio(row.ready, row.desired)


COLUMNS: tuple[Column[Workload], ...] = (
    Column("NAME", lambda w: w.name, grow=True),
    Column("NAMESPACE", lambda w: w.namespace, hide_below=90),
    Column("KIND", lambda w: w.kind),
    Column(
        "READY",
        lambda w: w.ready - w.desired,
        _ready,
        help="ready of desired; of a Job: completions",
        export=lambda w: f"{w.ready}/{w.desired}",
    ),
    Column("STATUS", lambda w: w.status, lambda w, _now: Cell(w.status, _TONES.get(w.status, Tone.BAD))),
    Column("UPDATED", lambda w: w.updated, align="right", hide_below=110),
    Column("WHY", lambda w: w.message or None, lambda w, _now: optional(w.message, Tone.WARN), hide_below=130),
    age_column(lambda w: w.created),
    Column("AVAILABLE", lambda w: w.available, align="right", wide=True),
    Column("STRATEGY", lambda w: w.strategy or None, lambda w, _now: optional(w.strategy), wide=True),
    Column("SELECTOR", lambda w: str(w.selector) if w.selector else None, wide=True),
)


def describe(row: Workload, facts: Facts) -> Sequence[Section]:
    """Counts, reason, pods and where they are."""
    pods = sorted(facts.by(tables.PODS_BY_OWNER, row.key), key=lambda pod: pod.name)
    about = (
        ("status", Cell(row.status, _TONES.get(row.status, Tone.BAD))),
        ("why", optional(row.message, Tone.WARN)),
        ("pods", Cell(f"{row.ready} ready, {row.updated} updated, {row.available} available of {row.desired}")),
        ("strategy", optional(row.strategy)),
        ("selector", optional(str(row.selector) if row.selector else "")),
        ("last", optional(timestamp(row.finished) if row.finished else "")),
    )
    found = [
        Section(row.kind, about),
        Section("pods", tuple((pod.name, Cell(f"{pod.status} on {pod.node or '-'}")) for pod in pods[:50])),
        podparts.events_section(f"{row.kind} {row.namespace}/{row.name}", facts),
        Section("labels", tuple((key, Cell(value)) for key, value in row.labels)),
    ]
    return [section for section in found if section.lines]


def _scales(row: Workload, _facts: Facts) -> str | None:
    return None if row.kind in {"Deployment", "ReplicaSet"} else f"a {row.kind} has no number of replicas"


def _restarts(row: Workload, _facts: Facts) -> str | None:
    return None if row.kind in {"Deployment", "DaemonSet"} else f"a {row.kind} has no rollout"


def _log_sources(row: Workload, facts: Facts) -> Sequence[str]:
    pods = sorted(facts.by(tables.PODS_BY_OWNER, row.key), key=lambda pod: pod.name)
    return [source for pod in pods for source in podparts.log_sources(pod, facts)]


def _follow(client: Any, row: Workload, query: LogQuery) -> AsyncIterator[str]:
    return stream("abilities:follow_named")(client, row.namespace, query)


ACTIONS: tuple[Action[Workload], ...] = (
    Action(
        "scale",
        "scale",
        run("scale"),
        help="how many pods it should have",
        when=_scales,
        rights=lambda w: (address(w).right("patch", "scale"),),
        asks=lambda w, _facts: (Ask("replicas", "pods", default=str(w.desired), number=True),),
    ),
    Action(
        "restart",
        "rollout restart",
        run("restart"),
        help="replace all pods, as the strategy says",
        key="r",
        when=_restarts,
        rights=lambda w: (address(w).right("patch"),),
    ),
    Action(
        "delete",
        "delete",
        run("delete_workload"),
        help="the workload and all of its pods",
        key="ctrl+d",
        effect=Effect.DESTROY,
        rights=lambda w: (address(w).right("delete"),),
    ),
)

_WORDS = {
    "Deployment": ("deploy", "dp", "deployment", "deployments"),
    "DaemonSet": ("ds", "daemonset", "daemonsets"),
    "Job": ("job", "jobs"),
    "CronJob": ("cj", "cronjob", "cronjobs"),
}
WORKLOADS: Pane[Workload] = Pane(
    name="workloads",
    title="workloads",
    table=tables.WORKLOADS,
    columns=COLUMNS,
    ref=ref,
    aliases=("wk", *(word for words in _WORDS.values() for word in words)),
    limits={word: {"kind": kind} for kind, words in _WORDS.items() for word in words},
    sort="NAME",
    labels=lambda w: dict(w.labels),
    facets=lambda w: {"namespace": w.namespace, "kind": w.kind, "owner": f"{w.kind}/{w.name}"},
    fault=lambda w: w.fault,
    describe=describe,
    actions=ACTIONS,
    jumps=(
        Jump("its pods", "pods", lambda w, _facts: {"namespace": w.namespace, "owner": f"{w.kind}/{w.name}"}),
        Jump("its events", "events", lambda w, _facts: {"about": f"{w.kind} {w.namespace}/{w.name}"}),
    ),
    manifest=manifest(address),
    logs=Logs(sources=_log_sources, follow=_follow),
    reads=(tables.PODS,),
    help="Deployments, DaemonSets, Jobs and CronJobs: what is ready of what is wanted, and why not.",
)
