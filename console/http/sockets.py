"""Plain connections of the HTTP library over asyncio's own streams.

The library's default reads one TLS record at a time through several layers of cancel scopes: of a list of 10,000 pods
that was more than half of all CPU time. These reads take all that has arrived. How a
proxy is talked to is the business of `tunnels`. Refuses names and retries.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from console.errors import ConsoleError
from console.http import tunnels

_BUFFER = 1 << 20
"""Bytes that wait for a reader before the sender is held up."""
_NEXT_ADDRESS = 0.25
_APART = 0.005
"""Seconds between the beginnings of two TLS handshakes. Each takes 3 to 5 ms of the loop, and a start opens a dozen:
those that begin together are answered together, and then are one stall."""


class _Turns:
    """Who begins a handshake when, in this process."""

    def __init__(self) -> None:
        self._next = 0.0

    async def take(self) -> None:
        """Return when it is our turn."""
        now = asyncio.get_running_loop().time()
        at = max(now, min(self._next, now + 1.0))  # another loop may have had another clock
        self._next = at + _APART
        if at > now:
            await asyncio.sleep(at - now)


_turns = _Turns()


class _Socket(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        # Nobody waits for the other side's goodbye: a server that hangs would hold up whoever closes.
        self._writer.transport.abort()
        await asyncio.sleep(0)  # the socket is closed by the loop's next round

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                await self._secure(ssl_context, server_hostname)
        except BaseException as error:
            self._writer.transport.abort()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return self

    async def _secure(self, context: ssl.SSLContext, name: str | None) -> None:
        await _turns.take()
        try:
            await self._writer.start_tls(context, server_hostname=name)
        except ConnectionError as error:
            raise ssl.SSLError(ssl.SSL_ERROR_EOF, "the connection was cut in the middle of the handshake") from error

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # a kept connection on which something arrived was closed by the server
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info({"server_addr": "peername", "client_addr": "sockname"}.get(info, info))


class SocketBackend(httpcore.AsyncNetworkBackend):
    """What a connection pool opens connections with; `proxy`: through which tunnel, if any."""

    def __init__(self, proxy: str = "") -> None:
        self._proxy = proxy

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await self._connected(host, port, local_address)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, ConsoleError) as error:
            raise httpcore.ConnectError(str(error)) from error
        wire: socket.socket = writer.get_extra_info("socket")
        for option in socket_options or ():
            wire.setsockopt(*option)
        return _Socket(reader, writer)

    async def _connected(
        self, host: str, port: int, local_address: str | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._proxy:
            return await asyncio.open_connection(sock=await tunnels.connect(self._proxy, host, port), limit=_BUFFER)
        source = (local_address, 0) if local_address else None
        # A race of one address is none, and asyncio's race forgets to close the winner when it is cancelled.
        delay = None if _is_address(host) else _NEXT_ADDRESS
        return await asyncio.open_connection(host, port, local_addr=source, limit=_BUFFER, happy_eyeballs_delay=delay)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
