"""Panes of the cluster as a whole: reassignments, ACLs, and the operator's resources."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import age, timestamp
from console.model import Ref, Tone
from console.plugin import Action, Cell, Column, Facts, Jump, Pane, Right, Section
from plugins.kafka.model.rows import ACLS, REASSIGNMENTS, RESOURCES, Acl, Reassignment, Resource
from plugins.kafka.panes.cells import ids, optional, run
from plugins.kafka.panes.replicas import CANCEL

_PLURALS = {
    "Kafka": "kafkas",
    "KafkaNodePool": "kafkanodepools",
    "KafkaTopic": "kafkatopics",
    "KafkaUser": "kafkausers",
}
_STATES = {"Ready": Tone.OK, "NotReady": Tone.BAD, "paused": Tone.WARN, "no status": Tone.BUSY}


REASSIGNMENTS_PANE: Pane[Reassignment] = Pane(
    name="kafka.reassignments",
    title="kafka reassignments",
    table=REASSIGNMENTS,
    columns=(
        Column(
            "NAME",
            lambda r: (r.topic, r.number),
            lambda r, _now: Cell(f"{r.topic}/{r.number}"),
            grow=True,
            export=lambda r: f"{r.topic}/{r.number}",
        ),
        Column("REPLICAS", lambda r: ids(r.replicas)),
        Column("ADDING", lambda r: ids(r.adding) or None, lambda r, _now: optional(ids(r.adding), Tone.BUSY)),
        Column("REMOVING", lambda r: ids(r.removing) or None, lambda r, _now: optional(ids(r.removing), Tone.BUSY)),
    ),
    ref=lambda r: Ref("partition", f"{r.topic}/{r.number}"),
    sort="NAME",
    facets=lambda r: {"topic": r.topic},
    actions=(CANCEL,),
    jumps=(Jump("its topic", "kafka.topics", lambda r, _facts: {"topic": r.topic}),),
    help="Partitions on their way to other brokers.",
)

ACLS_PANE: Pane[Acl] = Pane(
    name="kafka.acls",
    title="kafka ACLs",
    table=ACLS,
    columns=(
        Column("PRINCIPAL", lambda a: a.principal, grow=True),
        Column(
            "MAY",
            lambda a: a.permission,
            lambda a, _now: Cell(a.permission, Tone.BAD if a.permission == "deny" else Tone.OK),
        ),
        Column("OPERATION", lambda a: a.operation),
        Column("RESOURCE", lambda a: a.resource),
        Column("NAME", lambda a: a.name),
        Column("PATTERN", lambda a: a.pattern, hide_below=90),
        Column("FROM", lambda a: a.host, hide_below=100),
    ),
    ref=lambda a: Ref("acl", a.key),
    sort="PRINCIPAL",
    facets=lambda a: {"principal": a.principal, "resource": a.resource},
    help="Who may do what, as the authorizer has it.",
)


def _described(row: Resource, _facts: Facts) -> Sequence[Section]:
    about = (
        ("state", Cell(row.state, _STATES.get(row.state, Tone.PLAIN))),
        ("why", optional(row.why, Tone.WARN)),
        ("is", optional(row.detail)),
    )
    if _is_no_resource(row):
        return [Section(row.kind, about)]
    seen = "not yet" if row.observed is None else str(row.observed)
    wished = (
        ("generation", Cell(f"{row.generation}, seen by the operator: {seen}")),
        ("reconciliation", Cell("paused", Tone.WARN) if row.paused else Cell("on", Tone.OK)),
    )
    return [Section(row.kind, (*about, *wished))]


def _patch(row: Resource) -> Sequence[Right]:
    plural = _PLURALS.get(row.kind)
    return (Right("patch", plural, "kafka.strimzi.io", row.namespace, row.name),) if plural else ()


def _is_no_resource(row: Resource) -> str | None:
    return None if row.kind in _PLURALS else "it is a part of the Kafka resource"


def _seen(row: Resource) -> Cell:
    if _is_no_resource(row):
        return Cell("-", Tone.MUTED)
    return Cell("yes", Tone.OK) if row.observed == row.generation else Cell("no", Tone.BUSY)


RESOURCES_PANE: Pane[Resource] = Pane(
    name="kafka.resources",
    title="kafka resources",
    table=RESOURCES,
    columns=(
        Column("NAME", lambda r: r.name, grow=True),
        Column("KIND", lambda r: r.kind),
        Column("STATE", lambda r: r.state, lambda r, _now: Cell(r.state, _STATES.get(r.state, Tone.PLAIN))),
        Column(
            "SEEN",
            lambda r: None if r.observed is None else r.observed - r.generation,
            lambda r, _now: _seen(r),
            export=lambda r: r.observed == r.generation,
            help="whether the operator has seen the newest wish",
        ),
        Column("IS", lambda r: r.detail or None, lambda r, _now: optional(r.detail), hide_below=90),
        Column(
            "SINCE",
            lambda r: None if r.since is None else -r.since,
            lambda r, now: Cell(age(r.since, now), Tone.MUTED),
            align="right",
            export=lambda r: timestamp(r.since) if r.since else None,
        ),
        Column("WHY", lambda r: r.why or None, lambda r, _now: optional(r.why, Tone.WARN), hide_below=110),
        Column("NAMESPACE", lambda r: r.namespace, wide=True),
    ),
    ref=lambda r: Ref(r.kind.lower(), r.name, r.namespace),
    sort="KIND",
    facets=lambda r: {"kind": r.kind, "namespace": r.namespace, "state": r.state},
    fault=lambda r: r.state != "Ready" or bool(r.why),
    describe=_described,
    actions=(
        Action(
            "pause",
            "pause its reconciliation",
            run("pause"),
            rights=_patch,
            when=lambda r, _facts: _is_no_resource(r) or ("it is paused" if r.paused else None),
            help="the operator leaves it alone until it is resumed",
        ),
        Action(
            "resume",
            "resume its reconciliation",
            run("resume"),
            rights=_patch,
            when=lambda r, _facts: _is_no_resource(r) or (None if r.paused else "it is not paused"),
            help="the operator looks at it again",
        ),
    ),
    help="Strimzi's resources and its exporter: conditions, whether the newest wish was seen, and why not.",
)
