"""Pane `kafka.groups`: consumer groups, how far they are behind, and whether that gets better."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Section
from plugins.kafka.model.rows import GROUPS, PARTITIONS, Group, Place
from plugins.kafka.panes.cells import STANDING_TONE, known, many, optional, rate, run, seconds
from plugins.kafka.resetting import TARGETS, overview

_STATES = {"Stable": Tone.OK, "Empty": Tone.MUTED, "Dead": Tone.BAD}


def _verdict(row: Group, _now: float) -> Cell:
    return Cell(row.standing.value, STANDING_TONE[row.standing])


def _eta(row: Group, _now: float) -> Cell:
    if row.behind == 0:
        return Cell("-", Tone.MUTED)
    if row.consumed is None:
        return Cell("-", Tone.MUTED)
    return Cell("never" if row.eta is None else seconds(row.eta), Tone.WARN if row.eta is None else Tone.PLAIN)


def _lag(value: int | None) -> Cell:
    return Cell(many(value), Tone.MUTED if not value else Tone.PLAIN)


def _change(row: Group) -> float | None:
    """How fast the lag grows: messages a second, below zero while it shrinks."""
    return None if row.consumed is None or row.produced is None else row.produced - row.consumed


def _topics(row: Group) -> str:
    return " ".join(sorted({place.topic for place in row.places}))


_RANK = {standing: -number for number, standing in enumerate(STANDING_TONE)}

COLUMNS: tuple[Column[Group], ...] = (
    Column("NAME", lambda g: g.name, grow=True),
    Column(
        "VERDICT",
        lambda g: _RANK[g.standing],
        _verdict,
        export=lambda g: g.standing.value,
        help="OK, WARN behind and not gaining, STALL members but no movement, STOP nobody reads, REWIND went back",
    ),
    Column("STATE", lambda g: g.state, lambda g, _now: Cell(g.state or "-", _STATES.get(g.state, Tone.BUSY))),
    Column(
        "MEMBERS",
        lambda g: None if g.members is None else len(g.members),
        lambda g, _now: known(None if g.members is None else len(g.members)),
        align="right",
    ),
    Column(
        "LAG",
        lambda g: g.behind,
        lambda g, _now: _lag(g.behind),
        align="right",
        help="summed over its partitions",
        trend=True,
    ),
    Column("WORST", lambda g: g.worst, lambda g, _now: _lag(g.worst), align="right", help="on one partition"),
    Column(
        "LAG CHANGE",
        _change,
        lambda g, _now: rate(_change(g)),
        align="right",
        hide_below=100,
        help="produced less consumed",
    ),
    Column("CONSUMES", lambda g: g.consumed, lambda g, _now: rate(g.consumed), align="right", hide_below=110),
    Column("CAUGHT UP IN", lambda g: g.eta, _eta, align="right", help="at the rates of the window"),
    Column("TOPICS", _topics, lambda g, _now: optional(_topics(g)), hide_below=120),
    Column("PARTITIONS", lambda g: len(g.places), align="right", wide=True),
    Column("COORDINATOR", lambda g: g.coordinator, align="right", wide=True),
    Column("KIND", lambda g: g.kind or None, lambda g, _now: optional(g.kind), wide=True),
    Column("PROTOCOL", lambda g: g.protocol or None, lambda g, _now: optional(g.protocol), wide=True),
    Column("WHY", lambda g: g.error or None, lambda g, _now: optional(g.error, Tone.WARN), wide=True),
)


def _place(place: Place) -> Cell:
    end = "?" if place.end is None else str(place.end)
    at = "nothing committed" if place.committed < 0 else f"{place.committed} of {end}, lag {many(place.lag)}"
    words = [place.standing.value, at, f"read by {place.member}" if place.member else "", place.error]
    return Cell(", ".join(filter(None, words)), STANDING_TONE[place.standing])


def describe(row: Group, _facts: Facts) -> Sequence[Section]:
    """The group, its members, and each partition, the worst first."""
    about = (
        ("verdict", Cell(row.standing.value, STANDING_TONE[row.standing])),
        ("state", Cell(row.state or "-", _STATES.get(row.state, Tone.BUSY))),
        ("why", optional(row.error, Tone.WARN)),
        ("lag", Cell(f"{many(row.behind)} in all, {many(row.worst)} on the worst partition")),
        ("consumes", rate(row.consumed)),
        ("produced for it", rate(row.produced)),
        ("caught up in", _eta(row, 0.0)),
        ("coordinator", Cell(f"broker {row.coordinator}")),
        ("assignment", optional(row.protocol)),
    )
    sections = [Section("group", about)]
    if row.members:
        lines = tuple(
            (m.client or m.id, Cell(f"{m.host}, {m.partitions} partitions{f', {m.instance}' if m.instance else ''}"))
            for m in row.members[:100]
        )
        sections.append(Section(f"members: {len(row.members)}", lines))
    elif row.members is None:
        sections.append(Section("members", (("", Cell("the broker does not tell", Tone.MUTED)),)))
    if row.places:
        worst = sorted(row.places, key=lambda place: (-(place.lag or 0), place.topic, place.partition))
        lines = tuple((f"{place.topic}/{place.partition}", _place(place)) for place in worst[:200])
        sections.append(Section(f"partitions: {len(row.places)}", lines))
    return sections


def _occupied(row: Group, _facts: Facts) -> str | None:
    if row.error:
        return f"it is not known whether it is empty: {row.error}"
    if row.state not in {"Empty", "Dead"}:
        return f"it is {row.state or 'of unknown state'}: stop its consumers first"
    return None


def _reset_asks(row: Group, facts: Facts) -> Sequence[Ask]:
    return (
        Ask("to", "to where", default="end", choices=TARGETS, help=overview(row, facts)),
        Ask(
            "by",
            "by what",
            default="0",
            help="the offset, the number of messages (back: negative), or the time in RFC 3339",
        ),
        Ask("topic", "only this topic", default="all"),
        Ask("plan", "show the plan, or do it", default="show", choices=("show", "do"), help="show changes nothing"),
    )


GROUPS_PANE: Pane[Group] = Pane(
    name="kafka.groups",
    title="kafka groups",
    table=GROUPS,
    columns=COLUMNS,
    ref=lambda g: Ref("group", g.name),
    aliases=("groups",),
    sort="VERDICT",
    facets=lambda g: (
        {"group": g.name, "state": g.state, "verdict": g.standing.value}
        | {f"reads-{place.topic}": "yes" for place in g.places}
    ),
    fault=lambda g: g.standing.value not in {"OK", "UNKNOWN"} or bool(g.error),
    describe=describe,
    actions=(
        Action(
            "plan-reset",
            "plan a reset of its offsets",
            run("plan_reset"),
            key="o",
            effect=Effect.READ,
            asks=lambda row, facts: _reset_asks(row, facts)[:3],
            help="says for each partition where it would go; changes nothing",
        ),
        Action(
            "reset",
            "reset its offsets",
            run("reset"),
            effect=Effect.DESTROY,
            when=_occupied,
            asks=_reset_asks,
            help="messages are read again, or never: the offsets from before are said",
        ),
        Action(
            "delete",
            "delete the group",
            run("delete_group"),
            key="ctrl+d",
            effect=Effect.DESTROY,
            when=_occupied,
            help="with its offsets",
        ),
    ),
    jumps=(
        Jump(
            "its coordinator",
            "kafka.brokers",
            lambda g, _facts: {"broker": str(g.coordinator)} if g.coordinator >= 0 else None,
        ),
        Jump("its topic", "kafka.topics", lambda g, _facts: {"topic": g.places[0].topic} if g.places else None),
    ),
    reads=(PARTITIONS,),
    help="Consumer groups: lag, whether it shrinks, when they are caught up, and a verdict over a sliding window.",
)
