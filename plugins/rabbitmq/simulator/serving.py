"""HTTP for every member of the world, each on a port of its own; with the faults that a test asks for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from plugins.rabbitmq.simulator.answers import answer, encoded, parts
from plugins.rabbitmq.simulator.asking import Request
from plugins.rabbitmq.simulator.world import World

_HEAD = 65_536


class Served:
    """The servers of a world; `ports` by member."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ports: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []
        self._talking: set[asyncio.Task[None]] = set()

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on free ports of 127.0.0.1."""
        for member in self.world.members:
            server = await asyncio.start_server(self._talk(member), "127.0.0.1", 0, limit=_HEAD, ssl=context)
            self._servers.append(server)
            self.ports[member] = server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop, and cut what is open."""
        for server in self._servers:
            server.close()
        for task in list(self._talking):
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()

    def url(self, member: str, scheme: str = "http") -> str:
        """The address of a member's management API."""
        return f"{scheme}://127.0.0.1:{self.ports[member]}"

    def _talk(self, member: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    while self.world.running(member) and await self._one(member, reader, writer):
                        pass
            except asyncio.CancelledError:
                writer.transport.abort()
            writer.close()
            with suppress(OSError, TimeoutError):
                await writer.wait_closed()

        def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(conversation(reader, writer))
            self._talking.add(task)
            task.add_done_callback(self._talking.discard)

        return talk

    async def _one(self, member: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection ends."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        method, target, _ = first.split(" ")
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path, _, query = target.partition("?")
        self.world.requests.append(f"{method} {target}")
        if not self.world.running(member):
            return False
        if self.world.fault == "hang":
            await asyncio.Event().wait()
        asked = Request(
            member=member,
            method=method,
            parts=parts(path),
            query=dict(parse_qsl(query)),
            body=msgspec.json.decode(body) if body else None,
            authorization=headers.get("authorization", ""),
        )
        status, content = encoded(answer(self.world, asked))
        return await self._send(writer, status, content)

    async def _send(self, writer: asyncio.StreamWriter, status: int, content: bytes) -> bool:
        if self.world.fault == "refuse":
            status, content = 401, b'{"error":"not_authorised","reason":"Login failed"}'
        if self.world.fault == "garbage":
            content = b"<html>not what you asked for</html>"
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        if status != HTTPStatus.NO_CONTENT:
            head += f"content-length: {len(content)}\r\n"
        writer.write(head.encode() + b"\r\n")
        if self.world.fault == "half":
            writer.write(content[: len(content) // 2])
            await writer.drain()
            return False
        writer.write(content)
        await writer.drain()
        return True
