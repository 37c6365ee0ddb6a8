"""Kafka: brokers, topics, partitions, groups, quorum. A manifest of names; everything heavy is imported when needed."""

from __future__ import annotations

from console.plugin import Deferred, Plugin

PLUGIN = Plugin(
    system="kafka",
    title="Kafka",
    configure=Deferred("plugins.kafka.config:configure"),
    discover=Deferred("plugins.kafka.config:discover"),
    connect=Deferred("plugins.kafka.client:connect"),
    sources=Deferred("plugins.kafka.sources:SOURCES"),
    panes=Deferred("plugins.kafka.panes:PANES"),
    rules=Deferred("plugins.kafka.checks:RULES"),
    search=Deferred("plugins.kafka.finding:search"),
    tile=Deferred("plugins.kafka.panes.overview:tile"),
    doctor=Deferred("plugins.kafka.doctor:examine"),
    simulator="plugins.kafka.simulator",
)
