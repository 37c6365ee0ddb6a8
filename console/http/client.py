"""Requests and streams to one server: credentials, deadlines, keep-alive, User-Agent, errors in the console's words.

Reads no environment by itself: surprising proxies and netrc files have cost others days.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import socket
import ssl
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import httpcore
import httpx
from msgspec import Struct

from console.errors import BadAnswer, ConfigError, SourceError, Unreachable
from console.http.backend import DialBackend
from console.http.failures import Truncated, status_error, transport_error
from console.http.sockets import SocketBackend
from console.http.tunnels import tunnels
from console.plugin import Stream
from console.spending import Spending

if importlib.util.find_spec("sniffio") is None:
    # httpcore asks for it several times a request; Python searches a missing module anew each time (measured: 1 ms).
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # "known to be missing", says the import system

for _name in ("httpx", "httpcore"):  # one line a request, with its URL, is not for our log
    logging.getLogger(_name).setLevel(logging.WARNING)

_MAX_ANSWER = 512 * 1024 * 1024
_MAX_REFUSAL = 1024 * 1024
_RETRIED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
Params = Mapping[str, str | int | bool] | None


class Credentials(Protocol):
    """How we say who we are. Both calls may take seconds (a login helper) and raise Unauthorized."""

    async def headers(self) -> Mapping[str, str]:
        """Headers for a request that is about to be sent."""
        ...

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401 with `refused`: True if other headers are there now, so that one more try makes sense."""
        ...


class Target(Struct, frozen=True):
    """One server. `url` without a path or with a base path; `explain(body)` finds the message in an error's body."""

    url: str
    version: str = "0"
    context: ssl.SSLContext | None = None
    server_name: str = ""
    proxy: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    credentials: Credentials | None = None
    dial: Callable[[str, int], Awaitable[Stream]] | None = None
    explain: Callable[[int, bytes, Mapping[str, str], str], SourceError] | None = None
    spending: Spending | None = None
    """Where each request is counted."""


class Answer(Struct, frozen=True):
    """A complete answer with status below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    under_way: float = 0.0
    """Seconds from the body's first byte to its last: the link's time rather than the server's."""


class _Request(Struct, frozen=True):
    method: str
    path: str
    params: Params
    headers: Mapping[str, str] | None
    content: bytes | None


class _Cut(Exception):
    """The connection ended before an answer began."""

    def __init__(self, error: httpx.HTTPError) -> None:
        super().__init__(str(error))
        self.error = error


class Streaming:
    """An answer that is still coming. `chunks` raises Unreachable after `idle` seconds without a byte."""

    def __init__(self, response: httpx.Response, where: str) -> None:
        self._response = response
        self._where = where
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Bytes as they arrive. A connection that breaks in the middle raises BadAnswer (truncated) or Unreachable."""
        plain = "content-encoding" not in self._response.headers
        source = self._response.aiter_raw() if plain else self._response.aiter_bytes()
        try:
            async for chunk in source:
                yield chunk
        except httpx.RemoteProtocolError as error:
            raise Truncated("the answer ends in the middle", where=self._where) from error
        except httpx.HTTPError as error:
            raise transport_error(error, self._where) from error


class _Login(httpx.Auth):
    """Adds credentials, and after one 401 asks for new ones and tries once more."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        sent = await self._credentials.headers()
        request.headers.update(sent)
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED and await self._credentials.renew(sent):
            request.headers.update(await self._credentials.headers())
            yield request


class _Transport(httpx.AsyncHTTPTransport):
    """Names the TLS server as told, and opens connections by our dialer where there is one."""

    def __init__(self, target: Target, connections: int | None) -> None:
        context = target.context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=20)
        options = _keepalive()
        tunnel = target.proxy if target.proxy and tunnels(target.proxy, urlsplit(target.url).scheme) else ""
        try:
            proxy = httpx.Proxy(target.proxy) if target.proxy and not tunnel else None
            super().__init__(
                verify=context, trust_env=False, limits=limits, proxy=proxy, socket_options=None if proxy else options
            )
        except (ImportError, ValueError) as error:
            raise ConfigError(f"this proxy cannot be used: {error}", where=target.proxy) from error
        if target.dial is not None or proxy is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=context,
                max_connections=connections,
                max_keepalive_connections=20,
                network_backend=DialBackend(target.dial) if target.dial is not None else SocketBackend(tunnel),
                socket_options=options if target.dial is None else None,
            )
        self._server_name = target.server_name

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._server_name:
            request.extensions["sni_hostname"] = self._server_name
        return await super().handle_async_request(request)


def _keepalive() -> list[tuple[int, int, int]]:
    """Half-open connections end after about 50 s, also while nothing is sent."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


class HttpClient:
    """Requests to one server. Nothing connects before the first request; every failure is a SourceError.

    `connections` None means as many as are asked for: a watch occupies one each, so watches get a client of their own.
    """

    def __init__(self, target: Target, *, connections: int | None = 16, connect_timeout: float = 10.0) -> None:
        self.target = target
        self._connect_timeout = connect_timeout
        self._client = httpx.AsyncClient(
            base_url=target.url,
            transport=_Transport(target, connections),
            trust_env=False,
            auth=_Login(target.credentials) if target.credentials else None,
            headers=[
                (b"User-Agent", f"pilothouse/{target.version}".encode()),  # the API server pretty-prints for some
                (b"Accept-Encoding", b"identity"),
                *((name.encode(), value.encode()) for name, value in target.headers),  # a name may come several times
            ],
        )

    async def request(  # noqa: PLR0913
        self,
        method: str,
        path: str,
        *,
        params: Params = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float = 30.0,
    ) -> Answer:
        """One request and its whole answer within `deadline` seconds. Raises a SourceError for any failure."""
        request = _Request(method, path, params, headers, content)
        again = method in {"GET", "HEAD"}
        if self.target.credentials is not None:
            await self.target.credentials.headers()  # a login helper has a deadline of its own, and better words
        try:
            async with asyncio.timeout(deadline):
                while True:
                    try:
                        return await self._whole(request)
                    except _Cut as cut:
                        # A kept connection that the server closed meanwhile looks like this; a read may be repeated.
                        if not again:
                            raise transport_error(cut.error, self._where(request)) from cut.error
                        again = False
        except TimeoutError as error:
            raise Unreachable(f"no answer within {deadline:g} s", where=self._where(request)) from error

    async def _whole(self, request: _Request) -> Answer:
        parts: list[bytes] = []
        size = 0
        first = 0.0
        async with self._open(request, None) as answer:
            async for chunk in answer.chunks():
                first = first or time.monotonic()
                size += len(chunk)
                if size > _MAX_ANSWER:
                    raise BadAnswer(f"the answer is longer than {_MAX_ANSWER} bytes", where=self._where(request))
                parts.append(chunk)
            under_way = time.monotonic() - first if first else 0.0
            return Answer(answer.status, answer.headers, b"".join(parts), under_way)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        params: Params = None,
        headers: Mapping[str, str] | None = None,
        idle: float | None = 90.0,
    ) -> AsyncGenerator[Streaming]:
        """An answer that is read while it comes; it may be silent for `idle` seconds (None: for ever)."""
        request = _Request(method, path, params, headers, None)
        try:
            async with self._open(request, idle) as answer:
                yield answer
        except _Cut as cut:
            raise transport_error(cut.error, self._where(request)) from cut.error

    @asynccontextmanager
    async def _open(self, request: _Request, idle: float | None) -> AsyncGenerator[Streaming]:
        where = self._where(request)
        built = self._client.build_request(
            request.method,
            request.path,
            params=request.params,
            headers=request.headers,
            content=request.content,
            timeout=httpx.Timeout(idle, connect=self._connect_timeout, write=30.0, pool=30.0),
        )
        if self.target.spending is not None:
            self.target.spending.count()
        try:
            response = await self._client.send(built, stream=True)
        except _RETRIED as error:
            raise _Cut(error) from error
        except httpx.HTTPError as error:
            raise transport_error(error, where) from error
        except RuntimeError as error:  # what the library says of a client that was closed
            if self._client.is_closed:
                raise Unreachable("the connection was closed by the console", where=where) from error
            raise
        try:
            if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
                raise await self._refusal(response, where)
            yield Streaming(response, where)
        finally:
            await response.aclose()

    async def _refusal(self, response: httpx.Response, where: str) -> SourceError:
        body = b""
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_REFUSAL:
                    break
        except httpx.HTTPError:
            pass  # the status alone says enough
        if self.target.explain is not None:
            return self.target.explain(response.status_code, body, response.headers, where)
        return status_error(response.status_code, body.decode("utf-8", "replace"), response.headers, where)

    def _where(self, request: _Request) -> str:
        return f"{request.method} {self.target.url.rstrip('/')}{request.path}"

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
