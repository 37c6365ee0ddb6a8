"""The panes, as data."""

from __future__ import annotations

from typing import Any

from console.plugin import Pane
from plugins.pulsar.panes.functions import FUNCTIONS
from plugins.pulsar.panes.servers import BOOKIES, BROKERS, BUNDLES, LEDGERS, MANAGERS
from plugins.pulsar.panes.spaces import NAMESPACES, TENANTS
from plugins.pulsar.panes.topics import CONSUMERS, SUBSCRIPTIONS, TOPICS

PANES: tuple[Pane[Any], ...] = (
    TOPICS,
    SUBSCRIPTIONS,
    CONSUMERS,
    TENANTS,
    NAMESPACES,
    BROKERS,
    BUNDLES,
    BOOKIES,
    LEDGERS,
    FUNCTIONS,
    MANAGERS,
)
