from __future__ import annotations

from typing import Any

import msgspec
import pytest

from console.errors import BadAnswer
from plugins.pulsar.model import topics, wire
from plugins.pulsar.model.names import namespace_of, partition_of, root_of, short, whole
from plugins.pulsar.model.topics import (
    Carried,
    SubscriptionRow,
    TopicRow,
    consumer_key,
    consumer_rows,
    decode,
    subscription_rows,
    topic_rows,
)
from tests.plugins.pulsar.ground import sample

BOTH = [decode(sample(f"broker-stats-topics-{n}.json"), f"broker-{n}") for n in (0, 1)]


def rows() -> dict[str, TopicRow]:
    return {row.name: row for row in topic_rows(BOTH)}


def test_partitions_of_two_brokers_become_one_row_above_them() -> None:
    found = rows()
    whole_topic = found["shop/orders/events"]
    parts = [row for row in found.values() if row.parent == "shop/orders/events"]
    assert len(parts) == whole_topic.partitions == whole_topic.loaded == 4
    assert whole_topic.broker == "2 brokers"
    assert whole_topic.backlog == sum(row.backlog or 0 for row in parts)
    assert whole_topic.stats is not None
    assert whole_topic.stats.subscriptions["slow"].type == "Shared"
    assert whole_topic.stats.producer_count == 1, "one producer writes to all partitions"


def test_a_topic_says_what_its_broker_says() -> None:
    audit = rows()["shop/orders/audit"]
    assert (audit.broker, audit.bundle) == ("broker-0", "shop/orders/0x00000000_0x40000000")
    assert audit.stats is not None
    assert (audit.backlog, audit.stats.storage_size, audit.consumers) == (30, 2140, 1)
    pings = rows()["non-persistent://shop/orders/pings"]
    assert pings.stats is not None
    assert pings.stats.storage_size is None
    assert not pings.durable


def test_what_no_broker_has_loaded_is_unknown_and_not_nothing() -> None:
    listed = {"shop/orders/quiet": 0, "shop/orders/wide": 3} | {f"shop/orders/wide-partition-{n}": 0 for n in range(3)}
    found = {row.name: row for row in topic_rows(BOTH, listed)}
    assert found["shop/orders/quiet"].backlog is None
    assert (found["shop/orders/wide"].partitions, found["shop/orders/wide"].loaded) == (3, 0)
    assert found["shop/orders/wide"].backlog is None
    assert found["shop/orders/wide-partition-1"].parent == "shop/orders/wide"


def test_a_silent_broker_s_topics_are_marked_until_another_has_them() -> None:
    silent = msgspec.structs.replace(BOTH[0], silent="broker-0 does not answer")
    found = {row.name: row for row in topic_rows([silent, BOTH[1]])}
    assert found["shop/orders/audit"].silent == "broker-0 does not answer"
    assert found["shop/orders/events"].silent
    assert not found["logistics/fleet/positions"].silent
    moved = Carried("broker-1", BOTH[0].bundles)
    found = {row.name: row for row in topic_rows([silent, moved])}
    assert (found["shop/orders/audit"].broker, found["shop/orders/audit"].silent) == ("broker-1", "")


def test_subscriptions_of_partitions_stand_beneath_their_topic_s() -> None:
    found = {f"{row.name}@{row.topic}": row for row in subscription_rows(rows().values())}
    above = found["billing@shop/orders/events"]
    beneath = [row for row in found.values() if row.parent == "billing@shop/orders/events"]
    assert above.parts == len(beneath) == 4
    assert above.stats.msg_backlog == sum(row.stats.msg_backlog for row in beneath)


def test_consumers_are_told_apart_and_the_rolled_up_topic_has_none_of_its_own() -> None:
    found = consumer_rows(rows().values())
    keys = [consumer_key(row) for row in found]
    assert len(keys) == len(set(keys))
    assert sum(row.name == "slow-1" for row in found) == 4
    exclusive = next(row for row in found if row.name == "x-1")
    assert exclusive.stats.unacked_messages is None, "an exclusive consumer has no such count"
    twins = wire.Subscription(type="Shared", consumers=(wire.Consumer("c"), wire.Consumer("c")))
    both = consumer_rows([TopicRow("t/n/x", stats=wire.Topic(subscriptions={"s": twins}))])
    assert [consumer_key(row) for row in both] == ["c@s@t/n/x", "c#1@s@t/n/x"]


def test_hostile_names_are_harmless() -> None:
    page: dict[str, Any] = {
        "a/b": {"0x0_0x1": {"persistent": {"persistent://a/b/\x1b[2Jx": {"subscriptions": {"s\x07": {}}}}}}
    }
    found = topic_rows([decode(msgspec.json.encode(page), "b")])
    assert [row.name for row in found] == ["a/b/�[2Jx"]
    assert [row.name for row in subscription_rows(found)] == ["s�"]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a/b": {"0x": {"persistent"', b'{"a/b": [1]}'])
def test_what_is_no_page_is_said(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="promises"):
        decode(body, "broker-0")


def test_a_long_page_is_decoded_in_slices_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    breaths: list[None] = []
    monkeypatch.setattr(topics, "_WHOLE", 0)
    sliced = decode(sample("broker-stats-topics-0.json"), "broker-0", breathe=lambda: breaths.append(None))
    assert sliced == BOTH[0]
    assert len(breaths) == len(sliced.bundles)
    with pytest.raises(BadAnswer):
        decode(sample("broker-stats-topics-0.json")[:-900], "broker-0")


def test_names() -> None:
    assert short("persistent://a/b/c") == "a/b/c"
    assert whole("a/b/c") == "persistent://a/b/c"
    assert whole("non-persistent://a/b/c") == "non-persistent://a/b/c"
    assert (root_of("a/b/c-partition-12"), partition_of("a/b/c-partition-12")) == ("a/b/c", 12)
    assert (root_of("a/b/c-partition-x"), partition_of("a/b/c")) == ("", -1)
    assert namespace_of("non-persistent://a/b/c") == namespace_of("a/b/c") == "a/b"


def test_blocked_is_seen_of_the_subscription_and_of_its_consumers() -> None:
    held = wire.Subscription(consumers=(wire.Consumer(blocked_consumer_on_unacked_msgs=True),))
    assert topics.blocked(held)
    assert topics.blocked(wire.Subscription(blocked_subscription_on_unacked_msgs=True))
    assert not topics.blocked(SubscriptionRow("s", "t", "b", wire.Subscription()).stats)
