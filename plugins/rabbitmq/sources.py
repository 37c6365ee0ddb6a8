"""How rows come: what is asked, and how often. One page of a long list is one request (client/paging.py)."""

from __future__ import annotations

from console.plugin import Poll, Source
from plugins.rabbitmq.client.broker import Broker
from plugins.rabbitmq.joins import JOINS
from plugins.rabbitmq.model import tables

SOURCES: tuple[Source, ...] = (
    Poll(tables.NODES, Broker.nodes, visible=5.0, hidden=30.0),
    Poll(tables.QUEUES, Broker.queues, visible=5.0, hidden=60.0),
    Poll(tables.CONNECTIONS, Broker.connections, visible=5.0, hidden=60.0),
    Poll(tables.CHANNELS, Broker.channels, visible=5.0, hidden=60.0),
    Poll(tables.EXCHANGES, Broker.exchanges, visible=15.0, hidden=None),
    Poll(tables.BINDINGS, Broker.bindings, visible=30.0, hidden=None),
    Poll(tables.POLICY_LIST, Broker.policies, visible=15.0, hidden=60.0),
    Poll(tables.USERS, Broker.users, visible=30.0, hidden=None),
    Poll(tables.LINKS, Broker.links, visible=15.0, hidden=None),
    *JOINS,
)
