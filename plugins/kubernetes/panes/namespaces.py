"""Pane `namespaces`."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.addresses import CORE, Address
from plugins.kubernetes.model.leases import Namespace
from plugins.kubernetes.panes.cells import age_column, optional
from plugins.kubernetes.panes.manifests import manifest


def ref(row: Namespace) -> Ref:
    """The namespace itself."""
    return Ref("namespace", row.name, uid=row.uid)


def _address(row: Namespace) -> Address:
    return Address(CORE, "namespaces", row.name, uid=row.uid)


def describe(row: Namespace, facts: Facts) -> Sequence[Section]:
    """Phase, what it waits for, and how many pods are in it."""
    pods = facts.by(tables.PODS_BY_NAMESPACE, row.name)
    lines = [
        ("phase", Cell(row.phase, Tone.OK if row.phase == "Active" else Tone.BUSY)),
        ("pods", Cell(f"{sum(p.healthy for p in pods)} ready of {sum(not p.finished for p in pods)}")),
        *(("waits", Cell(text, Tone.WARN)) for text in row.waits),
    ]
    labels = tuple((key, Cell(value)) for key, value in row.labels)
    return [Section("namespace", tuple(lines)), *([Section("labels", labels)] if labels else [])]


COLUMNS: tuple[Column[Namespace], ...] = (
    Column("NAME", lambda n: n.name, grow=True),
    Column("PHASE", lambda n: n.phase, lambda n, _now: Cell(n.phase, Tone.OK if n.phase == "Active" else Tone.BUSY)),
    Column(
        "WAITS FOR",
        lambda n: n.waits[0] if n.waits else None,
        lambda n, _now: optional(n.waits[0] if n.waits else "", Tone.WARN),
    ),
    age_column(lambda n: n.created),
)

NAMESPACES: Pane[Namespace] = Pane(
    name="namespaces",
    title="namespaces",
    table=tables.NAMESPACES,
    columns=COLUMNS,
    ref=ref,
    aliases=("ns", "namespace"),
    sort="NAME",
    labels=lambda n: dict(n.labels),
    facets=lambda n: {"namespace": n.name},
    fault=lambda n: n.phase != "Active",
    describe=describe,
    jumps=(
        Jump("its pods", "pods", lambda n, _facts: {"namespace": n.name}),
        Jump("its events", "events", lambda n, _facts: {"namespace": n.name}),
    ),
    manifest=manifest(_address),
    reads=(tables.PODS,),
    help="Namespaces, and what keeps one from going.",
)
