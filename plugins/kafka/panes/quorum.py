"""Pane `kafka.quorum`: who leads the metadata quorum, who votes, and how far each is behind."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import age, duration, timestamp
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from console.rings import Seat, Stand, may_go, ring, spare_tone
from plugins.kafka.model.rows import FETCH_TIMEOUT, QUORUM, Voter
from plugins.kafka.panes.cells import count, optional, pod_jump


def _behind(row: Voter, _now: float) -> Cell:
    if row.behind is None:
        return Cell("-", Tone.MUTED)
    return Cell(f"{row.behind:.1f} s", Tone.BAD if row.votes and not row.caught_up else Tone.PLAIN)


def describe(row: Voter, facts: Facts) -> Sequence[Section]:
    """The ring of voters, then this one."""
    about = (
        ("role", Cell(row.role, Tone.ACCENT if row.role == "leader" else Tone.PLAIN)),
        ("log end", Cell(f"{row.end:,}")),
        ("lag", Cell(f"{row.lag:,} records")),
        ("behind", _behind(row, facts.now)),
        ("last fetch", optional(f"{age(row.fetched, facts.now)} ago" if row.fetched else "")),
        ("address", optional(row.address)),
        ("pod", optional(f"{row.pod.namespace}/{row.pod.name} on {row.node or '-'}" if row.pod else "")),
    )
    return [quorum(list(facts.rows(QUORUM).values())), Section("member", about)]


def quorum(rows: Sequence[Voter]) -> Section:
    """The voters as a ring, with what may still be lost; who only observes is listed behind them."""
    voters = [row for row in rows if row.votes]
    leader = next((row for row in voters if row.role == "leader"), None)
    held = sum(row.caught_up is True for row in voters)
    unknown = sum(row.caught_up is None for row in voters)
    least = len(voters) // 2 + 1
    spare = held - least if leader else 0
    left = may_go(spare) if leader else "no leader is seen, so none may go"
    if spare < 0 <= spare + unknown:
        spare, left = 0, "how late the others are is not known, so none may go"
    named = f"{len(voters)} voter{'' if len(voters) == 1 else 's'}, quorum {least}, {held} in sync"
    said = f"{named}{f', {unknown} unknown' if unknown else ''}: {left}"
    return ring(Cell(said, spare_tone(spare)), [_seat(row, leader) for row in sorted(rows, key=lambda row: row.id)])


def _seat(row: Voter, leader: Voter | None) -> Seat:
    """By the leader's own clock: who has not fetched since the timeout is silent, who fetches and is late lags."""
    late = f", {row.lag:,} records behind" if row.lag else ""
    silent = leader.fetched - row.fetched if leader and leader.fetched and row.fetched else 0.0
    if row.role == "leader":
        stand, words = Stand.LEADS, "leader"
    elif row.caught_up is None:
        stand, words = Stand.UNKNOWN, f"UNKNOWN: this version does not say how late it is{late}"
    elif row.caught_up:
        stand, words = Stand.SERVES, f"in sync{late}"
    elif silent >= FETCH_TIMEOUT:
        stand, words = Stand.AWAY, f"away: no fetch for {duration(silent)}{late}"
    else:
        stand, words = Stand.LATE, f"lags {row.behind or 0:.1f} s{late}"
    return Seat(str(row.id), stand, words if row.votes else f"observer, {words}", votes=row.votes)


QUORUM_PANE: Pane[Voter] = Pane(
    name="kafka.quorum",
    title="kafka quorum members",
    table=QUORUM,
    columns=(
        Column("ID", lambda v: v.id, lambda v, _now: Cell(str(v.id)), align="right"),
        Column(
            "ROLE", lambda v: v.role, lambda v, _now: Cell(v.role, Tone.ACCENT if v.role == "leader" else Tone.PLAIN)
        ),
        Column("LAG", lambda v: v.lag, lambda v, _now: count(v.lag), align="right", help="records behind the leader"),
        Column(
            "BEHIND",
            lambda v: v.behind,
            _behind,
            align="right",
            help="when it was last caught up, against the leader; from Kafka 3.3",
        ),
        Column("END", lambda v: v.end, align="right", hide_below=80),
        Column(
            "LAST FETCH",
            lambda v: v.fetched,
            lambda v, now: Cell(age(v.fetched, now), Tone.MUTED),
            align="right",
            export=lambda v: timestamp(v.fetched) if v.fetched else None,
        ),
        Column("NODE", lambda v: v.node or None, lambda v, _now: optional(v.node)),
        Column(
            "ADDRESS",
            lambda v: v.address or None,
            lambda v, _now: optional(v.address),
            grow=True,
            help="from Kafka 3.9",
        ),
    ),
    ref=lambda v: Ref("voter", str(v.id)),
    sort="ID",
    facets=lambda v: {"broker": str(v.id), "role": v.role, "node": v.node},
    fault=lambda v: v.votes and v.caught_up is False,
    describe=describe,
    jumps=(
        Jump("its pod", "pods", lambda v, facts: pod_jump(v.pod, facts)),
        Jump("its broker", "kafka.brokers", lambda v, _facts: {"broker": str(v.id)}),
    ),
    help="The metadata quorum (KRaft): who leads, who votes, and how far each is behind.",
)
