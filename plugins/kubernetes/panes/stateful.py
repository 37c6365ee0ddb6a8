"""Pane `stateful`: sets, and below each its members in ordinal order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from console.format import size
from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Facts, Jump, LogQuery, Logs, Pane, Section
from plugins.kubernetes.joins.stateful import MISSING, STATEFUL, StatefulRow
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.addresses import Address, of_kind
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.panes import podparts
from plugins.kubernetes.panes.cells import age_column, optional, ratio, status_tone
from plugins.kubernetes.panes.later import run, stream
from plugins.kubernetes.panes.manifests import manifest
from plugins.kubernetes.panes.pods import restarts

_WORDS = {"ok": Tone.OK, "rolling": Tone.BUSY, "degraded": Tone.WARN, "down": Tone.BAD, MISSING: Tone.BAD}


def ref(row: StatefulRow) -> Ref:
    """The member's pod, or the set."""
    if row.pod is not None:
        return podparts.ref(row.pod)
    kind = "pod" if row.member else row.of.kind.lower()
    return Ref(kind, row.name, row.of.namespace, "" if row.member else row.of.uid)


def address(row: StatefulRow) -> Address:
    """Where the API has it."""
    if row.member:
        return Address("/api/v1", "pods", row.member, row.of.namespace, row.pod.uid if row.pod else "")
    return of_kind(row.of.kind, row.of.namespace, row.of.name, row.of.uid)


def _status(row: StatefulRow, _now: float) -> Cell:
    return Cell(row.status, _WORDS.get(row.status) or status_tone(row.status))


def _ready(row: StatefulRow, _now: float) -> Cell:
    if row.member:
        return ratio(row.pod.state.ready, row.pod.shape.total) if row.pod else Cell("-", Tone.MUTED)
    return ratio(row.healthy, row.of.replicas)


def _missing(row: StatefulRow) -> int:
    if row.member:
        return row.pod.state.ready - row.pod.shape.total if row.pod else -1
    return row.healthy - row.of.replicas


def _budget(row: StatefulRow) -> Cell:
    if row.member:
        return Cell("")
    if not row.budgets:
        return Cell("none", Tone.MUTED)
    one = row.budgets[0]
    if len(row.budgets) > 1:
        return Cell(f"{len(row.budgets)} budgets: no eviction works", Tone.BAD)
    return Cell(f"allows {one.allowed}" if not one.blocked else one.blocked, Tone.WARN if one.blocked else Tone.PLAIN)


def _revision(row: StatefulRow) -> Cell:
    text = row.revision if row.member else "rolling" if row.of.rolling else ""
    return optional(text, Tone.BUSY if text in {"old", "rolling"} else Tone.MUTED)


def _claims(row: StatefulRow) -> str:
    if row.pod is not None:
        return " ".join(row.pod.claims)
    return " ".join(f"{one.name} {size(one.size)}" for one in row.of.templates) if not row.member else ""


def facets(row: StatefulRow) -> Mapping[str, str]:
    """A set shows wherever its members do."""
    found = {"namespace": row.of.namespace, "set": row.of.name, "owner": f"{row.of.kind}/{row.of.name}"}
    if row.pod is not None:
        found |= {"node": row.pod.node, "pod": row.pod.name}
    return found


COLUMNS: tuple[Column[StatefulRow], ...] = (
    Column("NAME", lambda r: r.name, grow=True),
    Column("NAMESPACE", lambda r: r.of.namespace, hide_below=100),
    Column("READY", _missing, _ready, export=lambda r: _ready(r, 0.0).text),
    Column("STATUS", lambda r: r.status, _status),
    Column(
        "NODE",
        lambda r: (r.pod.node if r.pod else "") or None,
        lambda r, _now: optional(
            (r.pod.node if r.pod else "") or (f"waits for {','.join(r.hosts)}" if r.hosts else "")
        ),
    ),
    Column("BUDGET", lambda r: r.budgets[0].allowed if r.budgets else None, lambda r, _now: _budget(r), hide_below=120),
    Column("REV", lambda r: r.revision or None, lambda r, _now: _revision(r), hide_below=110),
    Column(
        "RESTARTS",
        lambda r: r.pod.restarts if r.pod else None,
        lambda r, now: restarts(r.pod, now) if r.pod else Cell(""),
        align="right",
        hide_below=90,
    ),
    Column("LAST END", lambda r: (r.pod.state.last_reason if r.pod else "") or None, wide=True),
    Column("CLAIMS", _claims, lambda r, _now: optional(_claims(r)), wide=True),
    Column("VOLUMES", lambda r: " ".join(v.name for v in r.volumes) or None, wide=True),
    Column("PINNED TO", lambda r: ",".join(r.hosts) or None, lambda r, _now: optional(",".join(r.hosts)), wide=True),
    Column("POLICY", lambda r: None if r.member else r.of.policy, wide=True),
    Column("UPDATE", lambda r: None if r.member else r.of.strategy, wide=True),
    age_column(lambda r: r.pod.created if r.pod else None if r.member else r.of.created),
)


def describe(row: StatefulRow, facts: Facts) -> Sequence[Section]:
    """A member is described as a pod; a set by its rules."""
    if row.pod is not None:
        return podparts.sections(row.pod, facts)
    one = row.of
    about: list[tuple[str, Cell]] = [
        ("ready", ratio(row.healthy, one.replicas)),
        ("policy", Cell(f"{one.policy}, update {one.strategy or '-'}, partition {one.partition}")),
        ("revision", Cell(f"{one.current_revision} -> {one.update_revision}" if one.rolling else one.update_revision)),
        ("service", optional(one.service)),
        ("claims", optional(_claims(row))),
        ("kept claims", optional(one.retention)),
        *((f"budget {b.name}", Cell(f"{b.demand}: {b.blocked or f'allows {b.allowed}'}")) for b in row.budgets),
    ]
    events = podparts.events_section(f"{one.kind} {one.namespace}/{one.name}", facts)
    return [Section(one.kind, tuple(about)), *([events] if events.lines else [])]


def _members(row: StatefulRow, facts: Facts) -> list[Pod]:
    if row.member:
        return [row.pod] if row.pod else []
    return sorted(facts.by(tables.PODS_BY_OWNER, row.of.key), key=lambda pod: pod.ordinal)


def _log_sources(row: StatefulRow, facts: Facts) -> Sequence[str]:
    pods = _members(row, facts)
    return [source for pod in pods for source in podparts.log_sources(pod, facts)]


def _follow(client: Any, row: StatefulRow, query: LogQuery) -> AsyncIterator[str]:
    return stream("abilities:follow_named")(client, row.of.namespace, query)


def _only_sets(row: StatefulRow, _facts: Facts) -> str | None:
    if row.member:
        return "choose the set, not one of its members"
    return None if row.of.kind == "StatefulSet" else f"a {row.of.kind} is its operator's: change what it is made of"


def _pod_action(action: Action[Pod]) -> Action[StatefulRow]:
    """An action on pods, for the members of a set."""

    async def doing(act: Any, row: StatefulRow) -> str:
        return await action.run(act, row.pod) if row.pod is not None else "it is not there"

    return Action(
        action.id,
        action.title,
        doing,
        help=action.help,
        key=action.key,
        effect=action.effect,
        when=lambda row, facts: action.when(row.pod, facts) if row.pod else "choose a member that is there",
        rights=lambda row: action.rights(row.pod) if row.pod else (),
        asks=lambda row, facts: action.asks(row.pod, facts) if row.pod else (),
    )


ACTIONS: tuple[Action[StatefulRow], ...] = (
    *(_pod_action(action) for action in podparts.ACTIONS),
    Action(
        "scale",
        "scale",
        run("scale"),
        help="members are added or removed at the end of the set; claims stay as its retention says",
        when=_only_sets,
        rights=lambda row: (address(row).right("patch", "scale"),),
        asks=lambda row, _facts: (Ask("replicas", "members", default=str(row.of.replicas), number=True),),
    ),
    Action(
        "restart",
        "rollout restart",
        run("restart"),
        help="replace all members one after another, as the update strategy says",
        when=lambda row, facts: (
            _only_sets(row, facts)
            or (
                "its update strategy is OnDelete: members restart only when deleted"
                if row.of.strategy == "OnDelete"
                else None
            )
        ),
        rights=lambda row: (address(row).right("patch"),),
    ),
)

STATEFUL_PANE: Pane[StatefulRow] = Pane(
    name="stateful",
    title="stateful",
    table=STATEFUL,
    columns=COLUMNS,
    ref=ref,
    aliases=("sts", "statefulset", "statefulsets", "sets"),
    sort="NAME",
    labels=lambda r: dict(r.pod.labels) if r.pod else dict(r.of.labels),
    facets=facets,
    fault=lambda r: (r.pod is None or not r.pod.healthy) if r.member else r.healthy < r.of.replicas or r.of.rolling,
    describe=describe,
    parent=lambda r: r.parent,
    actions=ACTIONS,
    jumps=(
        Jump("pods of the set", "pods", lambda r, _facts: {"namespace": r.of.namespace, "set": r.of.name}),
        Jump("its node", "nodes", lambda r, _facts: {"node": r.pod.node} if r.pod and r.pod.node else None),
        Jump("its volumes", "volumes", lambda r, _facts: {"set": r.of.name, "namespace": r.of.namespace}),
        Jump("its budgets", "budgets", lambda r, _facts: {"namespace": r.of.namespace} if r.budgets else None),
        Jump(
            "its events",
            "events",
            lambda r, _facts: (
                {"about": f"Pod {r.of.namespace}/{r.member}"}
                if r.member
                else {"about": f"{r.of.kind} {r.of.namespace}/{r.of.name}"}
            ),
        ),
    ),
    manifest=manifest(address),
    logs=Logs(sources=_log_sources, follow=_follow),
    reads=(tables.NODES, tables.BUDGETS, tables.WORKLOADS, tables.STORAGE),
    help="Sets and their members: where each stands, what it is pinned to, and what its budget lets go.",
)
