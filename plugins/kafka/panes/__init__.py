"""Kafka's panes, as data."""

from __future__ import annotations

from plugins.kafka.panes.brokers import BROKERS_PANE
from plugins.kafka.panes.cluster import ACLS_PANE, REASSIGNMENTS_PANE, RESOURCES_PANE
from plugins.kafka.panes.groups import GROUPS_PANE
from plugins.kafka.panes.quorum import QUORUM_PANE
from plugins.kafka.panes.topics import PARTITIONS_PANE, TOPICS_PANE

PANES = (
    BROKERS_PANE,
    TOPICS_PANE,
    PARTITIONS_PANE,
    GROUPS_PANE,
    QUORUM_PANE,
    REASSIGNMENTS_PANE,
    ACLS_PANE,
    RESOURCES_PANE,
)
