"""Topics in bulk: one `broker-stats/topics` a broker a cycle, and the names of all, a few namespaces at a time.

A broker that does not answer keeps its last numbers, marked, until the others say that its topics moved.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec

from console.errors import NotFound, SourceError
from console.text import clean
from plugins.pulsar.client.admin import Admin
from plugins.pulsar.client.brokers import Brokers
from plugins.pulsar.client.members import Member
from plugins.pulsar.client.paths import space
from plugins.pulsar.client.policies import Policies
from plugins.pulsar.model.names import partition_of, root_of, short, system_topic
from plugins.pulsar.model.topics import (
    Carried,
    ConsumerRow,
    SubscriptionRow,
    TopicRow,
    consumer_rows,
    decode,
    subscription_rows,
    topic_rows,
)

_CYCLE = 8.0
_WITHIN = 30.0
_LISTED_FOR = 120.0
_NAMESPACES_A_CYCLE = 10
"""Two requests each: what a cycle may cost beside the bulk answers."""
_BREATH = 0.0005


class Topics:
    """Rows for three tables, and sums for namespaces, of the same answers."""

    def __init__(self, admin: Admin, brokers: Brokers, policies: Policies) -> None:
        self._admin = admin
        self._brokers = brokers
        self._policies = policies
        self._last: dict[str, Carried] = {}
        self._listed: dict[str, tuple[float, dict[str, int]]] = {}

    async def rows(self) -> Sequence[TopicRow]:
        """Topics, partitions, and partitioned topics rolled up."""
        return await self._admin.kept.get("topics", _CYCLE, self._asked)

    async def subscriptions(self) -> Sequence[SubscriptionRow]:
        """One row a subscription and topic."""
        rows = await self.rows()
        return await asyncio.to_thread(subscription_rows, rows)

    async def consumers(self) -> Sequence[ConsumerRow]:
        """One row a consumer and topic."""
        rows = await self.rows()
        return await asyncio.to_thread(consumer_rows, rows)

    def forget(self) -> None:
        """Something was made or deleted: list again."""
        self._listed.clear()
        self._admin.kept.forget("topics", "namespaces", "tenants", "names")

    async def _asked(self) -> Sequence[TopicRow]:
        members = await self._brokers.places()
        carried = await asyncio.gather(*(self._of(member) for member in members))
        if carried and all(isinstance(one, SourceError) for one in carried):
            raise next(one for one in carried if isinstance(one, SourceError))
        self._last = {member.name: self._kept(member, answer) for member, answer in zip(members, carried, strict=True)}
        listed = await self._names()
        return await asyncio.to_thread(topic_rows, list(self._last.values()), listed)

    def _kept(self, member: Member, answer: Carried | SourceError) -> Carried:
        if isinstance(answer, Carried):
            return answer
        old = self._last.get(member.name, Carried(member.name))
        return msgspec.structs.replace(old, silent=f"{member.name} does not answer")

    async def _of(self, member: Member) -> Carried | SourceError:
        try:
            body = await self._admin.call("GET", "/admin/v2/broker-stats/topics", base=member.url, deadline=_WITHIN)
            return await asyncio.to_thread(_decoded, body, member.name)
        except SourceError as error:
            return error

    async def _names(self) -> dict[str, int]:
        """All names that exist, as far as they were listed; the namespaces that were listed longest ago come first."""
        now = self._admin.kept.now()
        try:
            namespaces = await self._policies.names()
        except SourceError:
            namespaces = list(self._listed)  # no right to list: what is loaded is shown all the same
        self._listed = {one: known for one, known in self._listed.items() if one in set(namespaces)}
        due = [one for one in namespaces if now - self._listed.get(one, (-_LISTED_FOR, {}))[0] >= _LISTED_FOR]
        due.sort(key=lambda one: self._listed.get(one, (0.0, {}))[0])
        for one in due[:_NAMESPACES_A_CYCLE]:
            try:
                self._listed[one] = (now, await self._of_namespace(one))
            except SourceError:
                self._listed[one] = (now, self._listed.get(one, (0.0, {}))[1])
        return {name: count for _, names in self._listed.values() for name, count in names.items()}

    async def _of_namespace(self, namespace: str) -> dict[str, int]:
        single, partitioned = await asyncio.gather(
            self._admin.get(f"/admin/v2/persistent/{space(namespace)}", list[str]),
            self._partitioned(namespace),
        )
        names = {name: 0 for name in map(short, map(clean, single)) if not system_topic(name)}
        counts: dict[str, int] = {}
        for name in names:
            if root := root_of(name):
                counts[root] = max(counts.get(root, 0), partition_of(name) + 1)
        return names | {name: counts.get(name, 1) for name in map(short, map(clean, partitioned))}

    async def _partitioned(self, namespace: str) -> list[str]:
        try:
            return await self._admin.get(f"/admin/v2/persistent/{space(namespace)}/partitioned", list[str])
        except NotFound:
            return []


def _decoded(body: bytes, broker: str) -> Carried:
    return decode(body, broker, breathe=lambda: time.sleep(_BREATH))  # lets the event loop have its turn
