"""Pane `redis.sentinels`: what each Sentinel believes of each master, side by side, and where one differs."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref, Tone
from console.plugin import Action, Cell, Column, Effect, Facts, Jump, Pane, Section
from plugins.redis.model import allowing
from plugins.redis.model.rows import MASTERS, MEMBERS, OF_MASTER, OPINIONS, SENTINELS, Opinion
from plugins.redis.model.sentinel import Known, refused
from plugins.redis.panes.cells import number, optional, pod_facets
from plugins.redis.panes.later import run
from plugins.redis.panes.masters import circle


def ref(row: Opinion) -> Ref:
    """The Sentinel; with the master that it watches in its name, as one may watch several."""
    return Ref("sentinel", row.key if row.master else row.seat.name, row.seat.pod.namespace if row.seat.pod else "")


def _flags(row: Opinion, _now: float) -> Cell:
    if row.view is None:
        return Cell("?", Tone.BAD)
    odd = sorted(row.view.flags - {"master"})
    return Cell(", ".join(odd) or "ok", Tone.BAD if odd else Tone.OK)


def _can(row: Opinion, _now: float) -> Cell:
    view = row.view
    if view is None or view.quorum_ok is None:
        return Cell("?", Tone.BAD)
    return Cell("ok" if view.quorum_ok else "no", Tone.OK if view.quorum_ok else Tone.BAD)


def _why(row: Opinion, _now: float) -> Cell:
    if row.problem:
        return Cell(row.problem, Tone.BAD)
    if row.tilt:
        return Cell("TILT: its clock jumped, so it does not act for 30 s", Tone.BAD)
    return Cell("; ".join(row.differs), Tone.WARN)


COLUMNS: tuple[Column[Opinion], ...] = (
    Column("NAME", lambda row: row.seat.name),
    Column("MASTER", lambda row: row.master or None, lambda row, _now: optional(row.master), hide_below=90),
    Column("SEES IT AT", lambda row: row.view.address if row.view else None),
    Column("STATE", lambda row: ",".join(sorted(row.view.flags)) if row.view else None, _flags),
    Column("QUORUM?", lambda row: row.view.quorum_ok if row.view else None, _can, help="its answer to CKQUORUM"),
    Column(
        "REPLICAS",
        lambda row: row.view.replicas_known if row.view else None,
        lambda row, _now: number(row.view.replicas_known if row.view else None),
        align="right",
        hide_below=100,
        help="that it knows, also those that are gone",
    ),
    Column(
        "OTHERS",
        lambda row: row.view.others_known if row.view else None,
        lambda row, _now: number(row.view.others_known if row.view else None),
        align="right",
        hide_below=100,
        help="other Sentinels that it knows, also those that are gone",
    ),
    Column(
        "EPOCH",
        lambda row: row.view.epoch if row.view else None,
        lambda row, _now: number(row.view.epoch if row.view else None),
        align="right",
        hide_below=120,
    ),
    Column(
        "PENDING",
        lambda row: row.pending,
        lambda row, _now: number(row.pending, Tone.WARN),
        align="right",
        help="scripts that wait to be run",
        hide_below=120,
    ),
    Column("NODE", lambda row: row.seat.node or None, lambda row, _now: optional(row.seat.node), hide_below=130),
    Column("WHY", lambda row: row.problem or "; ".join(row.differs) or None, _why, grow=True),
)


def describe(row: Opinion, facts: Facts) -> Sequence[Section]:
    """Its own view, the ring of all, the views of the others beside it, and whom it knows."""
    view = row.view
    whole = circle(facts.get(MASTERS, row.master), facts)
    if view is None:
        silent = (("answer", Cell(row.problem, Tone.BAD)), ("address", Cell(row.seat.address)))
        return (Section("sentinel", silent), *whole)
    about = (
        ("address", Cell(row.seat.address)),
        ("id", optional(row.id)),
        ("sees master at", optional(view.address)),
        ("quorum", Cell(f"{view.quorum} of {view.voters}")),
        ("answer", optional(view.quorum_text, Tone.PLAIN if view.quorum_ok else Tone.BAD)),
        ("failover", optional(view.failover if view.failover != "none" else "")),
        ("differs", optional("; ".join(row.differs), Tone.WARN)),
    )
    about = tuple(line for line in about if line[1].text != "-")
    others = sorted(facts.by(OPINIONS, row.master), key=lambda one: one.key)
    beside = tuple(
        (one.seat.name, Cell(f"{one.view.address}  epoch {one.view.epoch}  replicas {one.view.replicas_known}"))
        for one in others
        if one.view is not None
    )
    replicas = tuple(
        (one.address, Cell(why, Tone.WARN) if (why := refused(view, one)) else Cell("good", Tone.OK))
        for one in view.replicas or ()
    )
    found = (
        Section("sentinel", about),
        *whole,
        Section("side by side", beside),
        Section("replicas that it knows", replicas),
        Section("sentinels that it knows", tuple(_other(one) for one in view.sentinels or ())),
    )
    return [section for section in found if section.lines]


def _other(one: Known) -> tuple[str, Cell]:
    odd = sorted(one.flags - {"sentinel"})
    return one.address, Cell(", ".join(odd) or "ok", Tone.WARN if odd else Tone.OK)


def no_reset(row: Opinion, facts: Facts) -> str | None:
    """Why this Sentinel cannot be reset now."""
    master = facts.get(MASTERS, row.master)
    members = facts.by(OF_MASTER, row.master)
    return allowing.no_reset(row, list(facts.rows(SENTINELS).values()), master, members)


PANE: Pane[Opinion] = Pane(
    name="redis.sentinels",
    title="redis sentinels",
    table=SENTINELS,
    columns=COLUMNS,
    ref=ref,
    aliases=("sentinels",),
    sort="NAME",
    facets=lambda row: {
        "node": row.seat.node,
        "master": row.master,
        "member": row.seat.name,
        "namespace": row.seat.pod.namespace if row.seat.pod else "",
    },
    fault=lambda row: bool(row.problem or row.differs or row.tilt) or (row.view is not None and not row.view.quorum_ok),
    describe=describe,
    actions=(
        Action(
            "reset",
            "reset",
            run("reset"),
            help="it forgets replicas and Sentinels that are gone, and finds the others again; one at a time",
            effect=Effect.CHANGE,
            when=no_reset,
        ),
    ),
    jumps=(
        Jump("its pod", "pods", lambda row, _facts: pod_facets(row.seat)),
        Jump("the master", "redis.masters", lambda row, _facts: {"master": row.master} if row.master else None),
    ),
    reads=(MASTERS, MEMBERS),
    help="What each Sentinel believes, side by side: they must agree before anybody may go.",
)
