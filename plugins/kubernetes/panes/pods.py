"""Pane `pods`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.format import age, size
from console.model import Tone
from console.plugin import Cell, Column, Jump, Pane
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.quantity import cores
from plugins.kubernetes.model.usage import PodUse
from plugins.kubernetes.panes import podparts
from plugins.kubernetes.panes.cells import age_column, optional, ratio, status_tone
from plugins.kubernetes.panes.manifests import manifest


def restarts(pod: Pod, now: float) -> Cell:
    """`3 (4min ago)`, as kubectl writes it."""
    state = pod.state
    if not state.restarts:
        return Cell("0", Tone.MUTED)
    when = f" ({age(state.last_restart, now)} ago)" if state.last_restart else ""
    return Cell(f"{state.restarts}{when}", Tone.WARN)


def facets(pod: Pod) -> Mapping[str, str]:
    """What other panes may limit pods by."""
    found = {"namespace": pod.namespace, "node": pod.node, "pod": pod.name}
    owner = pod.workload
    if owner is not None:
        found |= {"owner": f"{owner.kind}/{owner.name}"}
    if pod.owner is not None:
        found |= {"set": pod.owner.name}
    return found


def fault(pod: Pod) -> bool:
    """Neither ready nor done."""
    return pod.phase != "Succeeded" and not pod.healthy


def _owner(pod: Pod) -> str:
    owner = pod.workload
    return f"{owner.kind}/{owner.name}" if owner else ""


def _use(title: str, used: Callable[[PodUse], int], text: Callable[[int], str]) -> Column[Any]:
    """What a pod uses now; a dash where nobody measures it."""
    return Column(
        title,
        lambda use: used(use) if use else None,
        lambda use, _now: optional(text(used(use)) if use else ""),
        help="used now, by the metrics API; - where it says nothing",
        align="right",
        hide_below=100,
        of=tables.POD_USE,
    )


COLUMNS: tuple[Column[Any], ...] = (
    Column("NAME", lambda p: p.name, grow=True),
    Column("NAMESPACE", lambda p: p.namespace, hide_below=90),
    Column(
        "READY",
        lambda p: p.state.ready - p.shape.total,
        lambda p, _now: (
            Cell(f"{p.state.ready}/{p.shape.total}", Tone.MUTED)
            if p.phase == "Succeeded"
            else ratio(p.state.ready, p.shape.total)
        ),
        export=lambda p: f"{p.state.ready}/{p.shape.total}",
        help="containers ready of those that should run; sorts by how many are missing",
    ),
    Column("STATUS", lambda p: p.status, lambda p, _now: Cell(p.status, status_tone(p.status))),
    Column("RESTARTS", lambda p: p.state.restarts, restarts, align="right", help="and when the last one was"),
    Column(
        "LAST END",
        lambda p: p.state.last_reason or None,
        lambda p, _now: optional(p.state.last_reason, Tone.WARN),
        help="why a container ended before its last restart",
        hide_below=140,
    ),
    _use("CPU", lambda use: use.cpu, cores),
    _use("MEM", lambda use: use.memory, size),
    Column("NODE", lambda p: p.node or None, lambda p, _now: optional(p.node), hide_below=80),
    age_column(lambda p: p.created),
    Column("OWNER", _owner, lambda p, _now: optional(_owner(p)), wide=True),
    Column("IP", lambda p: p.ip, lambda p, _now: optional(p.ip), wide=True),
    Column("CPU REQ", lambda p: p.shape.cpu, lambda p, _now: Cell(cores(p.shape.cpu)), align="right", wide=True),
    Column("MEM REQ", lambda p: p.shape.memory, lambda p, _now: Cell(size(p.shape.memory)), align="right", wide=True),
    Column("QOS", lambda p: p.shape.qos, wide=True),
    Column("WHY", lambda p: p.message or None, lambda p, _now: optional(p.message, Tone.WARN), wide=True),
)

PODS: Pane[Pod] = Pane(
    name="pods",
    title="pods",
    table=tables.PODS,
    columns=COLUMNS,
    ref=podparts.ref,
    aliases=("po", "pod"),
    sort="NAME",
    labels=lambda p: dict(p.labels),
    facets=facets,
    fault=fault,
    describe=podparts.sections,
    actions=podparts.ACTIONS,
    jumps=(
        Jump("its node", "nodes", lambda p, _facts: {"node": p.node} if p.node else None),
        Jump(
            "its volumes", "volumes", lambda p, _facts: {"pod": p.name, "namespace": p.namespace} if p.claims else None
        ),
        Jump("its events", "events", lambda p, _facts: {"about": f"Pod {p.key}"}),
        Jump(
            "pods of its owner",
            "pods",
            lambda p, _facts: {"owner": _owner(p), "namespace": p.namespace} if _owner(p) else None,
        ),
    ),
    manifest=manifest(podparts.address),
    logs=podparts.LOGS,
    shell=podparts.SHELL,
    forward=podparts.FORWARD,
    reads=(tables.NODES, tables.BUDGETS, tables.WORKLOADS, tables.STORAGE),
    help="Every pod: status and restarts as kubectl prints them, and the reason of the last end.",
)
