"""How rows come: what is asked, and how often."""

from __future__ import annotations

from console.plugin import Poll, Source
from plugins.rabbitmq.client.broker import Broker
from plugins.rabbitmq.model import tables

SOURCES: tuple[Source, ...] = (Poll(tables.NODES, Broker.nodes, visible=5.0, hidden=30.0),)
