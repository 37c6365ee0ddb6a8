"""A connection of this machine's own network, as a Stream: for members that the configuration names."""

from __future__ import annotations

import asyncio


class _Plain:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, count: int) -> bytes:
        return await self._reader.read(count)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.transport.abort()  # nobody waits for the goodbye of a server that hangs
        await asyncio.sleep(0)


async def directly(host: str, port: int) -> _Plain:
    """Connect to a place without any cluster."""
    return _Plain(*await asyncio.open_connection(host, port))
