"""Rows computed from others: how many queues each policy rules."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Facts, Index, Join, Touch
from plugins.rabbitmq.model.governing import Policy, PolicyRow
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.model.tables import POLICIES, POLICY_LIST, QUEUES, QUEUES_BY_POLICY, policy_key

POLICIES_BY_NAME: Index[Policy] = Index(POLICY_LIST, "name", lambda row: (policy_key(row.vhost, row.name),))


def _with_queues(row: Policy, facts: Facts) -> Iterable[PolicyRow]:
    """The server names one policy a queue; operator policies it names nowhere in bulk."""
    if row.operator or not facts.snapshot(QUEUES).complete:
        return (PolicyRow(row),)
    return (PolicyRow(row, len(facts.by(QUEUES_BY_POLICY, policy_key(row.vhost, row.name)))),)


def _touched(row: QueueRow, facts: Facts) -> Iterable[str]:
    if not row.policy:
        return ()
    return [one.at for one in facts.by(POLICIES_BY_NAME, policy_key(row.vhost, row.policy))]


JOINS = (Join(POLICIES, POLICY_LIST, _with_queues, (Touch(QUEUES, _touched),)),)
