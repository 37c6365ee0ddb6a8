"""Rows computed from others: how many queues each policy rules, and what goes with each member."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console.model import SourceState
from console.plugin import EVERY, Facts, Index, Join, Touch
from plugins.rabbitmq.model.falls import ANY, Fall, Loss, key
from plugins.rabbitmq.model.governing import Policy, PolicyRow
from plugins.rabbitmq.model.nodes import MemberRow
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.model.tables import (
    FALLS,
    NODES,
    POLICIES,
    POLICY_LIST,
    QUEUES,
    QUEUES_BY_POLICY,
    QUEUES_FALLING,
    policy_key,
)

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


def _fall(row: MemberRow, facts: Facts) -> Iterable[Fall]:
    """Unknown is unsafe: until all queues were read, and while they cannot be, nobody is said to go without loss."""
    queues = facts.snapshot(QUEUES)
    known = queues.complete and queues.state not in {SourceState.STALE, SourceState.FORBIDDEN}
    count = {loss: len(facts.by(QUEUES_FALLING, key(loss, row.name))) for loss in Loss}
    anyone = len(facts.by(QUEUES_FALLING, key(Loss.UNKNOWN, ANY)))
    yield Fall(
        row.name,
        count[Loss.MAJORITY],
        count[Loss.COPY],
        count[Loss.ALONE],
        count[Loss.UNKNOWN] + anyone,
        known=known and row.running is not None,
        away=row.running is False,
    )


def _falling(row: QueueRow, _facts: Facts) -> Iterable[str]:
    return row.members or (EVERY,)


JOINS: tuple[Join[Any, Any], ...] = (
    Join(POLICIES, POLICY_LIST, _with_queues, (Touch(QUEUES, _touched),)),
    Join(FALLS, NODES, _fall, (Touch(QUEUES, _falling),)),
)
