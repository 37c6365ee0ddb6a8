"""Kubernetes: the platform plugin. A manifest of names; everything heavy is imported when it is first needed."""

from __future__ import annotations

from console.plugin import Deferred, Offers, Plugin

_OFFERS = "plugins.kubernetes.offers"

PLUGIN = Plugin(
    system="kubernetes",
    title="Kubernetes",
    configure=Deferred("plugins.kubernetes.config:configure"),
    discover=Deferred("plugins.kubernetes.client.contexts:discover"),
    connect=Deferred("plugins.kubernetes.client.contexts:connect"),
    sources=Deferred("plugins.kubernetes.sources:SOURCES"),
    panes=Deferred("plugins.kubernetes.panes:PANES"),
    rules=Deferred("plugins.kubernetes.checks.rules:RULES"),
    hooks=Deferred("plugins.kubernetes.maintenance:HOOKS"),
    tile=Deferred("plugins.kubernetes.panes.overview:tile"),
    find=Deferred("plugins.kubernetes.client.kinds:find"),
    kinds=Deferred("plugins.kubernetes.client.kinds:words"),
    doctor=Deferred("plugins.kubernetes.doctor:examine"),
    offers=Offers(
        journal=Deferred(f"{_OFFERS}:journal"),
        leases=Deferred(f"{_OFFERS}:leases"),
        audit=Deferred(f"{_OFFERS}:audit"),
        rights=Deferred(f"{_OFFERS}:rights"),
        identity=Deferred("plugins.kubernetes.client.contexts:identity"),  # asked for at every start
        platform=Deferred(f"{_OFFERS}.hosting:Hosting"),
        tokens=Deferred(f"{_OFFERS}:tokens"),
        setup=Deferred("plugins.kubernetes.offers.setting_up:setup"),
        writing=Deferred("plugins.kubernetes.client.writing:prepare"),
    ),
    simulator="plugins.kubernetes.simulator",
)
