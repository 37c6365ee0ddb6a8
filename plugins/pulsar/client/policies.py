"""Tenants, namespaces and their policies: lists each time, details remembered and read a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

from console.errors import Forbidden, NotFound, SourceError
from console.text import clean
from plugins.pulsar.client.admin import Admin
from plugins.pulsar.client.paths import part, space
from plugins.pulsar.model import wire
from plugins.pulsar.model.rows import TenantRow

T = TypeVar("T")
_NAMES_FOR = 30.0
_POLICIES_FOR = 300.0
_ISOLATION_FOR = 60.0
_A_CYCLE = 20
_AT_ONCE = 6


class Policies:
    """See the module."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._limit = asyncio.Semaphore(_AT_ONCE)

    async def tenants(self) -> Sequence[TenantRow]:
        """One row a tenant."""
        names = await self._admin.get("/admin/v2/tenants", list[str])
        fresh = _Budget(_A_CYCLE)
        return await asyncio.gather(*(self._tenant(name, fresh) for name in names))

    async def names(self) -> Sequence[str]:
        """All namespaces, `tenant/namespace`; asked at most twice a minute."""
        return await self._admin.kept.get("names", _NAMES_FOR, self._names)

    async def policies(self, namespaces: Sequence[str]) -> dict[str, wire.Policies | None]:
        """Of each namespace what is known; up to twenty are read anew."""
        fresh = _Budget(_A_CYCLE)
        found = await asyncio.gather(*(self._policies(name, fresh) for name in namespaces))
        return dict(zip(namespaces, found, strict=True))

    async def isolation(self) -> Mapping[str, wire.Isolation] | None:
        """The cluster's isolation policies by name, in one answer that serves for a minute; None: not to be had."""
        try:
            return await self._admin.kept.get("isolation", _ISOLATION_FOR, self._isolation)
        except SourceError:
            return None

    async def _isolation(self) -> Mapping[str, wire.Isolation]:
        clusters = await self._admin.clusters()
        if not clusters:
            return {}
        path = f"/admin/v2/clusters/{part(clusters[0])}/namespaceIsolationPolicies"
        try:
            return await self._admin.get(path, dict[str, wire.Isolation])
        except NotFound:  # where there never was one
            return {}

    def forget(self, namespace: str) -> None:
        """A policy was changed."""
        self._admin.kept.forget(("policies", namespace), "namespaces")

    async def _tenant(self, name: str, fresh: _Budget) -> TenantRow:
        path = f"/admin/v2/tenants/{part(name)}"
        told, fault = await self._remembered(("tenant", name), path, wire.Tenant, fresh)
        try:
            count = sum(one.startswith(f"{name}/") for one in await self.names())
        except SourceError:
            count = None
        if told is None:
            return TenantRow(clean(name), namespaces=count, fault=fault)
        roles = tuple(clean(one) for one in told.admin_roles or ())
        return TenantRow(clean(name), roles, tuple(clean(one) for one in told.allowed_clusters or ()), count)

    async def _names(self) -> Sequence[str]:
        tenants = await self._admin.get("/admin/v2/tenants", list[str])

        async def of(tenant: str) -> list[str]:
            async with self._limit:
                try:
                    return await self._admin.get(f"/admin/v2/namespaces/{part(tenant)}", list[str])
                except (Forbidden, NotFound):
                    return []  # the others are shown

        return [name for some in await asyncio.gather(*map(of, tenants)) for name in some]

    async def _policies(self, name: str, fresh: _Budget) -> wire.Policies | None:
        return (
            await self._remembered(("policies", name), f"/admin/v2/namespaces/{space(name)}", wire.Policies, fresh)
        )[0]

    async def _remembered(self, key: tuple[str, str], path: str, form: type[T], fresh: _Budget) -> tuple[T | None, str]:
        """What is known, read anew where it is old and the budget allows; with the reason where nothing is known."""
        age, fault = self._admin.kept.age(key), ""
        if (age is None or age >= _POLICIES_FOR) and fresh.spend():
            try:
                async with self._limit:
                    await self._admin.kept.get(key, _POLICIES_FOR, lambda: self._admin.get(path, form))
            except NotFound:
                self._admin.kept.forget(key)
            except SourceError as error:
                fault = clean(str(error), 300)
        return self._admin.kept.last(key), fault


class _Budget:
    """How many requests a cycle may still make."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self) -> bool:
        """Take one, where one is left."""
        self._left -= 1
        return self._left >= 0
