"""How rows come. The brokers render topics once a minute, so asking more often than every 15 s tells nothing new."""

from __future__ import annotations

from console.plugin import Poll
from plugins.pulsar.client import Client
from plugins.pulsar.model import tables

SOURCES = (
    Poll(tables.TENANTS, lambda client: client.policies.tenants(), visible=30.0, hidden=120.0),
    Poll(tables.NAMESPACES, Client.namespaces, visible=15.0, hidden=60.0),
    Poll(tables.TOPICS, lambda client: client.topics.rows(), visible=15.0, hidden=60.0),
    Poll(tables.SUBSCRIPTIONS, lambda client: client.topics.subscriptions(), visible=15.0, hidden=60.0),
    Poll(tables.CONSUMERS, lambda client: client.topics.consumers(), visible=15.0, hidden=60.0),
    Poll(tables.BROKERS, lambda client: client.brokers.rows(), visible=5.0, hidden=30.0),
    Poll(tables.BUNDLES, lambda client: client.brokers.bundles(), visible=10.0, hidden=60.0),
    Poll(tables.BOOKIES, lambda client: client.bookies.rows(), visible=10.0, hidden=30.0),
    Poll(tables.LEDGERS, lambda client: client.bookies.ledgers(), visible=30.0, hidden=120.0),
    Poll(tables.FUNCTIONS, lambda client: client.functions.rows(), visible=15.0, hidden=None),
    Poll(tables.MANAGERS, lambda client: client.managers.rows(), visible=15.0, hidden=120.0),
)
