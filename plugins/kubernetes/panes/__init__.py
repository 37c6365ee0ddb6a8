"""How Kubernetes looks: panes as data. Pure: no I/O, no clock, no colour. What does I/O is named in `later`."""

from __future__ import annotations

from typing import Any

from console.plugin import Pane
from plugins.kubernetes.panes.budgets import BUDGETS
from plugins.kubernetes.panes.events import EVENTS
from plugins.kubernetes.panes.namespaces import NAMESPACES
from plugins.kubernetes.panes.nodes import NODES
from plugins.kubernetes.panes.pods import PODS
from plugins.kubernetes.panes.services import SERVICES
from plugins.kubernetes.panes.stateful import STATEFUL_PANE
from plugins.kubernetes.panes.tokens import TOKENS
from plugins.kubernetes.panes.volumes import VOLUMES
from plugins.kubernetes.panes.workloads import WORKLOADS

PANES: tuple[Pane[Any], ...] = (
    NODES,
    STATEFUL_PANE,
    PODS,
    WORKLOADS,
    VOLUMES,
    BUDGETS,
    EVENTS,
    SERVICES,
    TOKENS,
    NAMESPACES,
)
