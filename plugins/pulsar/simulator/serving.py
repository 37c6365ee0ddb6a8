"""HTTP for every member of the world, each on a port of its own; with the faults that a test asks for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from plugins.pulsar.simulator.world import World

_HEAD = 65_536


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


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: str = "application/json"


Answer = Callable[[World, Request], Reply]


class Served:
    """The servers of a world; `ports` by member."""

    def __init__(self, world: World, answer: Answer) -> None:
        self.world = world
        self.ports: dict[str, int] = {}
        self._answer = answer
        self._servers: list[asyncio.Server] = []
        self._talking: set[asyncio.Task[None]] = set()

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on free ports of 127.0.0.1."""
        for member in (*self.world.brokers, *self.world.bookies, *self.world.managers):
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
        """The address of a member."""
        return f"{scheme}://127.0.0.1:{self.ports[member]}"

    def _talk(self, member: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    while self.world.alive(member) and await self._one(member, reader, writer):
                        pass
            finally:
                writer.close()

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
        if not self.world.alive(member):
            return False
        path, _, query = target.partition("?")
        self.world.requests.append(f"{member} {method} {target}")
        parts = tuple(unquote(part) for part in path.strip("/").split("/"))
        token = headers.get("authorization", "").removeprefix("Bearer ")
        return await self._send(
            member, writer, Request(member, method, target, parts, dict(parse_qsl(query)), body, token)
        )

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
