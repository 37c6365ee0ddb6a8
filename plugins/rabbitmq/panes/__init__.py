"""The panes of RabbitMQ, as data."""

from __future__ import annotations

from typing import Any

from console.plugin import Pane
from plugins.rabbitmq.panes.nodes import NODES

PANES: tuple[Pane[Any], ...] = (NODES,)
