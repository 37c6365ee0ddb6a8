"""Pulsar Manager: whether it answers. Its token against forged requests is asked for: no login is needed for that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import msgspec

from console.errors import Absent, BadAnswer, SourceError
from console.text import clean
from plugins.pulsar.client.admin import Admin, text
from plugins.pulsar.client.members import Member
from plugins.pulsar.model.rows import ManagerRow

_WITHIN = 8.0
_CSRF = re.compile(r"[A-Za-z0-9_.-]{1,200}")


class Managers:
    """See the module."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def rows(self) -> Sequence[ManagerRow]:
        """One row a server. Raises Absent where there is none."""
        members = await self._admin.members.managers()
        if not members:
            raise Absent("no Pulsar Manager is known", next_step='name it: manager = "http://HOST:9527"')
        return await asyncio.gather(*(self._one(member) for member in members))

    async def _one(self, member: Member) -> ManagerRow:
        row = ManagerRow(member.name, member.url, pod=member.pod, namespace=member.namespace, node=member.node, up=True)
        path = "/pulsar-manager/csrf-token"
        try:
            token = text(await self._admin.web.send(member.url, "GET", path, deadline=_WITHIN))
            if not _CSRF.fullmatch(token):
                raise BadAnswer("what answers there is no Pulsar Manager", where=path)
        except SourceError as error:
            return msgspec.structs.replace(row, up=False, fault=clean(str(error), 300))
        return row
