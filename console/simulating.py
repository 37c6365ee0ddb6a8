"""How the simulators of several systems make one sandbox: processes on loopback that meet in the files of one folder.

    routes-SYSTEM.json   by each system's simulator: which port of which pod leads to which port on loopback (`Route`),
                         and the tools that it answers when they are run in a pod (`Tools`)
    world.json           by the platform's simulator, at each change: the pods that stand, and on which nodes

So a pod that leaves its node leaves all systems at once, and no simulator knows another. Only simulators import this.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
LOOK_FOR_PARENT = 5.0
WORLD = "world.json"
HEAD = 65_536
"""Bytes of the longest head of a request."""


class Route(Struct, frozen=True):
    """Port `port` of a pod is served at port `to` of 127.0.0.1. A name with `*` at its end: all that begin so."""

    namespace: str
    pod: str
    port: int
    to: int

    def leads(self, namespace: str, pod: str, port: int) -> bool:
        """Whether it is of this port of this pod."""
        begins = self.pod.endswith("*") and pod.startswith(self.pod[:-1])
        return (self.namespace, self.port) == (namespace, port) and (begins or self.pod == pod)


class Tools(Struct, frozen=True):
    """Commands (their names without a path) that port `at` of 127.0.0.1 answers: one line `Asked`, one line `Said`."""

    names: tuple[str, ...] = ()
    at: int = 0


class Routes(Struct, frozen=True):
    """The content of a routes file."""

    routes: tuple[Route, ...] = ()
    tools: Tools = Tools()


class Asked(Struct, frozen=True):
    """A command that somebody runs in a pod."""

    namespace: str
    pod: str
    command: tuple[str, ...]
    stdin: bytes = b""


class Said(Struct, frozen=True):
    """How it ended."""

    code: int = 0
    out: bytes = b""
    err: bytes = b""


class Standing(Struct, frozen=True):
    """The content of the world's file: `namespace/name` of every pod that runs and can be reached, and its node."""

    pods: dict[str, str] = {}


class Folder:
    """The folder in which the simulators of one sandbox meet. A file that cannot be read is as if it were not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._world = (0.0, Standing())

    def publish(self, system: str, routes: Sequence[Route], tools: Tools = Tools()) -> None:  # noqa: B008 - frozen
        """Say where the servers of `system` are served."""
        self._write(f"routes-{system}.json", Routes(tuple(routes), tools))

    def published(self) -> list[Routes]:
        """What all systems have published."""
        found = (_read(path, Routes) for path in sorted(self.path.glob("routes-*.json")))
        return [one for one in found if one is not None]

    def tell(self, standing: Standing) -> None:
        """Say which pods stand now."""
        self._write(WORLD, standing)

    def stands(self, namespace: str, pod: str) -> bool:
        """Whether a pod stands now; without a platform beside, everything does."""
        path = self.path / WORLD
        try:
            changed = path.stat().st_mtime
        except OSError:
            return True
        if changed != self._world[0]:
            self._world = (changed, _read(path, Standing) or self._world[1])
        return f"{namespace}/{pod}" in self._world[1].pods

    def _write(self, name: str, content: Routes | Standing) -> None:
        part = self.path / f".{name}.part"
        part.write_bytes(msgspec.json.encode(content))
        part.replace(self.path / name)


def _read(path: Path, form: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=form)
    except (OSError, msgspec.MsgspecError):
        return None


class Members:
    """Servers of several members over HTTP, each on a free port of 127.0.0.1; `ports` by member.

    What they say is the subclass's: `serves` (whether a member is there now) and `one` (one request and its answer).
    """

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []
        self._talking: set[asyncio.Task[None]] = set()

    def serves(self, member: str) -> bool:
        """Whether connections to the member are served now."""
        raise NotImplementedError

    async def one(self, member: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection ends."""
        raise NotImplementedError

    async def listen(self, members: Iterable[str], context: ssl.SSLContext | None = None) -> None:
        """Begin to serve."""
        for member in members:
            server = await asyncio.start_server(self._talk(member), "127.0.0.1", 0, limit=HEAD, ssl=context)
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
                    while self.serves(member) and await self.one(member, reader, writer):
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


class Spoken(Struct, frozen=True):
    """One HTTP request as it came; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


async def spoken(reader: asyncio.StreamReader) -> Spoken:
    """The next request of a connection. Raises IncompleteReadError at its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    method, target, _ = first.split(" ")
    return Spoken(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def tools(answer: Callable[[Asked], Awaitable[Said]]) -> asyncio.Server:
    """Answer commands on a free port of 127.0.0.1 (`server.sockets[0].getsockname()[1]`)."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = msgspec.json.decode(await reader.readline(), type=Asked)
        writer.write(msgspec.json.encode(await answer(asked)) + b"\n")
        await writer.drain()
        writer.close()

    return await asyncio.start_server(one, "127.0.0.1", 0, limit=2**24)


async def ask(at: int, asked: Asked) -> Said:
    """What the tools at a port say to a command."""
    reader, writer = await asyncio.open_connection("127.0.0.1", at, limit=2**24)
    try:
        writer.write(msgspec.json.encode(asked) + b"\n")
        return msgspec.json.decode(await reader.readline(), type=Said)
    finally:
        writer.close()


async def until_told(first_line: str = "ready") -> None:
    """Print the line that says everything is served; return at SIGTERM, SIGINT, or when the parent is gone."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    sys.stdout.write(f"{first_line}\n")
    sys.stdout.flush()
    parent = os.getppid()
    while not stopped.is_set() and os.getppid() == parent:
        try:
            async with asyncio.timeout(LOOK_FOR_PARENT):
                await stopped.wait()
        except TimeoutError:
            continue
