"""Rows of namespaces: their policies, and the sums of their loaded topics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from console.errors import SourceError
from console.text import clean
from plugins.pulsar.client.policies import Policies
from plugins.pulsar.client.topics import Topics
from plugins.pulsar.model import wire
from plugins.pulsar.model.rows import NamespaceRow
from plugins.pulsar.model.topics import TopicRow


async def rows(policies: Policies, topics: Topics) -> Sequence[NamespaceRow]:
    """One row a namespace; numbers are None where no broker could be asked."""
    names = await policies.names()
    known, isolation = await policies.policies(names), await policies.isolation()
    try:
        sums = _sums(await topics.rows())
    except SourceError as error:
        fault = clean(str(error), 300)
        rows = [NamespaceRow(clean(name), known[name], fault=fault) for name in names]
    else:
        rows = [_row(clean(name), known[name], sums.get(name, ())) for name in names]
    if isolation is None:
        return rows
    return [msgspec.structs.replace(row, isolation=_isolating(row.name, isolation)) for row in rows]


def _isolating(name: str, isolation: Mapping[str, wire.Isolation]) -> tuple[tuple[str, wire.Isolation], ...]:
    """Brokers hold the whole name against each expression."""
    return tuple(
        (clean(key, 200), policy)
        for key, policy in sorted(isolation.items())
        if any(_matches(pattern, name) for pattern in policy.namespaces)
    )


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error:  # Java's own form
        return False


def _sums(topics: Sequence[TopicRow]) -> dict[str, list[TopicRow]]:
    found: dict[str, list[TopicRow]] = {}
    for topic in topics:
        if not topic.partitions:
            found.setdefault(topic.namespace, []).append(topic)
    return found


def _row(name: str, known: wire.Policies | None, topics: Sequence[TopicRow]) -> NamespaceRow:
    stats = [one.stats for one in topics if one.stats is not None]
    return NamespaceRow(
        name,
        known,
        topics=len(topics),
        backlog=sum(one.backlog or 0 for one in topics),
        storage=sum(one.storage_size or 0 for one in stats),
        rate_in=sum(one.msg_rate_in for one in stats),
        rate_out=sum(one.msg_rate_out for one in stats),
        fault=next((one.silent for one in topics if one.silent), ""),
    )
