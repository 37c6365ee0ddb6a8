"""Apache Pulsar and its BookKeeper: tenants to consumers, brokers, bookies, ledgers. Names only, nothing heavy."""

from console.plugin import Deferred, Plugin

PLUGIN = Plugin(
    system="pulsar",
    title="Pulsar",
    configure=Deferred("plugins.pulsar.config:configure"),
    discover=Deferred("plugins.pulsar.config:discover"),
    search=Deferred("plugins.pulsar.finding:search"),
    connect=Deferred("plugins.pulsar.client:connect"),
    sources=Deferred("plugins.pulsar.sources:SOURCES"),
    panes=Deferred("plugins.pulsar.panes:PANES"),
    rules=Deferred("plugins.pulsar.checks:RULES"),
    tile=Deferred("plugins.pulsar.tile:tile"),
    doctor=Deferred("plugins.pulsar.doctor:examine"),
    simulator="plugins.pulsar.simulator",
)
