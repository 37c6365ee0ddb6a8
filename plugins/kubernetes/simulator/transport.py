"""HTTP/1.1 on a loopback socket by h11.

Reads requests, sends replies, cuts connections when a fault says so. It knows no Kubernetes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import h11

from plugins.kubernetes.simulator.answers import Answer, Reply, Stream, Upgrade
from plugins.kubernetes.simulator.calls import Request, request
from plugins.kubernetes.simulator.faults import Garble

Handler = Callable[[Request], Awaitable[tuple[Reply, Garble]]]
_READ = 65_536
_STREAM_BUFFER = 4 << 20


class Transport:
    """One listening socket and its connections. `outage` may be changed at any time through `cut` and `restore`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._resetting = False
        self.port = 0

    @property
    def listening(self) -> bool:
        """Whether new connections are served."""
        return self._server is not None and not self._resetting

    async def open(self, port: int = 0) -> None:
        """Listen on 127.0.0.1."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", port, backlog=256)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self, *, refuse: bool) -> None:
        """End all connections at once, and refuse or reset new ones."""
        if refuse and self._server is not None:
            self._server.close()
            self._server = None
        self._resetting = not refuse
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def restore(self) -> None:
        """Serve again, at the same port."""
        self._resetting = False
        if self._server is None:
            await self.open(self.port)

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = tuple(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._resetting:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._connections.add(task)
        self._writers.add(writer)
        task.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Conversation(reader, writer, self._handler).run()
        except (ConnectionError, h11.RemoteProtocolError, asyncio.IncompleteReadError):
            pass  # the client went away or speaks something else: nothing is left to answer
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


class _Conversation:
    """One client connection, request after request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
        self.reader, self.writer, self.handler = reader, writer, handler
        self.wire = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)

    async def run(self) -> None:
        """Answer until either side closes."""
        while (asked := await self._next()) is not None:
            reply, garble = await self.handler(asked)
            match reply:
                case Answer():
                    await self._send(asked, reply, garble)
                case Stream():
                    await self._stream(reply)
                case Upgrade():
                    await reply.run(self.reader, self.writer, self.wire.trailing_data[0])
                    return
            if self.wire.our_state is not h11.DONE or self.wire.their_state is not h11.DONE:
                return
            self.wire.start_next_cycle()

    async def _event(self) -> h11.Request | h11.Data | h11.EndOfMessage | None:
        while True:
            event = self.wire.next_event()
            if event is h11.NEED_DATA:
                if self.wire.they_are_waiting_for_100_continue:
                    self.writer.write(self.wire.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                self.wire.receive_data(await self.reader.read(_READ))
            elif isinstance(event, h11.Request | h11.Data | h11.EndOfMessage):
                return event
            else:
                return None

    async def _next(self) -> Request | None:
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        chunks: list[bytes] = []
        while isinstance(event := await self._event(), h11.Data):
            chunks.append(bytes(event.data))
        headers = tuple((bytes(key), bytes(value)) for key, value in head.headers.raw_items())
        return request(head.method.decode(), head.target.decode("latin-1"), headers, b"".join(chunks))

    async def _send(self, asked: Request, reply: Answer, garble: Garble) -> None:
        body = reply.body
        headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(body))), *reply.headers]
        self._head(reply.status, headers)
        if asked.method != "HEAD":
            if garble == "truncated":
                self.writer.write(body[: len(body) // 2])
                await self.writer.drain()
                self.writer.transport.abort()
                raise ConnectionResetError
            self.writer.write(self.wire.send(h11.Data(data=body)) or b"")
        self.writer.write(self.wire.send(h11.EndOfMessage()) or b"")
        await self.writer.drain()

    def _head(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.writer.write(self.wire.send(h11.Response(status_code=status, headers=headers)) or b"")

    async def _stream(self, reply: Stream) -> None:
        self._head(200, [("Content-Type", reply.content_type), ("Transfer-Encoding", "chunked")])
        await self.writer.drain()
        pump = asyncio.ensure_future(self._pump(reply))
        gone = asyncio.ensure_future(self.reader.read(1))
        try:
            await asyncio.wait((pump, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            reply.close()
            ended = pump.done()
            for task in (pump, gone):
                task.cancel()
            results = await asyncio.gather(pump, gone, return_exceptions=True)
        if not ended or isinstance(results[0], BaseException) or (gone.done() and not gone.cancelled()):
            self.writer.transport.abort()
            raise ConnectionResetError
        self.writer.write(self.wire.send(h11.EndOfMessage()) or b"")
        await self.writer.drain()

    async def _pump(self, reply: Stream) -> None:
        async for chunk in reply.chunks:
            self.writer.write(self.wire.send(h11.Data(data=chunk)) or b"")
            await self.writer.drain()
