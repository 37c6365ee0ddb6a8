"""Tokens of the tables and indexes."""

from __future__ import annotations

from console.plugin import Index, Table
from plugins.pulsar.model.functions import FunctionRow
from plugins.pulsar.model.rows import (
    BookieRow,
    BrokerRow,
    BundleRow,
    LedgerRow,
    ManagerRow,
    NamespaceRow,
    TenantRow,
)
from plugins.pulsar.model.topics import ConsumerRow, SubscriptionRow, TopicRow, consumer_key, subscription_key

TENANTS = Table[TenantRow]("pulsar.tenants", lambda row: row.name)
NAMESPACES = Table[NamespaceRow]("pulsar.namespaces", lambda row: row.name)
TOPICS = Table[TopicRow]("pulsar.topics", lambda row: row.name)
SUBSCRIPTIONS = Table[SubscriptionRow]("pulsar.subscriptions", lambda row: subscription_key(row.topic, row.name))
CONSUMERS = Table[ConsumerRow]("pulsar.consumers", consumer_key)
BROKERS = Table[BrokerRow]("pulsar.brokers", lambda row: row.name)
BUNDLES = Table[BundleRow]("pulsar.bundles", lambda row: row.name)
BOOKIES = Table[BookieRow]("pulsar.bookies", lambda row: row.name)
LEDGERS = Table[LedgerRow]("pulsar.ledgers", lambda row: str(row.id))
FUNCTIONS = Table[FunctionRow]("pulsar.functions", lambda row: row.name)
MANAGERS = Table[ManagerRow]("pulsar.manager", lambda row: row.name)
SUBSCRIPTIONS_OF = Index[SubscriptionRow](SUBSCRIPTIONS, "topic", lambda row: (row.topic,))
