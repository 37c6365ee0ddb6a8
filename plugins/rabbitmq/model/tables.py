"""The names of all rows, and the indexes over them."""

from __future__ import annotations

from console.plugin import Index, Table
from plugins.rabbitmq.model import falls
from plugins.rabbitmq.model.governing import LinkRow, Policy, PolicyRow, UserRow
from plugins.rabbitmq.model.links import ChannelRow, ConnectionRow
from plugins.rabbitmq.model.nodes import MemberRow
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.model.routing import BindingRow, ExchangeRow

NODES: Table[MemberRow] = Table("rabbitmq nodes", lambda row: row.name)
QUEUES: Table[QueueRow] = Table("rabbitmq queues", lambda row: row.at)
CONNECTIONS: Table[ConnectionRow] = Table("rabbitmq connections", lambda row: row.at)
CHANNELS: Table[ChannelRow] = Table("rabbitmq channels", lambda row: row.at)
EXCHANGES: Table[ExchangeRow] = Table("rabbitmq exchanges", lambda row: row.at)
BINDINGS: Table[BindingRow] = Table("rabbitmq bindings", lambda row: row.at)
FALLS: Table[falls.Fall] = Table("rabbitmq falls", lambda row: row.name)
POLICY_LIST: Table[Policy] = Table("rabbitmq policy list", lambda row: row.at)
POLICIES: Table[PolicyRow] = Table("rabbitmq policies", lambda row: row.policy.at)
USERS: Table[UserRow] = Table("rabbitmq users", lambda row: row.at)
LINKS: Table[LinkRow] = Table("rabbitmq links", lambda row: row.at)

QUEUES_BY_LEADER: Index[QueueRow] = Index(QUEUES, "leader", lambda row: (row.leader,))
QUEUES_BY_MEMBER: Index[QueueRow] = Index(QUEUES, "member", lambda row: row.members)
QUEUES_BY_VHOST: Index[QueueRow] = Index(QUEUES, "vhost", lambda row: (row.vhost,))
QUEUES_BY_POLICY: Index[QueueRow] = Index(QUEUES, "policy", lambda row: (policy_key(row.vhost, row.policy),))
BINDINGS_BY_SOURCE: Index[BindingRow] = Index(BINDINGS, "source", lambda row: (place(row.vhost, row.source),))
BINDINGS_BY_TARGET: Index[BindingRow] = Index(
    BINDINGS, "target", lambda row: (f"{row.to} {place(row.vhost, row.destination)}",)
)


QUEUES_MISSING: Index[QueueRow] = Index(QUEUES, "missing", lambda row: row.missing)
"""Queues by each member whose copy does not serve."""
QUEUES_ALONE: Index[QueueRow] = Index(
    QUEUES, "alone", lambda row: row.members if row.alone and row.durable and not row.exclusive else ()
)
"""Durable queues that live on one member alone, by it."""
QUEUES_AT_FAULT: Index[QueueRow] = Index(QUEUES, "fault", lambda row: ("",) if row.fault else ())
QUEUES_SERVED: Index[QueueRow] = Index(QUEUES, "served", lambda row: row.online if row.kind == "quorum" else ())
"""Quorum queues by each member whose copy serves."""


QUEUES_FALLING: Index[QueueRow] = Index(
    QUEUES, "falling", lambda row: [falls.key(loss, member) for loss, member in falls.losses(row)]
)
"""Queues by what they lose with which member."""


def place(vhost: str, name: str) -> str:
    """A name within its vhost, as one key; nobody sees it."""
    return f"{vhost}\n{name}"


def policy_key(vhost: str, name: str) -> str:
    """The policy of this name in a vhost; with an empty name, none."""
    return f"{vhost}\n{name}"
