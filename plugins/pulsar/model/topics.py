"""Topics, subscriptions and consumers: rows of one bulk answer of each broker, partitions rolled up.

What a broker did not tell is None, never nothing: a topic that no broker has loaded has no backlog that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from console.errors import BadAnswer
from console.text import clean
from plugins.pulsar.model.names import namespace_of, root_of, short
from plugins.pulsar.model.wire import Bundle, Consumer, Subscription, Topic

_WHOLE = 4 * 1024 * 1024
"""Answers up to this size are decoded at once: some 15 ms, during which nothing else runs."""


class TopicRow(msgspec.Struct, frozen=True, gc=False):
    """A topic, a partition, or all partitions of a topic (`partitions` > 0). `stats` None: no broker has loaded it.

    `silent` names the broker whose numbers these are, and that does not answer now.
    """

    name: str
    broker: str = ""
    bundle: str = ""
    stats: Topic | None = None
    parent: str | None = None
    partitions: int = 0
    loaded: int = 0
    """How many of its partitions are loaded."""
    silent: str = ""

    @property
    def namespace(self) -> str:
        return namespace_of(self.name)

    @property
    def backlog(self) -> int | None:
        """Messages that some subscription has not acknowledged, summed over subscriptions (an estimate of entries)."""
        return sum(s.msg_backlog for s in self.stats.subscriptions.values()) if self.stats is not None else None

    @property
    def consumers(self) -> int | None:
        return sum(len(s.consumers) for s in self.stats.subscriptions.values()) if self.stats is not None else None

    @property
    def unacked(self) -> int | None:
        """Delivered and not acknowledged, of the subscriptions that count it (Shared, Key_Shared)."""
        return sum(s.unacked_messages or 0 for s in self.stats.subscriptions.values()) if self.stats else None

    @property
    def blocked(self) -> bool:
        return any(blocked(s) for s in self.stats.subscriptions.values()) if self.stats is not None else False

    @property
    def durable(self) -> bool:
        return not self.name.startswith("non-")


class SubscriptionRow(msgspec.Struct, frozen=True, gc=False):
    """A subscription of one topic or partition, or all partitions' (`parts` > 0)."""

    name: str
    topic: str
    broker: str
    stats: Subscription
    parent: str | None = None
    parts: int = 0
    silent: str = ""


class ConsumerRow(msgspec.Struct, frozen=True, gc=False):
    """One consumer on one topic or partition; `at` tells apart several of one name."""

    name: str
    subscription: str
    topic: str
    broker: str
    type: str
    stats: Consumer
    at: int = 0
    silent: str = ""


class Carried(msgspec.Struct, frozen=True):
    """What one broker carries, by its own word: (namespace, bundle, persistence -> topics)."""

    broker: str
    bundles: tuple[tuple[str, str, Bundle], ...] = ()
    silent: str = ""


_WHOLE_FORM = msgspec.json.Decoder(dict[str, dict[str, Bundle]])
_SLICES = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_SLICE = msgspec.json.Decoder(Bundle)


def decode(body: bytes, broker: str, *, breathe: Callable[[], object] = lambda: None) -> Carried:
    """`broker-stats/topics` straight into slim structs. Long answers bundle by bundle, with `breathe()` between.

    Raises BadAnswer.
    """
    try:
        if len(body) <= _WHOLE:
            whole = _WHOLE_FORM.decode(body)
            return Carried(broker, tuple((ns, key, one) for ns, some in whole.items() for key, one in some.items()))
        found: list[tuple[str, str, Bundle]] = []
        for namespace, bundles in _SLICES.decode(body).items():
            for key, raw in bundles.items():
                found.append((namespace, key, _SLICE.decode(raw)))
                breathe()
        return Carried(broker, tuple(found))
    except msgspec.MsgspecError as error:
        raise BadAnswer(f"not what the API promises: {clean(str(error), 200)}", where=f"topics of {broker}") from error


def topic_rows(carried: Iterable[Carried], listed: Mapping[str, int] | None = None) -> list[TopicRow]:
    """One row a loaded topic, and one a partitioned topic.

    `listed` are all names that exist (0), and partitioned topics with the number of their partitions.
    """
    rows: dict[str, TopicRow] = {}
    families: dict[str, list[TopicRow]] = {}
    for name, broker, bundle, stats, silent in _loaded(carried):
        if silent and name in rows:
            continue  # it moved away from a broker that no longer answers
        parent = root_of(name) or None
        row = rows[name] = TopicRow(name, broker, bundle, stats, parent=parent, silent=silent)
        if parent is not None:
            families.setdefault(parent, []).append(row)
    for name, count in (listed or {}).items():
        if count:
            families.setdefault(name, [])
        elif name not in rows:
            parent = root_of(name) or None
            rows[name] = TopicRow(name, parent=parent)
            if parent is not None:
                families.setdefault(parent, [])
    for name, parts in families.items():
        rows[name] = _family(name, parts, (listed or {}).get(name, 0))
    return list(rows.values())


def _loaded(carried: Iterable[Carried]) -> Iterator[tuple[str, str, str, Topic, str]]:
    for one in sorted(carried, key=lambda each: bool(each.silent)):
        for namespace, key, kinds in one.bundles:
            bundle = clean(f"{namespace}/{key}")
            for topics in kinds.values():
                for full, stats in topics.items():
                    yield short(clean(full)), one.broker, bundle, stats, one.silent


def _family(name: str, parts: list[TopicRow], listed: int) -> TopicRow:
    """All partitions as one row: sums, and the brokers that carry them."""
    stats = [row.stats for row in parts if row.stats is not None]
    brokers = sorted({row.broker for row in parts if row.broker})
    return TopicRow(
        name,
        brokers[0] if len(brokers) == 1 else f"{len(brokers)} brokers" if brokers else "",
        stats=_summed(stats) if stats else None,
        partitions=max(listed, len(parts)),
        loaded=len(stats),
        silent=next((row.silent for row in parts if row.silent), ""),
    )


def _summed(stats: list[Topic]) -> Topic:
    """One topic's numbers of many; averages are not made, sums are."""
    named: dict[str, list[Subscription]] = {}
    for one in stats:
        for name, subscription in one.subscriptions.items():
            named.setdefault(name, []).append(subscription)
    return Topic(
        producer_count=max(one.producer_count for one in stats),
        msg_rate_in=sum(one.msg_rate_in for one in stats),
        msg_rate_out=sum(one.msg_rate_out for one in stats),
        msg_throughput_in=sum(one.msg_throughput_in for one in stats),
        msg_throughput_out=sum(one.msg_throughput_out for one in stats),
        storage_size=_total(one.storage_size for one in stats),
        backlog_size=_total(one.backlog_size for one in stats),
        pending_add_entries_count=sum(one.pending_add_entries_count for one in stats),
        subscriptions={name: merged(some) for name, some in named.items()},
    )


def merged(parts: list[Subscription]) -> Subscription:
    """One subscription over all partitions of its topic."""
    return Subscription(
        type=next((one.type for one in parts if one.type not in {None, "None"}), parts[0].type),
        msg_backlog=sum(one.msg_backlog for one in parts),
        msg_rate_out=sum(one.msg_rate_out for one in parts),
        msg_rate_redeliver=sum(one.msg_rate_redeliver for one in parts),
        msg_rate_expired=sum(one.msg_rate_expired for one in parts),
        unacked_messages=_total(one.unacked_messages for one in parts),
        blocked_subscription_on_unacked_msgs=any(one.blocked_subscription_on_unacked_msgs for one in parts),
        total_non_contiguous_deleted_messages_range=_total(
            one.total_non_contiguous_deleted_messages_range for one in parts
        ),
        consumers=tuple(consumer for one in parts for consumer in one.consumers),
    )


def _total(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def blocked(subscription: Subscription) -> bool:
    """Whether a limit on unacknowledged messages holds it, or one of its consumers."""
    return subscription.blocked_subscription_on_unacked_msgs or any(
        one.blocked_consumer_on_unacked_msgs for one in subscription.consumers
    )


def subscription_rows(topics: Iterable[TopicRow]) -> list[SubscriptionRow]:
    """One row a subscription of each topic row; those of partitions stand beneath the whole topic's."""
    rows: list[SubscriptionRow] = []
    for topic in topics:
        if topic.stats is None:
            continue
        for raw, stats in topic.stats.subscriptions.items():
            name = clean(raw)
            parent = subscription_key(topic.parent, name) if topic.parent is not None else None
            rows.append(
                SubscriptionRow(
                    name, topic.name, topic.broker, stats, parent=parent, parts=topic.partitions, silent=topic.silent
                )
            )
    return rows


def subscription_key(topic: str, name: str) -> str:
    """`billing@shop/orders/events`."""
    return f"{name}@{topic}"


def consumer_rows(topics: Iterable[TopicRow]) -> list[ConsumerRow]:
    """One row a consumer and partition; the rolled-up topics are left out, since their consumers stand there."""
    rows: list[ConsumerRow] = []
    for topic in topics:
        if topic.stats is None or topic.partitions:
            continue
        for subscription, stats in topic.stats.subscriptions.items():
            seen: dict[str, int] = {}
            for consumer in stats.consumers:
                name = clean(consumer.consumer_name) or "-"
                at = seen[name] = seen.get(name, -1) + 1
                rows.append(
                    ConsumerRow(
                        name,
                        clean(subscription),
                        topic.name,
                        topic.broker,
                        clean(stats.type or "", 40),
                        consumer,
                        at=at,
                        silent=topic.silent,
                    )
                )
    return rows


def consumer_key(row: ConsumerRow) -> str:
    """`f-1@billing@shop/orders/events-partition-0`, with `#1` behind the second of a name."""
    more = f"#{row.at}" if row.at else ""
    return f"{row.name}{more}@{subscription_key(row.topic, row.subscription)}"
