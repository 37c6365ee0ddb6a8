"""Panes `pulsar.topics`, `pulsar.subscriptions`, `pulsar.consumers`: partitions stand beneath their topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from plugins.pulsar.acts import subscriptions as of_subscriptions
from plugins.pulsar.acts import topics as of_topics
from plugins.pulsar.acts.tailing import LOGS
from plugins.pulsar.model import tables
from plugins.pulsar.model.names import namespace_of, root_of
from plugins.pulsar.model.topics import ConsumerRow, SubscriptionRow, TopicRow, blocked, subscription_key
from plugins.pulsar.panes.cells import count, numbers, rate, text, volume, words


def _owner(row: TopicRow | SubscriptionRow | ConsumerRow, _now: float) -> Cell:
    if row.silent:
        return Cell(f"{row.broker} (no answer)", Tone.WARN)
    return text(row.broker)


def _partitions(row: TopicRow, _now: float) -> Cell:
    if not row.partitions:
        return Cell("-", Tone.MUTED)
    if row.loaded < row.partitions:
        return Cell(f"{row.loaded}/{row.partitions}", Tone.MUTED)
    return Cell(str(row.partitions))


def _topic_state(row: TopicRow) -> str:
    if row.silent:
        return "unknown"
    if row.stats is None:
        return "not loaded"
    return "blocked" if row.blocked else "ok"


def _state_cell(state: str) -> Cell:
    tones = {"ok": Tone.OK, "not loaded": Tone.MUTED, "idle": Tone.MUTED}
    return Cell(state, tones.get(state, Tone.BAD if state == "blocked" else Tone.WARN))


_TOPIC_COLUMNS: tuple[Column[TopicRow], ...] = (
    Column("TOPIC", lambda row: row.name, grow=True),
    Column("PARTS", lambda row: row.partitions or None, _partitions, align="right", hide_below=90),
    Column("STATE", _topic_state, lambda row, _now: _state_cell(_topic_state(row)), hide_below=70),
    replace(
        numbers("BACKLOG", lambda row: row.backlog, about="messages not acknowledged, summed over subscriptions"),
        trend=True,
    ),
    numbers("IN/S", lambda row: row.stats.msg_rate_in if row.stats else None, rate),
    numbers("OUT/S", lambda row: row.stats.msg_rate_out if row.stats else None, rate),
    numbers("STORAGE", lambda row: row.stats.storage_size if row.stats else None, volume, hide_below=100),
    numbers("SUBS", lambda row: len(row.stats.subscriptions) if row.stats else None, hide_below=110),
    numbers("CONS", lambda row: row.consumers, hide_below=110, about="consumers"),
    numbers("PROD", lambda row: row.stats.producer_count if row.stats else None, hide_below=110, about="producers"),
    numbers("UNACKED", lambda row: row.unacked, hide_below=130),
    Column("BROKER", lambda row: row.broker, _owner, hide_below=120),
    words("BUNDLE", lambda row: row.bundle, wide=True),
)


def _of_topic(row: TopicRow) -> Mapping[str, str]:
    return {
        "tenant": row.name.rpartition("://")[2].partition("/")[0],
        "namespace": row.namespace,
        "topic": root_of(row.name) or row.name,
        "broker": row.broker,
        "bundle": row.bundle,
    }


def _describe_topic(row: TopicRow, _facts: Facts) -> Sequence[Section]:
    stats = row.stats
    head = (
        ("state", _state_cell(_topic_state(row))),
        ("broker", _owner(row, 0.0)),
        ("bundle", text(row.bundle)),
        ("partitions", _partitions(row, 0.0)),
    )
    if stats is None:
        why = "no broker has loaded it: numbers come with the first producer or consumer"
        return [Section("topic", (*head, ("note", Cell(why, Tone.MUTED))))]
    flow = (
        ("in", Cell(f"{stats.msg_rate_in:.1f} messages/s, {volume(stats.msg_throughput_in).text}B/s")),
        ("out", Cell(f"{stats.msg_rate_out:.1f} messages/s, {volume(stats.msg_throughput_out).text}B/s")),
        ("producers", count(stats.producer_count)),
        ("storage", volume(stats.storage_size)),
        ("backlog size", volume(stats.backlog_size)),
        ("writes under way", count(stats.pending_add_entries_count, Tone.WARN)),
        ("age", Cell("numbers are made by the broker once a minute", Tone.MUTED)),
    )
    subs = tuple(
        (name, Cell(f"{one.type or '-'}, backlog {one.msg_backlog}, {len(one.consumers)} consumers"))
        for name, one in sorted(stats.subscriptions.items())
    )
    return [Section("topic", head), Section("flow", flow), Section("subscriptions", subs or (("", text("")),))]


TOPICS: Pane[TopicRow] = Pane(
    name="pulsar.topics",
    title="topics",
    table=tables.TOPICS,
    columns=_TOPIC_COLUMNS,
    ref=lambda row: Ref("topic", row.name),
    aliases=("ptopics",),
    sort="TOPIC",
    facets=_of_topic,
    fault=lambda row: row.blocked or bool(row.silent),
    describe=_describe_topic,
    parent=lambda row: row.parent,
    actions=of_topics.ACTIONS,
    jumps=(
        Jump("subscriptions", "pulsar.subscriptions", lambda row, _facts: {"topic": root_of(row.name) or row.name}),
        Jump("consumers", "pulsar.consumers", lambda row, _facts: {"topic": root_of(row.name) or row.name}),
        Jump("bundle", "pulsar.bundles", lambda row, _facts: {"bundle": row.bundle} if row.bundle else None),
    ),
    logs=LOGS,
    help="Topics with their partitions rolled up. Those that no broker has loaded have no numbers.",
)


def subscription_state(row: SubscriptionRow) -> str:
    """In a word: what holds it, if anything does."""
    if row.silent:
        return "unknown"
    if blocked(row.stats):
        return "blocked"
    if not row.stats.consumers:
        return "no consumer" if row.stats.msg_backlog else "idle"
    return "ok"


_SUBSCRIPTION_COLUMNS: tuple[Column[SubscriptionRow], ...] = (
    Column("SUBSCRIPTION", lambda row: row.name),
    Column("TOPIC", lambda row: row.topic, grow=True),
    words("TYPE", lambda row: "" if row.stats.type in {None, "None"} else row.stats.type or "", hide_below=90),
    Column("STATE", subscription_state, lambda row, _now: _state_cell(subscription_state(row))),
    numbers("BACKLOG", lambda row: row.stats.msg_backlog),
    numbers("OUT/S", lambda row: row.stats.msg_rate_out, rate),
    numbers("CONS", lambda row: len(row.stats.consumers)),
    numbers("UNACKED", lambda row: row.stats.unacked_messages, hide_below=100),
    numbers("REDELIVER/S", lambda row: row.stats.msg_rate_redeliver, rate, hide_below=120),
    numbers("EXPIRED/S", lambda row: row.stats.msg_rate_expired, rate, hide_below=130),
    numbers(
        "HOLES",
        lambda row: row.stats.total_non_contiguous_deleted_messages_range,
        hide_below=140,
        about="ranges of acknowledged messages behind the first that is not; over 10000 they are lost at a restart",
    ),
    Column("BROKER", lambda row: row.broker, _owner, hide_below=130),
)


def _of_subscription(row: SubscriptionRow) -> Mapping[str, str]:
    space = namespace_of(row.topic)
    return {
        "tenant": space.partition("/")[0],
        "namespace": space,
        "topic": root_of(row.topic) or row.topic,
        "subscription": row.name,
        "broker": row.broker,
    }


SUBSCRIPTIONS: Pane[SubscriptionRow] = Pane(
    name="pulsar.subscriptions",
    title="subscriptions",
    table=tables.SUBSCRIPTIONS,
    columns=_SUBSCRIPTION_COLUMNS,
    ref=lambda row: Ref("subscription", subscription_key(row.topic, row.name)),
    aliases=("psubs",),
    sort="-BACKLOG",
    facets=_of_subscription,
    fault=lambda row: subscription_state(row) not in {"ok", "idle"},
    parent=lambda row: row.parent,
    actions=of_subscriptions.ACTIONS,
    jumps=(
        Jump(
            "consumers",
            "pulsar.consumers",
            lambda row, _facts: {"topic": root_of(row.topic) or row.topic, "subscription": row.name},
        ),
        Jump("topic", "pulsar.topics", lambda row, _facts: {"topic": root_of(row.topic) or row.topic}),
    ),
    help="Subscriptions with their backlog; those of a partitioned topic are summed, with each partition beneath.",
)

_CONSUMER_COLUMNS: tuple[Column[ConsumerRow], ...] = (
    Column("CONSUMER", lambda row: row.name),
    Column("SUBSCRIPTION", lambda row: row.subscription),
    Column("TOPIC", lambda row: row.topic, grow=True),
    words("TYPE", lambda row: row.type, hide_below=110),
    numbers("OUT/S", lambda row: row.stats.msg_rate_out, rate),
    numbers("UNACKED", lambda row: row.stats.unacked_messages),
    numbers("PERMITS", lambda row: row.stats.available_permits, hide_below=100, about="messages it still takes"),
    numbers("REDELIVER/S", lambda row: row.stats.msg_rate_redeliver, rate, hide_below=130),
    Column(
        "STATE",
        lambda row: "blocked" if row.stats.blocked_consumer_on_unacked_msgs else "ok",
        lambda row, _now: _state_cell("blocked" if row.stats.blocked_consumer_on_unacked_msgs else "ok"),
        hide_below=80,
    ),
    words("ADDRESS", lambda row: row.stats.address.lstrip("/"), hide_below=130),
    words("SINCE", lambda row: row.stats.connected_since[:19].replace("T", " "), wide=True),
    words("CLIENT", lambda row: row.stats.client_version, wide=True),
    Column("BROKER", lambda row: row.broker, _owner, hide_below=150),
)

CONSUMERS: Pane[ConsumerRow] = Pane(
    name="pulsar.consumers",
    title="consumers",
    table=tables.CONSUMERS,
    columns=_CONSUMER_COLUMNS,
    ref=lambda row: Ref("consumer", tables.CONSUMERS.key(row)),
    aliases=("pconsumers",),
    sort="-UNACKED",
    facets=lambda row: {
        "namespace": namespace_of(row.topic),
        "topic": root_of(row.topic) or row.topic,
        "subscription": row.subscription,
        "broker": row.broker,
    },
    fault=lambda row: row.stats.blocked_consumer_on_unacked_msgs or bool(row.silent),
    jumps=(Jump("topic", "pulsar.topics", lambda row, _facts: {"topic": root_of(row.topic) or row.topic}),),
    help="Consumers that are connected, each on each partition.",
)
