"""The names of all rows."""

from __future__ import annotations

from console.plugin import Table
from plugins.rabbitmq.model.nodes import MemberRow

NODES: Table[MemberRow] = Table("rabbitmq nodes", lambda row: row.name)
