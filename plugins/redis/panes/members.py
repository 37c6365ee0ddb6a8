"""Pane `redis.members`: every server, its role, how far behind it is, what it holds and whether that is kept."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from console.format import age, duration, size
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from plugins.redis.model.rows import MASTERS, MEMBERS, Member
from plugins.redis.panes.cells import (
    counting,
    lag,
    link,
    memory,
    number,
    optional,
    persistence,
    pod_facets,
    role,
    saved,
)


def ref(row: Member) -> Ref:
    """The member; its namespace is the pod's."""
    return Ref("redis", row.name, row.seat.pod.namespace if row.seat.pod else "")


def _rate(row: Member, _now: float) -> Cell:
    return optional("" if row.hit_rate is None else f"{100 * row.hit_rate:.0f} %")


COLUMNS: tuple[Column[Member], ...] = (
    Column("NAME", lambda row: row.name),
    Column("ROLE", lambda row: row.role or None, role),
    Column("MASTER", lambda row: row.master or None, lambda row, _now: optional(row.master), hide_below=100),
    Column("LINK", lambda row: row.info.link if row.info and row.info.link else None, link),
    Column("LAG", lambda row: row.lag, lag, help="bytes that the master has not heard back", align="right"),
    counting("CLIENTS", lambda row: row.info.clients if row.info else None, hide_below=80),
    Column(
        "MEMORY",
        lambda row: row.info.memory if row.info else None,
        memory,
        help="used, and what it may use (maxmemory)",
        align="right",
        hide_below=90,
    ),
    Column(
        "KEPT BY",
        lambda row: saved(row.info)[0] if row.info else None,
        persistence,
        help="how it keeps its data over a restart",
        hide_below=110,
    ),
    Column("HITS", lambda row: row.hit_rate, _rate, help="hit rate since it started", align="right", hide_below=120),
    replace(counting("OPS/S", lambda row: row.info.ops if row.info else None, hide_below=70), trend=True),
    counting("KEYS", lambda row: sum(keys for _, keys, _ in row.info.keyspace) if row.info else None, hide_below=130),
    Column("NODE", lambda row: row.seat.node or None, lambda row, _now: optional(row.seat.node), hide_below=140),
    Column("WHY", lambda row: row.problem or None, lambda row, _now: Cell(row.problem, Tone.BAD), grow=True),
    Column("ADDRESS", lambda row: row.address, wide=True, help="as it is announced to the others"),
    Column("VERSION", lambda row: row.info.version if row.info else None, wide=True),
    Column(
        "EVICTED",
        lambda row: row.info.evicted if row.info else None,
        lambda row, _now: number(row.info.evicted if row.info else None, Tone.WARN),
        align="right",
        wide=True,
    ),
)


def describe(row: Member, facts: Facts) -> Sequence[Section]:
    """The member, its replication, its memory and what it holds."""
    info = row.info
    if info is None:
        return (Section("member", (("answer", Cell(row.problem, Tone.BAD)), ("address", Cell(row.address)))),)
    limit = f" of {info.max_clients}" if info.max_clients else ""
    about = (
        ("role", role(row)),
        ("address", Cell(row.address)),
        ("reached at", Cell(row.seat.address)),
        ("version", Cell(f"Redis {info.version}, up {duration(info.uptime or 0)}")),
        ("clients", Cell(f"{_told(info.clients)}{limit}, {_told(info.blocked)} blocked")),
        ("refused", number(info.rejected, Tone.WARN)),
        ("operations", Cell(f"{_told(info.ops)} a second")),
    )
    kept = (
        ("used", memory(row)),
        ("when full", optional(info.policy)),
        ("evicted", number(info.evicted, Tone.WARN)),
        ("kept by", persistence(row)),
        ("last save", optional(f"{age(info.rdb_saved, facts.now)} ago" if info.rdb_saved else "")),
        ("changes since", number(info.rdb_changes)),
    )
    held = tuple((name, Cell(f"{keys} keys, {expiring} of them expire")) for name, keys, expiring in info.keyspace)
    return (
        Section("member", about),
        Section("replication", _replication(row)),
        Section("memory and disk", kept),
        Section("keyspace", held or (("", Cell("no keys", Tone.MUTED)),)),
    )


def _replication(row: Member) -> tuple[tuple[str, Cell], ...]:
    info = row.info
    if info is None:
        return ()
    if info.role == "master":
        fed = tuple(
            ("replica" if place == 0 else "", Cell(f"{one.address} {one.state}, {_behind(info.offset, one.offset)}"))
            for place, one in enumerate(info.fed)
        )
        least = (
            ""
            if not row.least_replicas
            else f"need {row.least_replicas} good replica{'' if row.least_replicas == 1 else 's'}, "
            f"{_told(info.good_replicas)} are there"
        )
        return (("offset", number(info.offset)), *fed, ("writes", optional(least)))
    choice = Cell(f"no: {row.refused}", Tone.WARN) if row.refused else Cell("yes", Tone.OK)
    return (
        ("follows", optional(info.master)),
        ("link", link(row)),
        ("behind", lag(row)),
        ("heard", optional("" if info.last_io is None or info.last_io < 0 else f"{info.last_io} s ago")),
        ("priority", number(info.priority)),
        ("can be master", choice if row.master else optional("")),
    )


def _behind(mine: int | None, theirs: int | None) -> str:
    return "?" if mine is None or theirs is None else f"{size(max(0, mine - theirs))}B behind"


def _told(value: int | None) -> str:
    return "?" if value is None else str(value)


def fault(row: Member) -> bool:
    """What ctrl-z keeps."""
    info = row.info
    return info is None or (info.role != "master" and info.link != "up") or saved(info)[1] is Tone.BAD


PANE: Pane[Member] = Pane(
    name="redis.members",
    title="redis members",
    table=MEMBERS,
    columns=COLUMNS,
    ref=ref,
    aliases=("redis",),
    sort="NAME",
    facets=lambda row: {
        "node": row.seat.node,
        "namespace": row.seat.pod.namespace if row.seat.pod else "",
        "member": row.name,
        "master": row.master,
    },
    fault=fault,
    describe=describe,
    jumps=(
        Jump("its pod", "pods", lambda row, _facts: pod_facets(row.seat)),
        Jump("its slow log", "redis.slowlog", lambda row, _facts: {"member": row.name}),
        Jump("its master group", "redis.masters", lambda row, _facts: {"master": row.master} if row.master else None),
        Jump("pods of its node", "pods", lambda row, _facts: {"node": row.seat.node} if row.seat.node else None),
    ),
    reads=(MASTERS,),
    help="Every Redis server: role, replication, memory, persistence.",
)
