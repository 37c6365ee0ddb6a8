"""RabbitMQ: a manifest of names; everything heavy is imported when it is first needed."""

from __future__ import annotations

from console.plugin import Deferred, Plugin

PLUGIN = Plugin(
    system="rabbitmq",
    title="RabbitMQ",
    configure=Deferred("plugins.rabbitmq.config:configure"),
    discover=Deferred("plugins.rabbitmq.config:discover"),
    search=Deferred("plugins.rabbitmq.finding:search"),
    connect=Deferred("plugins.rabbitmq.client:connect"),
    sources=Deferred("plugins.rabbitmq.sources:SOURCES"),
    panes=Deferred("plugins.rabbitmq.panes:PANES"),
    rules=Deferred("plugins.rabbitmq.checks:RULES"),
    tile=Deferred("plugins.rabbitmq.panes.overview:tile"),
    doctor=Deferred("plugins.rabbitmq.doctor:examine"),
    simulator="plugins.rabbitmq.simulator",
)
