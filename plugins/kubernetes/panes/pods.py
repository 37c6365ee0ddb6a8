"""Pane `pods`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.format import age
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Pane, Section
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.panes.cells import age_column, optional, ratio, status_tone


def ref(pod: Pod) -> Ref:
    """The pod itself."""
    return Ref("pod", pod.name, pod.namespace, pod.uid)


def _restarts(pod: Pod, now: float) -> Cell:
    state = pod.state
    if not state.restarts:
        return Cell("0", Tone.MUTED)
    when = f" ({age(state.last_restart, now)} ago)" if state.last_restart else ""
    return Cell(f"{state.restarts}{when}", Tone.WARN)


def facets(pod: Pod) -> Mapping[str, str]:
    """What other panes may limit pods by."""
    owner = pod.workload
    found = {"namespace": pod.namespace, "node": pod.node, "name": pod.name}
    return found | ({"owner": f"{owner.kind}/{owner.name}", "set": owner.name} if owner else {})


def fault(pod: Pod) -> bool:
    """Neither ready nor done."""
    return not (pod.finished and pod.phase == "Succeeded") and not (pod.ready and pod.deleted is None)


def describe(pod: Pod, _facts: Facts) -> Sequence[Section]:
    """The detail panel."""
    return (Section("pod", (("status", Cell(pod.status, status_tone(pod.status))), ("node", optional(pod.node)))),)


COLUMNS: tuple[Column[Pod], ...] = (
    Column("NAME", lambda p: p.name, grow=True),
    Column("NAMESPACE", lambda p: p.namespace, hide_below=90),
    Column("READY", lambda p: (p.state.ready, p.shape.total), lambda p, _now: ratio(p.state.ready, p.shape.total)),
    Column("STATUS", lambda p: p.status, lambda p, _now: Cell(p.status, status_tone(p.status))),
    Column("RESTARTS", lambda p: p.state.restarts, _restarts, align="right"),
    Column("LAST END", lambda p: p.state.last_reason, lambda p, _now: optional(p.state.last_reason), hide_below=140),
    Column("NODE", lambda p: p.node, lambda p, _now: optional(p.node), hide_below=80),
    Column("IP", lambda p: p.ip, wide=True),
    Column("QOS", lambda p: p.shape.qos, wide=True),
    age_column(lambda p: p.created),
)

PODS: Pane[Pod] = Pane(
    name="pods",
    title="pods",
    table=tables.PODS,
    columns=COLUMNS,
    ref=ref,
    aliases=("po", "pod"),
    sort="NAME",
    labels=lambda p: dict(p.labels),
    facets=facets,
    fault=fault,
    describe=describe,
    help="Every pod: status and restarts as kubectl prints them, and the reason of the last end.",
)
