"""The connection to one API server: TLS, proxy, credentials, and two HTTP clients so that watches never starve acts.

Constructing it reads no network and waits for nothing; a dead server shows at the first request.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from urllib.parse import urlsplit

from msgspec import Struct

from console.clock import SYSTEM_CLOCK, Clock
from console.http import (
    Answer,
    Credentials,
    HttpClient,
    Params,
    Streaming,
    Target,
    Trust,
    load_identity,
    proxy_for,
    tls_context,
)
from plugins.kubernetes.client.answers import explain
from plugins.kubernetes.client.kubeconfig import Context
from plugins.kubernetes.client.login import credentials_for, impersonation_pairs

_ACTS = 16
_TELLING = 200_000  # bytes from which on an answer tells something about the link
_SLOW = 8_000_000  # bytes a second
_SLOW_IN_A_ROW = 2


class Manner(Struct, frozen=True):
    """How to behave on the wire: our own version, deadlines in seconds, and the environment that names proxies.

    `initial_silence`: how long a streaming list may pause before it is taken for one that will never end.
    `compression`: gzip for lists; auto means when two pages in a row came slowly.
    """

    version: str = "0"
    request_timeout: float = 30.0
    watch_idle: float = 90.0
    login_timeout: float = 30.0
    initial_silence: float = 15.0
    compression: str = "auto"
    clock: Clock = SYSTEM_CLOCK
    environ: Mapping[str, str] | None = None


class Connection:
    """Requests, streams and what WebSockets need, all to the server of one context."""

    def __init__(self, context: Context, manner: Manner | None = None) -> None:
        self.context = context
        self.manner = manner or Manner()
        environ = os.environ if self.manner.environ is None else self.manner.environ
        self.proxy = proxy_for(context.cluster.server, environ, explicit=context.cluster.proxy_url)
        self.impersonation = tuple(impersonation_pairs(context.user.impersonation))
        self.credentials: Credentials | None = credentials_for(
            context, use_certificate=self._use_certificate, clock=self.manner.clock, timeout=self.manner.login_timeout
        )
        self._opened: list[HttpClient] = []
        self._slow_pages = 0

    @property
    def server(self) -> str:
        return self.context.cluster.server

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """One context for everything that speaks to this server; None for plain http."""
        cluster, user = self.context.cluster, self.context.user
        if urlsplit(cluster.server).scheme != "https":
            return None
        trust = Trust(
            authorities=cluster.authorities,
            certificate=user.certificate,
            key=user.key,
            verify=not cluster.skip_tls_verify,
        )
        return tls_context(trust, where=f"context {self.context.name}")

    @cached_property
    def acts(self) -> HttpClient:
        """For requests with an end."""
        return self._client(_ACTS)

    @cached_property
    def streams(self) -> HttpClient:
        """For watches and logs: as many connections as there are streams."""
        return self._client(None)

    async def request(  # noqa: PLR0913
        self,
        method: str,
        path: str,
        *,
        params: Params = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float | None = None,
    ) -> Answer:
        """One request to the API server; raises a SourceError for any failure."""
        return await self.acts.request(
            method,
            path,
            params=params,
            headers=headers,
            content=content,
            deadline=deadline or self.manner.request_timeout,
        )

    async def fetch(self, path: str, *, params: Params = None) -> Answer:
        """A GET of something large: compressed where the link is slow."""
        zipped = self._zips
        headers = {"Accept-Encoding": "gzip"} if zipped else None
        answer = await self.request("GET", path, params=params, headers=headers)
        if not zipped and len(answer.body) > _TELLING:
            rate = len(answer.body) / max(answer.under_way, 1e-6)  # a server that thinks long has no slow link
            self._slow_pages = self._slow_pages + 1 if rate < _SLOW else 0
        return answer

    @property
    def _zips(self) -> bool:
        # Measured: inflating costs twice the decoding, and the server's deflating more; it pays below some 60 Mbit/s.
        if self.manner.compression == "always":
            return True
        return (
            self.manner.compression == "auto"
            and not self.context.cluster.disable_compression
            and self._slow_pages >= _SLOW_IN_A_ROW
        )

    def watch(self, path: str, params: Params) -> AbstractAsyncContextManager[Streaming]:
        """A watch; it may be silent for as long as the server's bookmarks need, and a bit."""
        return self.stream(path, params=params, idle=self.manner.watch_idle)

    def stream(
        self, path: str, *, params: Params = None, headers: Mapping[str, str] | None = None, idle: float | None
    ) -> AbstractAsyncContextManager[Streaming]:
        """A GET that goes on; silent for at most `idle` seconds."""
        return self.streams.stream("GET", path, params=params, headers=headers, idle=idle)

    async def handshake_headers(self) -> list[tuple[str, str]]:
        """What a WebSocket's first request must carry."""
        own: Mapping[str, str] = await self.credentials.headers() if self.credentials else {}
        return [("User-Agent", f"pilothouse/{self.manner.version}"), *own.items(), *self.impersonation]

    async def aclose(self) -> None:
        """Close all connections."""
        clients, self._opened = self._opened, []
        for client in reversed(clients):
            await client.aclose()

    def _client(self, connections: int | None) -> HttpClient:
        target = Target(
            url=self.server,
            version=self.manner.version,
            context=self.tls,
            server_name=self.context.cluster.tls_server_name,
            proxy=self.proxy,
            headers=self.impersonation,
            credentials=self.credentials,
            explain=explain,
        )
        client = HttpClient(target, connections=connections)
        self._opened.append(client)
        return client

    def _use_certificate(self, certificate: bytes, key: bytes) -> None:
        """A login helper gave a certificate: connections that are opened from now on show it."""
        if self.tls is not None:
            load_identity(self.tls, certificate, key, where=f"login helper of user {self.context.user.name}")
            for name in ("acts", "streams"):  # kept connections still show the old one; what runs on them goes on
                self.__dict__.pop(name, None)
