"""Redis with Sentinel: masters, members, what Sentinels believe. A manifest of names; imports nothing heavy."""

from __future__ import annotations

from console.plugin import Deferred, Plugin

PLUGIN = Plugin(
    system="redis",
    title="Redis",
    configure=Deferred("plugins.redis.config:configure"),
    discover=Deferred("plugins.redis.config:discover"),
    search=Deferred("plugins.redis.finding:search"),
    connect=Deferred("plugins.redis.client:connect"),
    sources=Deferred("plugins.redis.sources:SOURCES"),
    panes=Deferred("plugins.redis.panes:PANES"),
    rules=Deferred("plugins.redis.checks:RULES"),
    tile=Deferred("plugins.redis.panes.overview:tile"),
    doctor=Deferred("plugins.redis.doctor:examine"),
    simulator="plugins.redis.simulator",
)
