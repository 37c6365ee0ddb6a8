"""Pane `redis.masters`: each master group, whether the Sentinels agree, and whether a failover could happen now."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import duration
from console.model import Ref, Tone
from console.plugin import Action, Cell, Column, Effect, Facts, Jump, Pane, Section
from console.rings import Seat, Stand, may_go, ring
from plugins.redis.model import allowing
from plugins.redis.model.rows import MASTERS, MEMBERS, OF_MASTER, OPINIONS, SENTINELS, Master, Opinion
from plugins.redis.panes.cells import lag, link, optional, role
from plugins.redis.panes.later import run


def ref(row: Master) -> Ref:
    """The master group."""
    return Ref("redis master", row.name)


def agreement(row: Master, _now: float = 0.0) -> Cell:
    """How many Sentinels name the same address."""
    if not row.sentinels:
        return Cell("no Sentinel", Tone.MUTED)
    everybody = row.agree == row.answered == row.sentinels
    return Cell(
        f"{row.agree}/{row.sentinels}", Tone.OK if everybody else Tone.BAD if len(row.addresses) > 1 else Tone.WARN
    )


def quorum(row: Master, _now: float = 0.0) -> Cell:
    """Whether a failover could be agreed on: CKQUORUM of each Sentinel, the worst of them."""
    if not row.sentinels:
        return optional("")
    if row.quorum_ok is None:
        return Cell("?", Tone.BAD)
    usable = "?" if row.usable is None else str(row.usable)
    if not row.quorum_ok:
        return Cell(f"no: {usable} usable", Tone.BAD)
    spare = row.usable is not None and row.usable > max(row.majority, row.quorum or 0)
    return Cell(f"ok, {usable} of {row.sentinels}", Tone.OK if spare else Tone.WARN)


def stands(row: Master, _now: float = 0.0) -> Cell:
    """What the named server itself says."""
    if not row.role:
        return Cell("silent", Tone.BAD)
    if row.role != "master":
        return Cell(f"is a {row.role}", Tone.BAD)
    down = sorted(row.flags & {"s_down", "o_down"})
    return Cell(row.failover or ", ".join(down) or "ok", Tone.BUSY if row.failover else Tone.BAD if down else Tone.OK)


def replicas(row: Master, _now: float = 0.0) -> Cell:
    """Good ones of all that are known."""
    if row.good is None:
        return Cell("-" if row.replicas is None else str(row.replicas), Tone.MUTED)
    have, all_of_them = len(row.good), row.replicas or 0
    return Cell(f"{have}/{all_of_them}", Tone.BAD if not have else Tone.OK if have >= all_of_them else Tone.WARN)


def describe(row: Master, facts: Facts) -> Sequence[Section]:
    """What the Sentinels say together, then each member and each Sentinel."""
    about = (
        ("address", optional(row.address)),
        ("member", optional(row.member)),
        ("state", stands(row)),
        ("agree", agreement(row)),
        ("also named", optional(", ".join(one for one in row.addresses if one != row.address), Tone.BAD)),
        *(() if row.sentinels else (("quorum", Cell(sentence(row), quorum(row).tone)),)),
        ("answer", optional(row.quorum_text)),
        ("writes", optional(writes(row))),
        ("down after", optional(duration(row.down_after) if row.down_after else "")),
        ("failover limit", optional(duration(row.failover_timeout) if row.failover_timeout else "")),
        ("epoch", optional("" if row.epoch is None else str(row.epoch))),
    )
    about = tuple(line for line in about if line[1].text != "-")
    mine = sorted(facts.by(OF_MASTER, row.name), key=lambda one: one.name)
    members = tuple(
        (one.name, Cell(" ".join(filter(lambda word: word != "-", (role(one).text, link(one).text, lag(one).text)))))
        for one in mine
    )
    chosen = tuple(("" if place else "not", Cell(text, Tone.WARN)) for place, text in enumerate(row.refusals))
    good = (("can take over", optional(", ".join(row.good or ()))), *chosen)
    found = (
        Section("master", about),
        *circle(row, facts),
        Section("members", members),
        Section("replicas", good if row.sentinels else ()),
    )
    return [section for section in found if section.lines]


def circle(row: Master | None, facts: Facts) -> Sequence[Section]:
    """The Sentinels of a master as a ring: who agrees, who differs, who is silent; empty where there is none."""
    views = sorted(facts.by(OPINIONS, row.name), key=lambda one: one.key) if row else ()
    if row is None or not row.sentinels or not views:
        return ()
    return (ring(Cell(sentence(row), quorum(row).tone), [_seat(one) for one in views], title="ring of Sentinels"),)


def _seat(one: Opinion) -> Seat:
    """A silent one may be away or only not reached from here; one in TILT gives no vote."""
    if one.problem:
        return Seat(one.seat.name, Stand.UNKNOWN, f"UNKNOWN: {one.problem}")
    if one.tilt:
        return Seat(one.seat.name, Stand.AWAY, "in TILT: it does not act")
    if one.differs:
        return Seat(one.seat.name, Stand.LATE, f"differs: {'; '.join(one.differs)}")
    if one.view is not None and one.view.quorum_ok is False:
        return Seat(one.seat.name, Stand.LATE, "agrees, and sees no quorum")
    return Seat(one.seat.name, Stand.SERVES, "agrees")


def sentence(row: Master) -> str:
    """The quorum in words: `3 Sentinels, quorum 2, majority 2, 3 usable: one may go`."""
    if not row.sentinels:
        return "no Sentinel"
    least = max(row.majority, row.quorum or 0)
    said = f"{row.sentinels} Sentinels, quorum {row.quorum}, majority {row.majority}"
    if row.usable is None:
        return f"{said}, usable not known: none may go"
    spare = row.usable - least
    left = may_go(spare) if spare >= 0 else "no failover is possible"
    return f"{said}, {row.usable} usable: {left}"


def writes(row: Master) -> str:
    """Whether the server takes writes, by `min-replicas-to-write`."""
    if row.least_replicas is None:
        return ""
    if not row.least_replicas:
        return "with any number of replicas"
    have = "?" if row.good_replicas is None else row.good_replicas
    return f"need {row.least_replicas} good replica{'' if row.least_replicas == 1 else 's'}, {have} are there"


COLUMNS: tuple[Column[Master], ...] = (
    Column("NAME", lambda row: row.name),
    Column("ADDRESS", lambda row: row.address or None, lambda row, _now: optional(row.address)),
    Column("MEMBER", lambda row: row.member or None, lambda row, _now: optional(row.member), hide_below=100),
    Column("STATE", lambda row: stands(row).text, stands),
    Column("AGREE", lambda row: row.agree, agreement, help="Sentinels that name this address, of all"),
    Column("QUORUM", lambda row: row.usable, quorum, help="may a failover be agreed on (CKQUORUM, the worst answer)"),
    Column("REPLICAS", lambda row: len(row.good or ()), replicas, help="that could take over, of those known"),
    Column("NODE", lambda row: row.node or None, lambda row, _now: optional(row.node), hide_below=120),
    Column("WHY", lambda row: row.problem or None, lambda row, _now: Cell(row.problem, Tone.BAD), grow=True),
)


PANE: Pane[Master] = Pane(
    name="redis.masters",
    title="redis masters",
    table=MASTERS,
    columns=COLUMNS,
    ref=ref,
    sort="NAME",
    facets=lambda row: {"master": row.name, "node": row.node},
    fault=lambda row: row.role != "master" or row.quorum_ok is False or len(row.addresses) > 1 or row.good == (),
    describe=describe,
    actions=(
        Action(
            "failover",
            "fail over",
            run("failover"),
            help="a Sentinel makes its best replica the master; writes that no replica has yet are lost",
            key="f",
            effect=Effect.CHANGE,
            when=lambda row, _facts: allowing.no_failover(row),
        ),
    ),
    jumps=(
        Jump("its members", "redis.members", lambda row, _facts: {"master": row.name}),
        Jump("its Sentinels", "redis.sentinels", lambda row, _facts: {"master": row.name} if row.sentinels else None),
    ),
    reads=(MEMBERS, SENTINELS),
    help="Each master group: who is master, whether the Sentinels agree, and whether a failover is possible.",
)
