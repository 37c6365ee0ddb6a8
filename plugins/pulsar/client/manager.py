"""Pulsar Manager: whether it answers, its first administrator, and the environments that it knows.

Every change carries its token against forged requests, in a header and as a cookie; most want a login before. Passwords
are in no error: what the server says of them is told, what was sent is not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Unpack

import msgspec

from console.errors import Absent, BadAnswer, Conflict, Forbidden, Rejected, SourceError, Unauthorized
from console.http import Answer
from console.text import clean
from plugins.pulsar.client.admin import Admin, text
from plugins.pulsar.client.members import Member
from plugins.pulsar.client.web import Rest, decoded, encoded
from plugins.pulsar.model.rows import ManagerRow

_WITHIN = 8.0
_BASE = "/pulsar-manager"
_SESSION = re.compile(r"JSESSIONID=([A-Za-z0-9_.-]{1,200})")
_ALL = {"page_num": "1", "page_size": "1000"}
"""The most that one page may have; the usual page has ten, and newer servers give all of them in any case."""
_CSRF = re.compile(r"[A-Za-z0-9_.-]{1,200}")


class Environment(msgspec.Struct, frozen=True):
    """A cluster that Pulsar Manager shows, by the addresses at which it reaches it."""

    name: str = ""
    broker: str = ""
    bookie: str | None = ""


class _Environments(msgspec.Struct):
    data: list[Environment] = []


class _Said(msgspec.Struct):
    """It answers 200 also where it refuses."""

    message: str = ""
    error: str = ""


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
        try:
            await self._forgery(member.url)
        except SourceError as error:
            return msgspec.structs.replace(row, up=False, fault=clean(str(error), 300))
        return row

    async def superuser(self, url: str, *, name: str, password: str, email: str) -> None:
        """Make the first administrator; asks for no login. Raises Conflict where there is one."""
        body = {"name": name, "password": password, "description": "made by Pilothouse", "email": email}
        answer = await self._send(url, "PUT", "/users/superuser", await self._forgery(url), body=encoded(body))
        _agreed(answer, Conflict)

    async def login(self, url: str, *, name: str, password: str) -> Mapping[str, str]:
        """The headers of a session. Raises Unauthorized."""
        headers = await self._forgery(url)
        body = encoded({"username": name, "password": password})
        answer = await self._send(url, "POST", "/login", headers, body=body)
        _agreed(answer, Unauthorized)
        told = {key.lower(): value for key, value in answer.headers.items()}
        if not told.get("token"):
            raise Unauthorized("the login gave no session", where=url)
        session = _SESSION.search(told.get("set-cookie", ""))
        cookie = headers["Cookie"] + (f"; JSESSIONID={session[1]}" if session else "")
        return {**headers, "Cookie": cookie, "token": told["token"], "username": name}

    async def environments(self, url: str, session: Mapping[str, str]) -> Sequence[Environment]:
        """All that it knows."""
        answer = await self._send(url, "GET", "/environments", session, params=_ALL)
        return decoded(answer.body, _Environments, "environments").data

    async def register(self, url: str, session: Mapping[str, str], wanted: Environment) -> None:
        """One more. Raises Rejected with the server's reason."""
        answer = await self._send(url, "PUT", "/environments/environment", session, body=encoded(wanted))
        _agreed(answer, Rejected)

    async def _forgery(self, url: str) -> dict[str, str]:
        """The headers that show that a request is meant. Raises BadAnswer where this is no Pulsar Manager."""
        path = f"{_BASE}/csrf-token"
        token = text(await self._admin.web.send(url, "GET", path, deadline=_WITHIN))
        if not _CSRF.fullmatch(token):
            raise BadAnswer("what answers there is no Pulsar Manager", where=path)
        return {"X-XSRF-TOKEN": token, "Cookie": f"XSRF-TOKEN={token}"}

    async def _send(self, url: str, method: str, path: str, session: Mapping[str, str], **more: Unpack[Rest]) -> Answer:
        """Raises Unauthorized for its 401, which is not about the brokers' token."""
        more["headers"], more["deadline"] = session, _WITHIN
        try:
            return await self._admin.web.whole(url, method, _BASE + path, **more)
        except Forbidden as error:
            why = error.what.rpartition(": ")[2]
            raise Unauthorized(f"Pulsar Manager refuses it: {why}", where=f"{method} {_BASE}{path}") from error


def _agreed(answer: Answer, refusal: type[SourceError]) -> None:
    said = decoded(answer.body, _Said, _BASE) if answer.body.strip() else _Said()
    if said.error:
        raise refusal(clean(said.error, 300), where="Pulsar Manager")
