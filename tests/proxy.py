"""A small proxy on loopback: HTTP CONNECT and SOCKS 5, which remembers what it was asked and may refuse it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65536


@dataclass
class Proxy:
    """`asked`: host:port of every tunnel; `refuse`: the answer to all of them; `reach`: where they lead to.

    `login`: NAME:PASSWORD that must be given. `passed`: bytes that went through, both ways.
    """

    kind: str
    port: int = 0
    login: str = ""
    refuse: str = ""
    reach: tuple[str, int] | None = None
    asked: list[str] = field(default_factory=list[str])
    passed: int = 0

    @property
    def url(self) -> str:
        login = f"{self.login}@" if self.login else ""
        return f"{self.kind}://{login}127.0.0.1:{self.port}"


@asynccontextmanager
async def proxy(kind: str, **more: object) -> AsyncGenerator[Proxy]:
    """Serve one of `http` and `socks5` until the block ends."""
    made = Proxy(kind, **more)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tasks: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await (_http if kind == "http" else _socks)(made, reader, writer)
        finally:
            tasks.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _http(made: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    method, target, _ = head.split("\r\n", 1)[0].split(" ")
    made.asked.append(target)
    wanted = f"Proxy-Authorization: Basic {base64.b64encode(made.login.encode()).decode()}"
    if made.login and wanted not in head:
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
    elif made.refuse or method != "CONNECT":
        writer.write(f"HTTP/1.1 {made.refuse or '405 Method Not Allowed'}\r\n\r\n".encode())
    else:
        host, _, port = target.rpartition(":")
        await _pass(made, reader, writer, (host.strip("[]"), int(port)), b"HTTP/1.1 200 OK\r\nVia: 1.1 test\r\n\r\n")


async def _socks(made: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    methods = await reader.readexactly((await reader.readexactly(2))[1])
    if made.login:
        if 2 not in methods:
            writer.write(b"\x05\xff")
            return
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        words = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
        fits = b":".join(words) == made.login.encode()
        writer.write(b"\x01\x00" if fits else b"\x01\x01")
        if not fits:
            return
    else:
        writer.write(b"\x05\x00")
    kind = (await reader.readexactly(4))[3]
    if kind == 1:
        host = ".".join(str(byte) for byte in await reader.readexactly(4))
    else:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    port = int.from_bytes(await reader.readexactly(2), "big")
    made.asked.append(f"{host}:{port}")
    if made.refuse:
        writer.write(bytes([5, int(made.refuse), 0, 1, 0, 0, 0, 0, 0, 0]))
    else:
        await _pass(made, reader, writer, (host, port), bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))


async def _pass(
    made: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: tuple[str, int], first: bytes
) -> None:
    far_reader, far_writer = await asyncio.open_connection(*(made.reach or to))
    writer.write(first)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(_CHUNK):
            made.passed += len(data)
            sink.write(data)
            await sink.drain()

    ways = [asyncio.ensure_future(pump(reader, far_writer)), asyncio.ensure_future(pump(far_reader, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        far_writer.close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        with suppress(OSError):
            await far_writer.wait_closed()
