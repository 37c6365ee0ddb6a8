"""HTTP to every server of one instance: one client a server, redirects with the token, refusals in words.

A broker redirects (307) to the owner of a topic by its in-cluster address. It is followed through the same dialer, with
the token, but to brokers of this cluster only: a token is not sent to whoever a redirection names.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypedDict, TypeVar, Unpack
from urllib.parse import urlsplit

import msgspec

from console.errors import BadAnswer, Forbidden, SourceError, Unauthorized
from console.http import Answer, HttpClient, Params, Target, status_error
from console.plugin import Stream
from console.spending import Spending
from console.text import clean
from plugins.pulsar.credentials import TokenSource

T = TypeVar("T")
_HOPS = 4
CONNECT_WITHIN = 5.0
PATIENCE = 0.0
"""No deadline is shorter, in seconds: for tests that are not about time, on machines that are slow."""
_TITLE = re.compile(r"<title>(?:Error \d+ )?(.*?)</title>|MESSAGE:</th><td>(.*?)</td>", re.IGNORECASE | re.DOTALL)
ADVICE = "look at the token with `pilothouse doctor`"


class Redirected(SourceError):
    """The server names another that has the answer."""

    def __init__(self, location: str, where: str) -> None:
        super().__init__("the server answers with a redirection", where=where)
        self.location = location


class _Reason(msgspec.Struct):
    reason: str = ""
    message: str = ""


def said(body: bytes) -> tuple[str, bool]:
    """What an error's body says, and whether the REST layer said it (JSON) rather than the web server before it."""
    try:
        found = msgspec.json.decode(body, type=_Reason)
    except msgspec.MsgspecError:
        text = body.decode("utf-8", "replace")
        titles = [clean(one or two, 400) for one, two in _TITLE.findall(text)]
        return (titles[-1] if titles else clean(text, 400)), False
    return clean(found.reason or found.message, 400), True


def explain(status: int, body: bytes, headers: Mapping[str, str], where: str) -> SourceError:
    """A refusal in the console's words. A missing right is 401, too: with JSON; a bad token gets a page of HTML."""
    location = headers.get("location", "")
    if status in {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT, HTTPStatus.FOUND} and location:
        return Redirected(location, where)
    text, by_rest = said(body)
    if status == HTTPStatus.UNAUTHORIZED:
        if by_rest and text:
            return Forbidden(f"the token's role lacks the right: {text}", where=where)
        return Unauthorized(text or "the server wants a token", where=where, next_step=ADVICE)
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(text or "the token's role lacks the right", where=where)
    return status_error(status, text, headers, where)


class Rest(TypedDict, total=False):
    """The rest of a request. `deadline` in seconds; `allowed(host)`: may a redirection there be followed?"""

    params: Params
    body: bytes | None
    headers: Mapping[str, str] | None
    token: TokenSource | None
    deadline: float
    allowed: Callable[[str], Awaitable[bool]] | None


class Web:
    """Requests by base URL. Built for one instance; nothing connects before the first request."""

    def __init__(
        self,
        *,
        version: str,
        context: ssl.SSLContext,
        server_name: str = "",
        dial: Callable[[str, int], Awaitable[Stream]] | None,
        spending: Spending,
    ) -> None:
        self._version = version
        self._context = context
        self._server_name = server_name
        self._dial = dial
        self._clients: dict[tuple[str, bool], HttpClient] = {}
        self._spending = spending

    async def send(self, base: str, method: str, path: str, **more: Unpack[Rest]) -> bytes:
        """The body of the answer; see `whole`."""
        return (await self.whole(base, method, path, **more)).body

    async def whole(self, base: str, method: str, path: str, **more: Unpack[Rest]) -> Answer:
        """The answer of one server, or of the one that it redirects to."""
        given, params, body = dict(more.get("headers") or {}), more.get("params"), more.get("body")
        token, allowed = more.get("token"), more.get("allowed")
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        for _ in range(_HOPS):
            client = self._client(base, token)
            try:
                return await client.request(
                    method,
                    path,
                    params=params,
                    headers=given,
                    content=body,
                    deadline=max(PATIENCE, more.get("deadline", 10.0)),
                )
            except Redirected as to:
                base, path, params = await self._followed(to, base, allowed)
        raise BadAnswer("the brokers redirect in a circle", where=f"{method} {base}{path}")

    async def _followed(
        self, to: Redirected, base: str, allowed: Callable[[str], Awaitable[bool]] | None
    ) -> tuple[str, str, Params]:
        parts = urlsplit(to.location)
        if not parts.scheme:  # a path on the same server
            return base, parts.path + (f"?{parts.query}" if parts.query else ""), None
        host = parts.hostname or ""
        downgrade = base.startswith("https:") and parts.scheme != "https"
        if parts.scheme not in {"http", "https"} or downgrade or allowed is None or not await allowed(host):
            raise BadAnswer(f"redirected to {clean(host, 200)}, which is no broker of this cluster", where=to.where)
        return f"{parts.scheme}://{parts.netloc}", parts.path + (f"?{parts.query}" if parts.query else ""), None

    def _client(self, base: str, token: TokenSource | None) -> HttpClient:
        key = (base, token is not None)
        client = self._clients.get(key)
        if client is None:
            target = Target(
                url=base,
                version=self._version,
                context=self._context,
                server_name=self._server_name,
                credentials=token,
                dial=self._dial,
                explain=explain,
                spending=self._spending,
            )
            client = self._clients[key] = HttpClient(
                target, connections=8, connect_timeout=max(CONNECT_WITHIN, PATIENCE)
            )
        return client

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()


def decoded(body: bytes, form: type[T], where: str) -> T:
    """JSON as `form`. Raises BadAnswer: half an answer, a page of HTML, another version's shape."""
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.MsgspecError as error:
        raise BadAnswer(f"not what the API promises: {clean(str(error), 200)}", where=where) from error


def encoded(value: Any) -> bytes:
    """JSON bytes."""
    return msgspec.json.encode(value)
