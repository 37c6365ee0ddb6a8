"""Ports: are these TCP ports open? The manifest names everything and imports nothing heavy."""

from console.plugin import Deferred, Plugin

PLUGIN = Plugin(
    system="ports",
    title="Ports",
    configure=Deferred("pilothouse_ports.config:configure"),
    discover=Deferred("pilothouse_ports.config:discover"),
    connect=Deferred("pilothouse_ports.client:connect"),
    sources=Deferred("pilothouse_ports.client:SOURCES"),
    panes=Deferred("pilothouse_ports.panes:PANES"),
    rules=Deferred("pilothouse_ports.checks:RULES"),
)
