"""The two pages that brokers render of themselves: all their topics, and their load."""

from __future__ import annotations

from typing import Any

from plugins.pulsar.simulator.world import Subscription, Topic, World

_SIZE = 64
_SINCE = "2026-11-21T18:53:15.752716567Z"


def topic_page(world: World, broker: str) -> dict[str, Any]:
    """`broker-stats/topics`: namespace -> bundle -> persistence -> topic."""
    page: dict[str, Any] = {}
    for bundle, topics in world.carried(broker).items():
        space, _, key = bundle.rpartition("/")
        kinds = page.setdefault(space, {}).setdefault(key, {})
        for name, topic in topics.items():
            kinds.setdefault(name.partition("://")[0], {})[name] = numbers(topic)
    return page


def numbers(topic: Topic) -> dict[str, Any]:
    """One topic; fields that the console does not read are left out."""
    return {
        "publishers": [],
        "replication": {},
        "subscriptions": {name: _subscription(topic, one) for name, one in topic.subscriptions.items()},
        "producerCount": topic.producers,
        "msgRateIn": topic.rate,
        "msgRateOut": topic.rate * len(topic.subscriptions),
        "msgThroughputIn": topic.rate * _SIZE,
        "msgThroughputOut": topic.rate * _SIZE * len(topic.subscriptions),
        "storageSize": _SIZE * len(topic.messages),
        "backlogSize": _SIZE * max((one.backlog for one in topic.subscriptions.values()), default=0),
        "pendingAddEntriesCount": 0,
    }


def _subscription(topic: Topic, one: Subscription) -> dict[str, Any]:
    shared = one.type in {"Shared", "Key_Shared"}
    told: dict[str, Any] = {
        "type": one.type,
        "msgBacklog": one.backlog,
        "msgRateOut": topic.rate if one.consumers else 0.0,
        "msgRateRedeliver": 0.0,
        "msgRateExpired": 0.0,
        "totalNonContiguousDeletedMessagesRange": 0,
        "consumers": [_consumer(topic, one, name, shared=shared) for name in one.consumers],
    }
    if shared and one.consumers:
        told |= {"unackedMessages": one.unacked, "blockedSubscriptionOnUnackedMsgs": one.blocked}
    return told


def _consumer(topic: Topic, one: Subscription, name: str, *, shared: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": "/127.0.0.1:53816",
        "consumerName": name,
        "availablePermits": 0 if one.blocked else 1000,
        "connectedSince": _SINCE,
        "clientVersion": "Pulsar-CPP-v4.2.0",
        "msgRateOut": topic.rate,
        "msgRateRedeliver": 0.0,
        "metadata": {},
    }
    if shared:
        told |= {"unackedMessages": one.unacked // len(one.consumers), "blockedConsumerOnUnackedMsgs": one.blocked}
    return told


def load_report(world: World, broker: str) -> dict[str, Any]:
    """`broker-stats/load-report`."""
    carried = world.carried(broker)
    topics = [topic for some in carried.values() for topic in some.values()]
    consumers = sum(len(one.consumers) for topic in topics for one in topic.subscriptions.values())
    host = world.addresses[broker]
    return {
        "webServiceUrl": f"http://{host}",
        "pulsarServiceUrl": f"pulsar://{host.rpartition(':')[0]}:6650",
        "cpu": {"usage": 12.5, "limit": 200.0},
        "memory": {"usage": 90.0, "limit": 512.0},
        "directMemory": {"usage": 16.0, "limit": 256.0},
        "msgRateIn": sum(topic.rate for topic in topics),
        "msgRateOut": sum(topic.rate * len(topic.subscriptions) for topic in topics),
        "numTopics": len(topics),
        "numBundles": len(carried),
        "numConsumers": consumers,
        "numProducers": sum(topic.producers for topic in topics),
        "bundles": list(carried),
        "lastStats": {name: _bundle(list(some.values())) for name, some in carried.items()},
        "brokerVersionString": world.version,
        "loadManagerClassName": "org.apache.pulsar.broker.loadbalance.impl.ModularLoadManagerImpl",
        "startTimestamp": 1_795_287_060_116,
        "lastUpdate": 1_795_287_230_241,
    }


def _bundle(topics: list[Topic]) -> dict[str, Any]:
    return {
        "topics": len(topics),
        "msgRateIn": sum(topic.rate for topic in topics),
        "msgRateOut": sum(topic.rate * len(topic.subscriptions) for topic in topics),
        "consumerCount": sum(len(one.consumers) for topic in topics for one in topic.subscriptions.values()),
        "producerCount": sum(topic.producers for topic in topics),
    }
