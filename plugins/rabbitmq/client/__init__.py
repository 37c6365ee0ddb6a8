"""All I/O of RabbitMQ: the management API, by named addresses or through the platform, and tools run in pods."""

from __future__ import annotations

from console.plugin import Instance, Reach
from plugins.rabbitmq.client.broker import Broker


def connect(instance: Instance, reach: Reach) -> Broker:
    """Made when it is first needed; connects to nothing by itself."""
    return Broker(instance.settings, reach)
