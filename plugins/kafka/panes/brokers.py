"""Pane `kafka.brokers`: each broker, what it carries, and what would fall if it went."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import percent, size
from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Right, Section
from plugins.kafka.model.rows import BROKERS, PARTITIONS, PARTITIONS_BY_BROKER, Broker
from plugins.kafka.panes import picture
from plugins.kafka.panes.cells import bytes_of, count, fall_tone, fall_words, known, optional, pod_jump, run

_FULL, _FILLING = 0.05, 0.15
"""Free parts of a volume below which it is bad, and below which it is a warning (Strimzi's rule and one of ours)."""


def _state(row: Broker) -> str:
    if not row.present:
        return "away"
    if row.fenced:
        return "fenced"
    if row.bad_dirs:
        return "disk failed"
    return "silent" if row.error else "ok"


_TONES = {"ok": Tone.OK, "silent": Tone.WARN, "fenced": Tone.BAD, "disk failed": Tone.BAD, "away": Tone.BAD}


def _role(row: Broker) -> str:
    return " ".join(filter(None, ("controller" if row.controller else "", row.voter if row.voter == "voter" else "")))


def _free(row: Broker) -> float | None:
    return None if row.free is None or not row.total else row.free / row.total


def _disk(row: Broker, _now: float) -> Cell:
    part = _free(row)
    if part is None:
        return Cell("-", Tone.MUTED)
    tone = Tone.BAD if part < _FULL else Tone.WARN if part < _FILLING else Tone.PLAIN
    return Cell(percent(row.free, row.total), tone)


def _disk_words(row: Broker) -> str:
    logs = "" if row.size is None else f"{size(row.size)} of logs"
    free = "" if row.free is None else f"{size(row.free)} free of {size(row.total)}"
    return ", ".join(filter(None, (logs, free)))


def _leaders(row: Broker, _now: float) -> Cell:
    wrong = row.leaders < row.preferred
    return Cell(f"{row.leaders}/{row.preferred}", Tone.WARN if wrong else Tone.PLAIN)


COLUMNS: tuple[Column[Broker], ...] = (
    Column("ID", lambda b: b.id, lambda b, _now: Cell(str(b.id)), align="right"),
    Column("STATE", _state, lambda b, _now: Cell(_state(b), _TONES[_state(b)])),
    Column(
        "ROLE",
        lambda b: _role(b) or None,
        lambda b, _now: optional(_role(b), Tone.ACCENT if b.controller else Tone.PLAIN),
    ),
    Column(
        "IF IT GOES",
        lambda b: tuple(-n for n in b.fall.counts),
        lambda b, _now: Cell(fall_words(b.fall), fall_tone(b.fall)),
        grow=True,
        export=lambda b: dict(zip(("offline", "under_min_isr", "always", "unknown"), b.fall.counts, strict=True)),
        help="partitions that would lose their leader for good or fall under min ISR, as it is now",
    ),
    Column(
        "LEADS",
        lambda b: b.leaders,
        _leaders,
        align="right",
        help="partitions it leads / would lead as preferred leader",
    ),
    Column("REPLICAS", lambda b: b.replicas, lambda b, _now: count(b.replicas), align="right", hide_below=100),
    Column("NOT IN SYNC", lambda b: b.missing, lambda b, _now: count(b.missing, Tone.WARN), align="right"),
    Column(
        "SIZE",
        lambda b: b.size,
        lambda b, _now: bytes_of(b.size),
        align="right",
        hide_below=90,
        help="of its log directories",
    ),
    Column("FREE", _free, _disk, align="right", hide_below=100, help="of its volumes; from Kafka 3.3"),
    Column("RACK", lambda b: b.rack or None, lambda b, _now: optional(b.rack), hide_below=110),
    Column("NODE", lambda b: b.node or None, lambda b, _now: optional(b.node), hide_below=90),
    Column(
        "POD", lambda b: b.pod.name if b.pod else None, lambda b, _now: optional(b.pod.name if b.pod else ""), wide=True
    ),
    Column("ADDRESS", lambda b: f"{b.host}:{b.port}" if b.host else None, wide=True),
    Column(
        "RELEASE",
        lambda b: b.release or None,
        lambda b, _now: optional(b.release),
        hide_below=120,
        help="the release that its requests tell of",
    ),
    Column(
        "QUORUM LAG",
        lambda b: b.voter_lag,
        lambda b, _now: known(b.voter_lag) if b.voter else Cell("-", Tone.MUTED),
        align="right",
        wide=True,
    ),
    Column("WHY", lambda b: b.error or None, lambda b, _now: optional(b.error, Tone.WARN), wide=True),
)


def describe(row: Broker, facts: Facts) -> Sequence[Section]:
    """What it is, and by name what falls with it."""
    about = (
        ("state", Cell(_state(row), _TONES[_state(row)])),
        ("why", optional(row.error, Tone.WARN)),
        ("role", optional(_role(row))),
        ("address", optional(f"{row.host}:{row.port}" if row.host else "")),
        ("pod", optional(f"{row.pod.namespace}/{row.pod.name} on {row.node or '-'}" if row.pod else "")),
        ("release", optional(row.release)),
        ("leads", Cell(f"{row.leaders}, preferred for {row.preferred}")),
        ("in sync", Cell(f"{row.in_sync} of {row.replicas} replicas")),
        ("disk", optional(_disk_words(row))),
        *(("failed disk", Cell(path, Tone.BAD)) for path in row.bad_dirs),
    )
    sections = [Section("broker", tuple(line for line in about if line[1].text != "-"))]
    for title, names, number, tone in (
        ("offline without it (it has the only copy in sync)", row.fall.offline, row.fall.counts[0], Tone.BAD),
        ("under min ISR without it", row.fall.under, row.fall.counts[1], Tone.BAD),
        ("writes stop in any restart (replicas = min ISR)", row.fall.always, row.fall.counts[2], Tone.WARN),
        ("unknown (min ISR could not be read)", row.fall.unknown, row.fall.counts[3], Tone.WARN),
    ):
        if number:
            sections.append(Section(f"{title}: {number}", picture.by_topic(names, number, tone)))
    held = facts.by(PARTITIONS_BY_BROKER, row.key)
    if row.missing:
        behind = sorted((part.topic, part.number) for part in held if row.id not in part.isr)
        names = [f"{topic}/{number}" for topic, number in behind]
        sections.append(Section(f"not in sync here: {row.missing}", picture.by_topic(names, len(names), Tone.WARN)))
    drawn = picture.of_broker(row.id, held)
    return [*sections, drawn] if drawn else sections


def _elect_reason(row: Broker, _facts: Facts) -> str | None:
    if not row.present:
        return "it is away: it can lead nothing"
    return None if row.leaders < row.preferred else "it leads everything that it should"


def _roll_reason(row: Broker, _facts: Facts) -> str | None:
    if row.pod is None:
        return "no pod is known for it"
    return f"without it: {fall_words(row.fall)}" if fall_tone(row.fall) is Tone.BAD else None


def _patch_pod(row: Broker) -> Sequence[Right]:
    return (Right("patch", "pods", "", row.pod.namespace, row.pod.name),) if row.pod else ()


BROKERS_PANE: Pane[Broker] = Pane(
    name="kafka.brokers",
    title="kafka brokers",
    table=BROKERS,
    columns=COLUMNS,
    ref=lambda b: Ref("broker", str(b.id)),
    sort="ID",
    facets=lambda b: {
        "broker": str(b.id),
        "node": b.node,
        **({"pod": b.pod.name, "namespace": b.pod.namespace} if b.pod else {}),
    },
    fault=lambda b: _state(b) != "ok" or fall_tone(b.fall) is Tone.BAD or bool(b.missing),
    describe=describe,
    actions=(
        Action(
            "elect",
            "elect preferred leaders",
            run("elect_of_broker"),
            key="e",
            when=_elect_reason,
            help="give it back the partitions of which it is the preferred leader, where it is in sync",
        ),
        Action(
            "config",
            "change its configuration",
            run("alter_broker"),
            effect=Effect.DESTROY,
            asks=lambda _row, _facts: (
                Ask("key", "key"),
                Ask("value", "value", default="default", help="default: back to what the broker's file says"),
            ),
            help="a dynamic setting of this broker; the old value is said, so that it can be put back",
        ),
        Action(
            "create-topic",
            "create a topic",
            run("create_topic"),
            effect=Effect.CHANGE,
            asks=lambda _row, _facts: CREATE,
            help="in this cluster; refused where it exists",
        ),
        Action(
            "roll",
            "let Strimzi roll its pod",
            run("roll"),
            when=_roll_reason,
            rights=_patch_pod,
            help="annotates the pod; the operator restarts it at its next round, within two minutes",
        ),
    ),
    jumps=(
        Jump("its pod", "pods", lambda b, facts: pod_jump(b.pod, facts)),
        Jump("its node", "nodes", lambda b, _facts: {"node": b.node} if b.node else None),
        Jump("its partitions", "kafka.partitions", lambda b, _facts: {f"replica-{b.id}": "yes"}),
        Jump("what it leads", "kafka.partitions", lambda b, _facts: {"leader": str(b.id)}),
    ),
    reads=(PARTITIONS,),
    help="Brokers: what each leads and holds, its disk, and what would go offline or under min ISR without it.",
)

CREATE = (
    Ask("topic", "name of the topic"),
    Ask("partitions", "partitions", number=True, default="-1", help="-1: as the brokers are set"),
    Ask("replicas", "replicas of each", number=True, default="-1", help="-1: as the brokers are set"),
    Ask("configs", "configs", default="-", help="key=value,key=value; -: none"),
)
