"""Pane `events`: one line a subject, warnings first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.format import age, timestamp
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from plugins.kubernetes.joins.events import GROUPS, EventGroup
from plugins.kubernetes.model.addresses import CORE, Address
from plugins.kubernetes.panes.cells import moment, optional
from plugins.kubernetes.panes.manifests import manifest


def ref(group: EventGroup) -> Ref:
    """What the events are about."""
    event = group.first
    return Ref(event.kind.lower(), event.subject, event.subject_namespace, event.subject_uid)


def address(group: EventGroup) -> Address:
    """Where the API has the event that is shown."""
    return Address(CORE, "events", group.leading.name, group.leading.namespace)


def _tone(group: EventGroup) -> Tone:
    return Tone.WARN if group.leading.warning else Tone.PLAIN


def facets(group: EventGroup) -> Mapping[str, str]:
    """By namespace, and by subject as `Pod pulsar/pulsar-bookie-0`."""
    event = group.first
    found = {"namespace": event.subject_namespace, "about": event.about, "kind": event.kind}
    return found | ({"node": event.subject} if event.kind == "Node" else {})


COLUMNS: tuple[Column[EventGroup], ...] = (
    Column(
        "RANK",
        lambda g: (not g.leading.warning, -g.last),
        lambda g, _now: Cell("!" if g.warnings else "·", _tone(g)),
        export=lambda g: "Warning" if g.warnings else "Normal",
        width=5,
    ),
    Column(
        "LAST",
        lambda g: -g.last,
        lambda g, now: Cell(age(g.last, now), Tone.MUTED),
        align="right",
        width=6,
        export=lambda g: moment(g.last),
    ),
    Column("ABOUT", lambda g: g.first.about, width=44),
    Column("REASON", lambda g: g.leading.reason, lambda g, _now: Cell(g.leading.reason, _tone(g))),
    Column("MESSAGE", lambda g: g.leading.message, lambda g, _now: Cell(g.leading.message, _tone(g)), grow=True),
    Column("TIMES", lambda g: g.times, align="right", hide_below=110),
    Column(
        "WARNINGS",
        lambda g: g.warnings,
        lambda g, _now: optional(str(g.warnings) if g.warnings else "", Tone.WARN),
        align="right",
        wide=True,
    ),
    Column("FROM", lambda g: g.leading.source or None, wide=True),
)


def describe(group: EventGroup, _facts: Facts) -> Sequence[Section]:
    """All events about the subject."""
    lines = tuple(
        (
            f"{event.reason} x{event.times}" if event.times > 1 else event.reason,
            Cell(f"{timestamp(event.last)} {event.message}", Tone.WARN if event.warning else Tone.PLAIN),
        )
        for event in group.events
    )
    return [Section(group.first.about, lines)]


def _to_pods(group: EventGroup, _facts: Facts) -> Mapping[str, str] | None:
    event = group.first
    return {"namespace": event.subject_namespace, "pod": event.subject} if event.kind == "Pod" else None


EVENTS: Pane[EventGroup] = Pane(
    name="events",
    title="events",
    table=GROUPS,
    columns=COLUMNS,
    ref=ref,
    aliases=("ev", "event"),
    sort="RANK",
    facets=facets,
    fault=lambda g: g.leading.warning,
    describe=describe,
    jumps=(
        Jump("the pod", "pods", _to_pods),
        Jump("the node", "nodes", lambda g, _facts: {"node": g.first.subject} if g.first.kind == "Node" else None),
    ),
    manifest=manifest(address),
    help="Events by subject: warnings first, then the newest.",
)
