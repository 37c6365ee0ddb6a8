"""Far ends of shells and ports, in memory."""

from __future__ import annotations

import asyncio


class Parrot:
    """A shell that says everything back and ends at `quit`."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.sizes: list[tuple[int, int]] = []

    async def read(self) -> bytes:
        return await self.heard.get()

    async def write(self, data: bytes) -> None:
        await self.heard.put(b"" if data == b"quit" else data)

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def close(self) -> int | None:
        return 3


class Echo:
    """One connection that says everything back."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self, count: int) -> bytes:
        return await self.heard.get()

    async def write(self, data: bytes) -> None:
        await self.heard.put(data)

    async def close(self) -> None:
        await self.heard.put(b"")
