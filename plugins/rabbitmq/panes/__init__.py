"""The panes of RabbitMQ, as data."""

from __future__ import annotations

from typing import Any

from console.plugin import Pane
from plugins.rabbitmq.panes.governing import POLICIES, USERS
from plugins.rabbitmq.panes.links import CHANNELS, CONNECTIONS, LINKS
from plugins.rabbitmq.panes.nodes import NODES
from plugins.rabbitmq.panes.queues import QUEUES
from plugins.rabbitmq.panes.routing import BINDINGS, EXCHANGES

PANES: tuple[Pane[Any], ...] = (NODES, QUEUES, CONNECTIONS, CHANNELS, EXCHANGES, BINDINGS, POLICIES, USERS, LINKS)
