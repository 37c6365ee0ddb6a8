"""Connections of the HTTP library by a dialer: in-cluster names reach it unresolved, so DNS is never touched."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from console.errors import ConsoleError
from console.http.tls import TlsStream
from console.plugin import Stream

Dial = Callable[[str, int], Awaitable[Stream]]


class _Connection(httpcore.AsyncNetworkStream):
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                return await self._stream.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except (ConsoleError, OSError) as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._stream.write(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except (ConsoleError, OSError) as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        await self._stream.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        secured = TlsStream(self._stream, ssl_context, server_hostname)
        try:
            async with asyncio.timeout(timeout):
                await secured.handshake()
        except BaseException as error:
            await self._stream.close()  # nobody else knows of it yet
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from error
            if isinstance(error, ConsoleError | OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return _Connection(secured)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object" and isinstance(self._stream, TlsStream):
            return self._stream.tls
        return None  # "is_readable" None: the pool keeps the connection


class DialBackend(httpcore.AsyncNetworkBackend):
    """What a connection pool opens connections with."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial

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
                return _Connection(await self._dial(host, port))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (ConsoleError, OSError) as error:
            raise httpcore.ConnectError(str(error)) from error

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
