"""Brokers and what they own: one load report a broker a cycle, and one question for the leader."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from console.errors import NotFound, SourceError
from console.text import clean
from plugins.pulsar.client.admin import Admin, text
from plugins.pulsar.client.members import Member, host_of, which
from plugins.pulsar.model.rows import BrokerRow, BundleRow
from plugins.pulsar.model.wire import Leader, LoadReport

T = TypeVar("T")
_WITHIN = 5.0
_CYCLE = 4.0


class Brokers:
    """`rows` for two tables: brokers and bundles come of the same load reports."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def rows(self) -> Sequence[BrokerRow]:
        """One row a broker. Raises where no broker can be named at all."""
        return await self._admin.kept.get("brokers", _CYCLE, self._asked)

    async def bundles(self) -> Sequence[BundleRow]:
        """One row a bundle that a broker owns."""
        found: list[BundleRow] = []
        for row in await self.rows():
            if row.load is not None:
                stats = row.load.last_stats
                found += [BundleRow(clean(one), row.name, stats.get(one)) for one in row.load.bundles]
        return found

    async def places(self) -> Sequence[Member]:
        """Each broker with the URL at which it is asked itself."""
        if self._admin.members.found:
            return await self._admin.members.broker_pods()
        scheme = urlsplit((await self._admin.members.admins())[0]).scheme
        return [Member(clean(one, 253), f"{scheme}://{one}", host=host_of(one)) for one in await self._admin.active()]

    async def _asked(self) -> Sequence[BrokerRow]:
        members = await self.places()
        active, leader = await asyncio.gather(_or_none(self._admin.active), _or_none(self._leader))
        rows = list(await asyncio.gather(*(self._one(one, active, leader) for one in members)))
        rows += [
            BrokerRow(clean(one, 253), one, listed=True, fault="registered, but no pod of the set says it is this one")
            for one in active or ()
            if one not in {row.id for row in rows}
        ]
        return rows

    async def _leader(self) -> str | None:
        try:
            return (await self._admin.get("/admin/v2/brokers/leaderBroker", Leader, deadline=_WITHIN)).service_url
        except NotFound:  # before 2.8
            return None

    async def _one(self, member: Member, active: Sequence[str] | None, leader: str | None) -> BrokerRow:
        row = BrokerRow(member.name, url=member.url, pod=member.pod, namespace=member.namespace, node=member.node)
        named = which(active or (), member)
        try:
            load, ready = await asyncio.gather(self._load(member), self._ready(member))
        except SourceError as error:
            listed = None if active is None else bool(named)
            return msgspec.structs.replace(row, id=named, listed=listed, ready=False, fault=clean(str(error), 300))
        address = urlsplit(load.web_service_url or load.web_service_url_tls or "").netloc or named
        return msgspec.structs.replace(
            row,
            id=clean(address, 253),
            listed=None if active is None else address in active or bool(named),
            ready=ready,
            leader=None if leader is None else host_of(leader) == host_of(address) and leader.endswith(address),
            load=load,
        )

    async def _load(self, member: Member) -> LoadReport:
        path = "/admin/v2/broker-stats/load-report"
        return await self._admin.get(path, LoadReport, base=member.url, deadline=_WITHIN)

    async def _ready(self, member: Member) -> bool | None:
        try:
            body = await self._admin.call("GET", "/admin/v2/brokers/ready", base=member.url, deadline=_WITHIN)
        except NotFound:  # before 2.7
            return None
        return text(body) == "ok"


async def _or_none(ask: Callable[[], Awaitable[T]]) -> T | None:
    """What could not be asked is not known; the rows of each broker say what is wrong."""
    try:
        return await ask()
    except SourceError:
        return None
