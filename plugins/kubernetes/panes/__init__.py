"""How Kubernetes looks: panes as data. Pure: no I/O, no clock, no colour."""

from __future__ import annotations

from typing import Any

from console.plugin import Pane
from plugins.kubernetes.panes.nodes import NODES
from plugins.kubernetes.panes.pods import PODS

PANES: tuple[Pane[Any], ...] = (NODES, PODS)
