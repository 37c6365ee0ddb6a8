"""Panes `kafka.topics` and `kafka.partitions`: what is stored, how safely, and how much comes in."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Section
from plugins.kafka.model.rows import PARTITIONS, PARTITIONS_BY_TOPIC, TOPICS, Partition, Topic
from plugins.kafka.panes.brokers import CREATE
from plugins.kafka.panes.cells import bytes_of, count, ids, known, many, optional, rate, run
from plugins.kafka.panes.replicas import DELETE_RECORDS, PARTITION_MOVES, TOPIC_MOVES
from plugins.kafka.tailing import PARTITION_LOGS, TOPIC_LOGS

_HEALTH = {
    "ok": Tone.OK,
    "?": Tone.MUTED,
    "under-replicated": Tone.WARN,
    "at min": Tone.WARN,
    "under min": Tone.BAD,
    "offline": Tone.BAD,
}


def _worst(row: Topic) -> str:
    if row.error:
        return "?"
    for number, word in (
        (row.offline, "offline"),
        (row.under_min, "under min"),
        (row.at_min, "at min"),
        (row.under_replicated, "under-replicated"),
    ):
        if number:
            return word
    return "ok" if row.min_isr is not None else "?"


def _differs(row: Topic) -> str:
    return " ".join(f"{key}={value}" for key, value in row.configs)


def _messages(value: int | None) -> Cell:
    return Cell(many(value), Tone.PLAIN if value else Tone.MUTED)


TOPIC_COLUMNS: tuple[Column[Topic], ...] = (
    Column("NAME", lambda t: t.name, grow=True),
    Column("STATE", _worst, lambda t, _now: Cell(_worst(t), _HEALTH[_worst(t)])),
    Column("PARTITIONS", lambda t: t.partitions, align="right"),
    Column("RF", lambda t: t.replication, align="right"),
    Column("MIN ISR", lambda t: t.min_isr, lambda t, _now: known(t.min_isr), align="right"),
    Column(
        "UNDER-REPL",
        lambda t: t.under_replicated,
        lambda t, _now: count(t.under_replicated, Tone.WARN),
        align="right",
        hide_below=90,
    ),
    Column("AT MIN", lambda t: t.at_min, lambda t, _now: count(t.at_min, Tone.WARN), align="right", hide_below=100),
    Column(
        "UNDER MIN", lambda t: t.under_min, lambda t, _now: count(t.under_min, Tone.BAD), align="right", hide_below=90
    ),
    Column("OFFLINE", lambda t: t.offline, lambda t, _now: count(t.offline, Tone.BAD), align="right"),
    Column(
        "IN",
        lambda t: t.rate,
        lambda t, _now: rate(t.rate),
        align="right",
        trend=True,
        help="messages a second, from its end offsets",
    ),
    Column(
        "MESSAGES",
        lambda t: t.messages,
        lambda t, _now: _messages(t.messages),
        align="right",
        hide_below=110,
        help="between first and last offset; fewer where it is compacted",
    ),
    Column("SIZE", lambda t: t.size, lambda t, _now: bytes_of(t.size), align="right", help="as the leaders have it"),
    Column(
        "DIFFERS",
        lambda t: _differs(t) or None,
        lambda t, _now: optional(_differs(t)),
        wide=True,
        help="what is set on the topic itself",
    ),
    Column(
        "NOT PREFERRED",
        lambda t: t.not_preferred,
        lambda t, _now: count(t.not_preferred, Tone.WARN),
        align="right",
        wide=True,
    ),
    Column("WHY", lambda t: t.error or None, wide=True),
)


def describe_topic(row: Topic, facts: Facts) -> Sequence[Section]:
    """The topic, its own configuration, and its partitions."""
    parts = sorted(facts.by(PARTITIONS_BY_TOPIC, row.name), key=lambda part: part.number)
    about = (
        ("state", Cell(_worst(row), _HEALTH[_worst(row)])),
        ("partitions", Cell(f"{row.partitions}, {row.replication} replicas each, min ISR {row.min_isr or '?'}")),
        ("not preferred", count(row.not_preferred, Tone.WARN)),
        ("incoming", rate(row.rate)),
        ("why", optional(row.error, Tone.WARN)),
    )
    sections = [Section("topic", about)]
    if row.configs:
        sections.append(Section("set on the topic", tuple((key, Cell(value)) for key, value in row.configs)))
    if parts:
        lines = tuple(
            (
                str(p.number),
                Cell(f"{p.health}, leader {p.leader}, in sync {ids(p.isr)} of {ids(p.replicas)}", _HEALTH[p.health]),
            )
            for p in parts[:100]
        )
        sections.append(Section("partitions", lines))
    return sections


def _internal(row: Topic, _facts: Facts) -> str | None:
    return "it is Kafka's own" if row.internal else None


def _elect_reason(row: Topic, _facts: Facts) -> str | None:
    return None if row.not_preferred else "every partition is led by its preferred leader"


PEEK = (
    Ask("count", "how many messages", default="10", number=True),
    Ask("partition", "partition", default="all"),
    Ask("from", "from where", default="end", choices=("end", "start", "offset"), help="end: the newest messages"),
    Ask("offset", "offset, where that was chosen", default="0"),
)
PRODUCE = (
    Ask("value", "value", default="a test message of pilothouse"),
    Ask("key", "key", default="-", help="-: none"),
    Ask("partition", "partition", default="0", number=True),
)
_CONFIG = (Ask("key", "key"), Ask("value", "value", default="default", help="default: back to the brokers' own"))

TOPICS_PANE: Pane[Topic] = Pane(
    name="kafka.topics",
    title="kafka topics",
    table=TOPICS,
    columns=TOPIC_COLUMNS,
    ref=lambda t: Ref("topic", t.name),
    sort="NAME",
    facets=lambda t: {"topic": t.name, "internal": "yes" if t.internal else "no"},
    fault=lambda t: _worst(t) != "ok",
    describe=describe_topic,
    actions=(
        Action(
            "peek",
            "peek messages",
            run("peek_topic"),
            key="p",
            effect=Effect.READ,
            asks=lambda _r, _f: PEEK,
            help="reads a few messages without a group: nothing is committed",
        ),
        Action(
            "produce",
            "produce a test message",
            run("produce"),
            asks=lambda _r, _f: PRODUCE,
            when=_internal,
            help="consumers will see it",
        ),
        Action(
            "elect",
            "elect preferred leaders",
            run("elect_of_topic"),
            key="e",
            when=_elect_reason,
            help="where the preferred leader is in sync",
        ),
        Action(
            "create", "create a topic", run("create_topic"), asks=lambda _r, _f: CREATE, help="refused where it exists"
        ),
        Action(
            "partitions",
            "add partitions",
            run("add_partitions"),
            effect=Effect.DESTROY,
            when=_internal,
            asks=lambda row, _f: (Ask("partitions", "partitions in all", default=str(row.partitions), number=True),),
            help="cannot be undone, and keys go to other partitions than before",
        ),
        Action(
            "config",
            "change its configuration",
            run("alter_topic"),
            effect=Effect.DESTROY,
            asks=lambda _r, _f: _CONFIG,
            help="a shorter retention deletes messages at once; the old value is said",
        ),
        *TOPIC_MOVES,
        Action(
            "delete",
            "delete the topic",
            run("delete_topic"),
            key="ctrl+d",
            effect=Effect.DESTROY,
            when=_internal,
            help="with all its messages",
        ),
    ),
    jumps=(
        Jump("its partitions", "kafka.partitions", lambda t, _facts: {"topic": t.name}),
        Jump("its groups", "kafka.groups", lambda t, _facts: {f"reads-{t.name}": "yes"}),
    ),
    reads=(PARTITIONS,),
    logs=TOPIC_LOGS,
    help="Topics: replicas in sync against min ISR, size, rate, and what is set on each.",
)


PARTITION_COLUMNS: tuple[Column[Partition], ...] = (
    Column("NAME", lambda p: (p.topic, p.number), lambda p, _now: Cell(p.key), grow=True, export=lambda p: p.key),
    Column("STATE", lambda p: p.health, lambda p, _now: Cell(p.health, _HEALTH[p.health])),
    Column(
        "LEADER",
        lambda p: p.leader,
        lambda p, _now: Cell(str(p.leader) if p.leader >= 0 else "none", Tone.BAD if p.leader < 0 else Tone.PLAIN),
        align="right",
    ),
    Column(
        "PREFERRED",
        lambda p: p.preferred,
        lambda p, _now: Cell(str(p.preferred), Tone.PLAIN if p.preferred == p.leader else Tone.WARN),
        align="right",
    ),
    Column("REPLICAS", lambda p: ids(p.replicas)),
    Column(
        "ISR",
        lambda p: len(p.isr) - len(p.replicas),
        lambda p, _now: Cell(ids(p.isr) or "none", Tone.OK if len(p.isr) == len(p.replicas) else Tone.WARN),
        export=lambda p: list(p.isr),
    ),
    Column("MIN", lambda p: p.min_isr, lambda p, _now: known(p.min_isr), align="right", hide_below=90),
    Column(
        "GONE",
        lambda p: ids(p.gone) or None,
        lambda p, _now: optional(ids(p.gone), Tone.BAD),
        hide_below=110,
        help="replicas on brokers that are away",
    ),
    Column("START", lambda p: p.start, lambda p, _now: known(p.start), align="right", hide_below=100),
    Column("END", lambda p: p.end, lambda p, _now: known(p.end), align="right", hide_below=90),
    Column("SIZE", lambda p: p.size, lambda p, _now: bytes_of(p.size), align="right", hide_below=100),
)


def describe_partition(row: Partition, _facts: Facts) -> Sequence[Section]:
    """Replicas one by one."""
    lines = tuple(
        (
            f"broker {one}",
            Cell(
                ", ".join(
                    filter(
                        None,
                        (
                            "leader" if one == row.leader else "",
                            "preferred" if one == row.preferred else "",
                            "in sync" if one in row.isr else "not in sync",
                            "away" if one in row.gone else "",
                        ),
                    )
                ),
                Tone.OK if one in row.isr else Tone.BAD if one in row.gone else Tone.WARN,
            ),
        )
        for one in row.replicas
    )
    about = (
        ("state", Cell(row.health, _HEALTH[row.health])),
        ("min ISR", known(row.min_isr)),
        ("offsets", Cell(f"{'?' if row.start is None else row.start} to {'?' if row.end is None else row.end}")),
    )
    return [Section("partition", about), Section("replicas", lines)]


def _elect_partition(row: Partition, _facts: Facts) -> str | None:
    if row.leader == row.preferred:
        return "its preferred leader leads it"
    return None if row.preferred in row.isr else f"broker {row.preferred} is not in sync"


PARTITIONS_PANE: Pane[Partition] = Pane(
    name="kafka.partitions",
    title="kafka partitions",
    table=PARTITIONS,
    columns=PARTITION_COLUMNS,
    ref=lambda p: Ref("partition", p.key),
    sort="NAME",
    facets=lambda p: (
        {"topic": p.topic, "leader": str(p.leader), "state": p.health} | {f"replica-{n}": "yes" for n in p.replicas}
    ),
    fault=lambda p: p.health != "ok",
    describe=describe_partition,
    actions=(
        Action(
            "peek",
            "peek messages",
            run("peek_partition"),
            key="p",
            effect=Effect.READ,
            asks=lambda _r, _f: (PEEK[0], *PEEK[2:]),
            help="reads a few messages without a group: nothing is committed",
        ),
        Action(
            "elect",
            "elect its preferred leader",
            run("elect_of_partition"),
            key="e",
            when=_elect_partition,
            help="moves leadership, not data",
        ),
        *PARTITION_MOVES,
        DELETE_RECORDS,
    ),
    jumps=(
        Jump("its topic", "kafka.topics", lambda p, _facts: {"topic": p.topic}),
        Jump("its leader", "kafka.brokers", lambda p, _facts: {"broker": str(p.leader)} if p.leader >= 0 else None),
    ),
    logs=PARTITION_LOGS,
    help="Partitions: leader and preferred leader, replicas in sync against min ISR, offsets and size.",
)
