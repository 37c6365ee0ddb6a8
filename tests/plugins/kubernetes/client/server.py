"""A scripted HTTP/1.1 server on loopback: a test says in plain code what each request is answered."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import h11


class Call:
    """One request, and the ways to answer it."""

    def __init__(self, connection: h11.Connection, writer: asyncio.StreamWriter, request: h11.Request) -> None:
        self._connection = connection
        self._writer = writer
        parts = urlsplit(request.target.decode())
        self.method = request.method.decode()
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.header_lines = [(name.decode().title(), value.decode()) for name, value in request.headers]
        self.headers = dict(self.header_lines)
        self.body = b""
        self.gone = asyncio.Event()

    @property
    def json_body(self) -> Any:
        return json.loads(self.body)

    async def reply(self, body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; bytes as they are, everything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = {"Content-Length": str(len(content)), "Content-Type": "application/json", **(headers or {})}
        self._send(h11.Response(status_code=status, headers=list(lines.items())))
        self._send(h11.Data(data=content))
        self._send(h11.EndOfMessage())
        await self._writer.drain()

    async def refuse(self, status: int, message: str, headers: Mapping[str, str] | None = None, **more: object) -> None:
        """A Status."""
        await self.reply(status_object(status, message, **more), status, headers)

    async def start(self, headers: Mapping[str, str] | None = None) -> None:
        """Begin a chunked answer."""
        lines = {"Transfer-Encoding": "chunked", **(headers or {})}
        self._send(h11.Response(status_code=200, headers=list(lines.items())))
        await self._writer.drain()

    async def send(self, content: bytes) -> None:
        """One chunk."""
        self._send(h11.Data(data=content))
        await self._writer.drain()

    async def event(self, kind: str, item: object) -> None:
        """One line of a watch."""
        await self.send(json.dumps({"type": kind, "object": item}).encode() + b"\n")

    async def finish(self) -> None:
        """End the chunked answer properly."""
        self._send(h11.EndOfMessage())
        await self._writer.drain()

    async def raw(self, content: bytes) -> None:
        """Bytes of no protocol."""
        self._writer.write(content)
        await self._writer.drain()

    def cut(self) -> None:
        """Break the connection in the middle."""
        self._writer.transport.abort()

    async def hold(self) -> None:
        """Say nothing until the client goes away."""
        await self.gone.wait()

    def _send(self, event: Any) -> None:
        data = cast("bytes | None", self._connection.send(event))
        if data:
            self._writer.write(data)


Script = Callable[[Call], Awaitable[None]]


@dataclass
class Server:
    """What a running server knows: its address, and every call so far."""

    url: str
    calls: list[Call] = field(default_factory=list[Call])

    def paths(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.calls]


@asynccontextmanager
async def serve(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Server]:
    """Run `script` for every request until the block ends."""
    tasks: set[asyncio.Task[None]] = set()
    failures: list[BaseException] = []
    server = Server("")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _converse(reader, writer, script, server)
        except (ConnectionError, asyncio.CancelledError, h11.RemoteProtocolError):
            pass
        except Exception as error:  # noqa: BLE001 (told when the server stops)
            failures.append(error)
        finally:
            tasks.discard(task)
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not failures, failures


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, script: Script, server: Server) -> None:
    connection = h11.Connection(h11.SERVER)
    call: Call | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            received = await reader.read(65536)
            connection.receive_data(received)
            continue
        if isinstance(event, h11.Request):
            call = Call(connection, writer, event)
        elif isinstance(event, h11.Data):
            assert call is not None
            call.body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            assert call is not None
            server.calls.append(call)
            await _answer(call, reader, script)
            if connection.our_state is h11.MUST_CLOSE or connection.our_state is not h11.DONE:
                return
            connection.start_next_cycle()
        else:
            return


async def _answer(call: Call, reader: asyncio.StreamReader, script: Script) -> None:
    """Run the script while watching for the client to go away: nothing is pipelined here."""

    async def watch_client() -> None:
        if not await reader.read(1):
            call.gone.set()

    watcher = asyncio.create_task(watch_client())
    try:
        await script(call)
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


def status_object(code: int, message: str, **more: object) -> dict[str, Any]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code, **more}
