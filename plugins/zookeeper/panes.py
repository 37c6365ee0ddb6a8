"""Pane `zookeeper.members` and the tile: who leads, who is in sync, how far behind, and who may go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from console.format import duration, size
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section, Tile
from console.rings import Seat, Stand, ring
from plugins.zookeeper.model.rows import MEMBERS, RINGS, Member, Ring
from plugins.zookeeper.model.words import Said

_WAITING, _SLOW, _BEHIND = 10, 100.0, 1000


def ref(row: Member) -> Ref:
    """The member; its namespace is the pod's."""
    return Ref("zookeeper", row.name, row.seat.pod.namespace if row.seat.pod else "")


def optional(text: str, tone: Tone = Tone.PLAIN) -> Cell:
    """Text, or a muted dash."""
    return Cell(text, tone) if text else Cell("-", Tone.MUTED)


def mode(row: Member, _now: float = 0.0) -> Cell:
    """What it is now: a mode is named only with a quorum."""
    if row.said is None:
        return Cell("UNKNOWN", Tone.BAD)
    if not row.serving:
        return Cell("not serving", Tone.BAD)
    return Cell(row.state, Tone.ACCENT if row.state == "leader" else Tone.OK)


def vote(row: Member, _now: float = 0.0) -> Cell:
    """Voter or observer."""
    return Cell("?", Tone.MUTED) if row.votes is None else Cell("voter" if row.votes else "observer")


def synced(row: Member, _now: float = 0.0) -> Cell:
    """Of the leader: followers with a vote that are in sync, of those that there should be."""
    said = row.said
    if said is None or said.synced is None or row.state != "leader":
        return optional("")
    have = said.synced - (said.synced_without_vote or 0)
    if said.voters is None:
        return Cell(str(have))
    want = said.voters - 1
    return Cell(f"{have}/{want}", Tone.OK if have >= want else Tone.BAD if have < said.voters // 2 else Tone.WARN)


def zxid(row: Member, _now: float = 0.0) -> Cell:
    """Epoch and transaction."""
    said = row.said
    if said is None or said.epoch is None:
        return optional("")
    return Cell(f"{said.epoch}:{said.counter}", Tone.WARN if row.old_epoch else Tone.PLAIN)


def behind(row: Member, _now: float = 0.0) -> Cell:
    """Transactions behind the leader."""
    if row.old_epoch:
        return Cell("old epoch", Tone.WARN)
    if row.behind is None or row.state == "leader":
        return optional("")
    return Cell(str(row.behind), Tone.WARN if row.behind > _BEHIND else Tone.OK)


def _counting(title: str, value: Callable[[Said], int | None], *, hide_below: int, high: int = 0) -> Column[Member]:
    def of(row: Member) -> int | None:
        return value(row.said) if row.said else None

    def cell(row: Member, _now: float) -> Cell:
        found = of(row)
        return optional("" if found is None else str(found), Tone.WARN if high and (found or 0) > high else Tone.PLAIN)

    return Column(title, of, cell, align="right", hide_below=hide_below)


def latency(row: Member, _now: float = 0.0) -> Cell:
    """Average since the server started, in milliseconds."""
    found = row.said.latency if row.said else None
    return optional("" if found is None else f"{found:.1f} ms", Tone.WARN if (found or 0) > _SLOW else Tone.PLAIN)


COLUMNS: tuple[Column[Member], ...] = (
    Column("NAME", lambda row: row.name),
    Column("MODE", lambda row: row.state, mode, export=lambda row: row.state),
    Column("VOTE", lambda row: row.votes, vote, hide_below=90),
    Column("SYNCED", lambda row: row.said.synced if row.said else None, synced, help="voting followers, by the leader"),
    Column("ZXID", lambda row: row.said.zxid if row.said else None, zxid, help="epoch:transaction", align="right"),
    Column("BEHIND", lambda row: row.behind, behind, help="transactions behind the leader", align="right"),
    _counting("WAITING", lambda said: said.outstanding, hide_below=80, high=_WAITING),
    Column("LATENCY", lambda row: row.said.latency if row.said else None, latency, align="right", hide_below=80),
    _counting("ZNODES", lambda said: said.znodes, hide_below=100),
    _counting("WATCHES", lambda said: said.watches, hide_below=110),
    _counting("CONNS", lambda said: said.connections, hide_below=90),
    Column("VERSION", lambda row: row.said.version if row.said else None, hide_below=120),
    Column("NODE", lambda row: row.seat.node or None, lambda row, _now: optional(row.seat.node), hide_below=130),
    Column(
        "WHY",
        lambda row: row.problem or None,
        lambda row, _now: Cell(row.problem, Tone.WARN if row.said else Tone.BAD),
        grow=True,
    ),
    Column("ID", lambda row: row.id, wide=True, align="right"),
    Column("READ BY", lambda row: row.read_by or None, wide=True, help="the way that the server allows"),
    Column("ADDRESS", lambda row: row.seat.address, wide=True),
)


def describe(row: Member, facts: Facts) -> Sequence[Section]:
    """The ring first, then the member."""
    said = row.said
    found = [*_ring(facts), Section("member", _about(row))]
    if said is not None and said.serving:
        found.append(Section("load", _load(said)))
        if row.state == "leader":
            found.append(Section("as leader", _leads(said)))
    return found


def _ring(facts: Facts) -> list[Section]:
    whole = next(iter(facts.rows(RINGS).values()), None)
    members = sorted(facts.rows(MEMBERS).values(), key=lambda one: one.name)
    return [ring(Cell(whole.sentence, tone(whole)), [_seat(one) for one in members])] if whole else []


def _seat(one: Member) -> Seat:
    late = behind(one)
    words = mode(one).text
    if one.old_epoch:
        words += ", old epoch"
    elif one.behind and late.text != "-":
        words += f", {late.text} behind"
    if not one.serving:
        stand = Stand.UNKNOWN if one.serving is None else Stand.AWAY
    elif late.tone is Tone.WARN:
        stand = Stand.LATE
    else:
        stand = Stand.LEADS if one.state == "leader" else Stand.SERVES
    return Seat(one.name, stand, words, votes=one.votes is not False and one.state != "observer")


def _about(row: Member) -> tuple[tuple[str, Cell], ...]:
    said = row.said
    lines = (
        ("mode", mode(row)),
        ("vote", vote(row)),
        ("number", optional("" if row.id is None else str(row.id))),
        ("address", Cell(row.seat.address)),
        ("state", optional(said.zab if said else "")),
        ("epoch", optional("" if said is None or said.epoch is None else str(said.epoch))),
        ("zxid", optional("" if said is None or said.zxid is None else hex(said.zxid))),
        ("behind", behind(row)),
        ("version", optional(said.version if said else "")),
        ("up for", optional(duration(said.uptime) if said and said.uptime is not None else "")),
        ("read by", optional(row.read_by)),
        ("not known", optional(row.problem, Tone.WARN)),
    )
    return tuple(line for line in lines if line[1].text != "-")


def _load(said: Said) -> tuple[tuple[str, Cell], ...]:
    files = "" if said.files is None else f"{said.files} of {said.most_files}"
    worst = "" if said.worst is None else f", {said.worst:.0f} ms at worst"
    return (
        ("waiting", optional(_told(said.outstanding))),
        ("latency", optional("" if said.latency is None else f"{said.latency:.1f} ms on average{worst}")),
        ("znodes", optional(f"{_told(said.znodes)}, {_told(said.ephemerals) or '?'} of them ephemeral")),
        ("data", optional("" if said.data is None else f"{size(said.data)}B")),
        ("watches", optional(_told(said.watches))),
        ("connections", optional(_told(said.connections))),
        ("open files", optional(files)),
    )


def _leads(said: Said) -> tuple[tuple[str, Cell], ...]:
    without = f", {said.synced_without_vote} of them without a vote" if said.synced_without_vote else ""
    return (
        ("synced", optional("" if said.synced is None else f"{said.synced} followers{without}")),
        ("observers", optional(_told(said.synced_observers))),
        ("learners", optional(_told(said.learners))),
        ("syncing", optional(_told(said.pending))),
    )


def _told(value: int | None) -> str:
    return "" if value is None else str(value)


def tone(row: Ring) -> Tone:
    """Good where one may go and nothing is unknown."""
    if row.lost or len(row.leaders) > 1:
        return Tone.BAD
    return Tone.OK if row.spare is not None and row.spare > 0 and not row.unknown else Tone.WARN


def tile(facts: Facts) -> Tile:
    """Voters that serve, of all; the leader; what is to spare."""
    found = next(iter(facts.rows(RINGS).values()), None)
    if found is None:
        return Tile(Tone.MUTED, 0, 0)
    leader = Cell(f"leader {', '.join(found.leaders) or 'none seen'}", Tone.PLAIN if found.leaders else Tone.WARN)
    return Tile(
        tone(found), found.serving, found.voters, (leader, Cell(found.sentence.rpartition(": ")[2], tone(found)))
    )


def _pod(row: Member) -> Mapping[str, str] | None:
    pod = row.seat.pod
    return {"pod": pod.name, "namespace": pod.namespace} if pod else None


PANE: Pane[Member] = Pane(
    name="zookeeper.members",
    title="zookeeper members",
    table=MEMBERS,
    columns=COLUMNS,
    ref=ref,
    aliases=("zookeeper", "zk"),
    sort="NAME",
    facets=lambda row: {
        "node": row.seat.node,
        "namespace": row.seat.pod.namespace if row.seat.pod else "",
        "member": row.name,
    },
    fault=lambda row: not row.serving or bool(row.problem) or row.old_epoch,
    describe=describe,
    jumps=(
        Jump("its pod", "pods", lambda row, _facts: _pod(row)),
        Jump("pods of its node", "pods", lambda row, _facts: {"node": row.seat.node} if row.seat.node else None),
    ),
    reads=(RINGS,),
    help="Every member of the ensemble: mode, votes, how far behind, load; whether one may go.",
)
PANES = (PANE,)
