"""Rows computed from other rows, kept up to date as those change. Pure: no I/O, no clock.

Order matters: a join that reads another stands after it.
"""

from __future__ import annotations

from typing import Any

from console.plugin import Join
from plugins.kubernetes.joins.events import EVENT_JOINS
from plugins.kubernetes.joins.nodes import NODE_JOINS
from plugins.kubernetes.joins.services import SERVICE_JOINS
from plugins.kubernetes.joins.stateful import STATEFUL_JOINS
from plugins.kubernetes.joins.storage import STORAGE_JOINS

JOINS: tuple[Join[Any, Any], ...] = (
    *NODE_JOINS,
    *STATEFUL_JOINS,
    *STORAGE_JOINS,
    *SERVICE_JOINS,
    *EVENT_JOINS,
)
