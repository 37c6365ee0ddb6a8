"""HTTP for every member of the world, each on a port of its own; with the faults that a test asks for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from console.simulating import Members, spoken
from plugins.pulsar.simulator.world import World


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one member: the parts of its path are unquoted."""

    member: str
    method: str
    target: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes
    token: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: str = "application/json"


Answer = Callable[[World, Request], Reply]


class Served(Members):
    """The servers of a world."""

    def __init__(self, world: World, answer: Answer) -> None:
        super().__init__()
        self.world = world
        self._answer = answer

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on free ports of 127.0.0.1."""
        await self.listen((*self.world.brokers, *self.world.bookies, *self.world.managers), context)

    def serves(self, member: str) -> bool:
        return self.world.alive(member)

    async def one(self, member: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        said = await spoken(reader)
        if not self.world.alive(member):
            return False
        path, _, query = said.target.partition("?")
        self.world.requests.append(f"{member} {said.method} {said.target}")
        parts = tuple(unquote(part) for part in path.strip("/").split("/"))
        token = said.headers.get("authorization", "").removeprefix("Bearer ")
        asked = Request(member, said.method, said.target, parts, dict(parse_qsl(query)), said.body, token, said.headers)
        return await self._send(member, writer, asked)

    async def _send(self, member: str, writer: asyncio.StreamWriter, asked: Request) -> bool:
        fault = self.world.fault if not self.world.faulty or member in self.world.faulty else ""
        if fault == "hang":
            await asyncio.Event().wait()
        reply = self._answer(self.world, asked)
        if fault == "broken":
            reply = Reply(500, b'{"reason":"the server failed"}')
        content = b"<html>not what you asked for</html>" if fault == "garbage" else reply.body
        head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\ncontent-type: {reply.kind}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        if reply.status != HTTPStatus.NO_CONTENT:
            head += f"content-length: {len(content)}\r\n"
        writer.write(head.encode() + b"\r\n")
        writer.write(content[: len(content) // 2] if fault == "half" else content)
        await writer.drain()
        return fault != "half"
