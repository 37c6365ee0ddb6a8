"""A scripted far end of exec and port-forward: what the API server passes on from a kubelet, on loopback."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.plugins.kubernetes.client.server import status_object

Body = bytes | dict[str, Any]


class Socket:
    """One upgraded connection, seen from the far end."""

    def __init__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        parts = urlsplit(connection.request.path)
        self.connection = connection
        self.path = parts.path
        self.query = parse_qsl(parts.query)
        self.headers = connection.request.headers
        self.protocol = connection.subprotocol

    async def send(self, channel: int, content: bytes) -> None:
        await self.connection.send(bytes([channel]) + content)

    async def receive(self) -> tuple[int, bytes]:
        frame = await self.connection.recv()
        assert isinstance(frame, bytes)
        return frame[0], frame[1:]

    async def status(self, **fields: Any) -> None:
        """The last word of an exec."""
        await self.send(3, json.dumps({"kind": "Status", "metadata": {}, **fields}).encode())

    async def greet(self, port: int) -> None:
        """Each channel of a port-forward begins with the port."""
        for channel in (0, 1):
            await self.send(channel, port.to_bytes(2, "little"))


@dataclass
class Kubelet:
    """What happened at the far end. `pages` are plain answers to plain requests, by path."""

    url: str = ""
    sockets: list[Socket] = field(default_factory=list[Socket])
    refused: list[str] = field(default_factory=list[str])


@asynccontextmanager
async def kubelet(
    script: Callable[[Socket], Awaitable[None]],
    *,
    protocols: tuple[str, ...] = ("v5.channel.k8s.io", "v4.channel.k8s.io"),
    pages: Callable[[str, dict[str, str]], Body | tuple[int, Body] | None] = lambda _path, _query: None,
    admit: Callable[[Request], tuple[int, str] | None] = lambda _request: None,
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[Kubelet]:
    """Answer plain requests by `pages`, refuse upgrades by `admit`, and let `script` speak on the others."""
    found = Kubelet()
    failures: list[BaseException] = []

    async def handle(connection: ServerConnection) -> None:
        socket = Socket(connection)
        found.sockets.append(socket)
        try:
            await script(socket)
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 (told when the server stops)
            if "ConnectionClosed" not in type(error).__name__:
                failures.append(error)

    def answer(_connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            refusal = admit(request)
            if refusal is None:
                return None
            found.refused.append(request.headers.get("Authorization", ""))
            return _response(refusal[0], status_object(refusal[0], refusal[1]))
        parts = urlsplit(request.path)
        page = pages(parts.path, dict(parse_qsl(parts.query)))
        if page is None:
            return _response(404, status_object(404, f"there is no {parts.path}"))
        return _response(*page) if isinstance(page, tuple) else _response(200, page)

    wanted = [Subprotocol(name) for name in protocols]
    async with serve(
        handle, "127.0.0.1", 0, subprotocols=wanted, process_request=answer, compression=None, max_size=None, ssl=tls
    ) as server:
        found.url = f"http{'s' if tls else ''}://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield found
    assert not failures, failures


def _response(status: int, body: Body) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = Headers({"Content-Length": str(len(content)), "Content-Type": "application/json", "Connection": "close"})
    return Response(status, HTTPStatus(status).phrase, headers, content)
