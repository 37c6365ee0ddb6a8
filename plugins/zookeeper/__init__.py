"""ZooKeeper: members, who leads, who is in sync, who may go. A manifest of names; nothing heavy is imported."""

from __future__ import annotations

from console.plugin import Deferred, Plugin

PLUGIN = Plugin(
    system="zookeeper",
    title="ZooKeeper",
    configure=Deferred("plugins.zookeeper.config:configure"),
    discover=Deferred("plugins.zookeeper.config:discover"),
    search=Deferred("plugins.zookeeper.finding:search"),
    connect=Deferred("plugins.zookeeper.client:connect"),
    sources=Deferred("plugins.zookeeper.sources:SOURCES"),
    panes=Deferred("plugins.zookeeper.panes:PANES"),
    rules=Deferred("plugins.zookeeper.checks:RULES"),
    tile=Deferred("plugins.zookeeper.panes:tile"),
    doctor=Deferred("plugins.zookeeper.doctor:examine"),
    simulator="plugins.zookeeper.simulator",
)
