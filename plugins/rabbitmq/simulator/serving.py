"""HTTP for every member of the world, each on a port of its own; with the faults that a test asks for."""

from __future__ import annotations

import asyncio
import ssl
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from console.simulating import Members, spoken
from plugins.rabbitmq.simulator.answers import answer, encoded, parts
from plugins.rabbitmq.simulator.asking import Request
from plugins.rabbitmq.simulator.world import World


class Served(Members):
    """The servers of a world: the management API of each member."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on free ports of 127.0.0.1."""
        await self.listen(self.world.members, context)

    def serves(self, member: str) -> bool:
        return self.world.running(member)

    async def one(self, member: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        said = await spoken(reader)
        path, _, query = said.target.partition("?")
        self.world.requests.append(f"{said.method} {said.target}")
        if not self.world.running(member):
            return False
        if self.world.fault == "hang":
            await asyncio.Event().wait()
        asked = Request(
            member=member,
            method=said.method,
            parts=parts(path),
            query=dict(parse_qsl(query)),
            body=msgspec.json.decode(said.body) if said.body else None,
            authorization=said.headers.get("authorization", ""),
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
