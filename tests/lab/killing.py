"""A door between a runner and the API server: counts what the runner writes, and kills it at the chosen request.

Before: the request has left the runner and never reaches the server. After: the server has answered, and the runner
never hears it. Killed means SIGKILL; from then on nothing of the process is passed on. The product knows nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.world import credentials
from tests.lab.world.place import Place

_READS = ("GET ", "HEAD ")
_ASKS = "selfsubject"
"""Reviews of one's own rights and name are posted, and read."""
_PIECE = 1 << 16


@dataclass(slots=True)
class Blade:
    """Falls on a process at its `at`-th write, before or after it; 0: never."""

    pid: int = 0
    at: int = 0
    after: bool = False
    writes: int = 0
    fell_on: str = ""
    """The request of the kill; empty while the process lives."""

    def set(self, pid: int, at: int, *, after: bool) -> None:
        """Wait for another process."""
        self.pid, self.at, self.after = pid, at, after
        self.writes, self.fell_on = 0, ""

    def meant(self, first: str) -> bool:
        """Count a request by its first line; whether it is the one."""
        if first.startswith(_READS) or _ASKS in first:
            return False
        self.writes += 1
        return self.writes == self.at

    def fall(self, request: str) -> None:
        os.kill(self.pid, signal.SIGKILL)  # our child, and not yet waited for: the number is still its own
        self.fell_on = request


@dataclass(frozen=True, slots=True)
class Head:
    """The lines before a body, and what they say of it."""

    raw: bytes
    first: str
    length: int
    chunked: bool


class Door:
    """Plain HTTP in, TLS with one user's certificate out; a connection to the server for each of the runner's."""

    def __init__(self, place: Place, user: str) -> None:
        self.blade = Blade()
        self._port = place.port
        self._tls = ssl.create_default_context(cafile=str(place.pki / "ca.crt"))
        self._tls.load_cert_chain(place.pki / f"{user}.crt", place.pki / f"{user}.key")
        self._connections = set[asyncio.Task[None]]()

    @asynccontextmanager
    async def open(self, kubeconfig: Path) -> AsyncGenerator[None]:
        """Listen, and write the kubeconfig that leads here."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(_kubeconfig(server.sockets[0].getsockname()[1]))
        try:
            yield
        finally:
            server.close()
            await self.cut()

    async def cut(self) -> None:
        """End all connections: whoever had them is gone."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, near: StreamReader, back: StreamWriter) -> None:
        task = asyncio.create_task(self._serve(near, back))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        task.add_done_callback(lambda _: back.transport.abort())  # also of one that was cancelled before it began

    async def _serve(self, near: StreamReader, back: StreamWriter) -> None:
        ends = [back]
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls)
            ends.append(forth)
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # one of both has gone
                while request := await self._asked(near, forth):
                    await self._answered(request, far, back)
        finally:
            for end in ends:
                end.transport.abort()
            for end in ends:
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _asked(self, near: StreamReader, forth: StreamWriter) -> tuple[str, bool] | None:
        """Pass a request on; its first line and whether it is the runner's last. None: it died before it."""
        head = await _head(near)
        body = await near.readexactly(head.length)
        last = self.blade.meant(head.first)
        if last and not self.blade.after:
            self.blade.fall(f"before {head.first}")
        if self.blade.fell_on:
            return None
        forth.write(head.raw + body)
        await forth.drain()
        return head.first, last

    async def _answered(self, request: tuple[str, bool], far: StreamReader, back: StreamWriter) -> None:
        """Hand the answer on as it comes; of the last request it is read, and kept."""
        first, last = request
        head = await _head(far)
        if not last and not self.blade.fell_on:
            back.write(head.raw)
        async for piece in _pieces(far, head):
            if not last and not self.blade.fell_on:
                back.write(piece)
                await back.drain()
        if last:
            self.blade.fall(f"after {first} ({head.first})")


async def _head(reader: StreamReader) -> Head:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Head(raw, first, int(fields.get("content-length", "0")), fields.get("transfer-encoding") == "chunked")


async def _pieces(reader: StreamReader, head: Head) -> AsyncGenerator[bytes]:
    """A body as it is on the wire."""
    left = head.length
    while left:
        piece = await reader.readexactly(min(left, _PIECE))
        left -= len(piece)
        yield piece
    size = 1 if head.chunked else 0
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        yield line + await reader.readexactly(size + 2)


def user(place: Place, name: str, file: Path) -> None:
    """A user with all rights, and the kubeconfig that leads to the server itself."""
    if not (place.pki / f"{name}.crt").exists():
        credentials.certificate(place.pki, name, f"/O=system:masters/CN={name}")
    content = json.loads(place.kubeconfig.read_text())
    own = {"client-certificate": f"{place.pki / name}.crt", "client-key": f"{place.pki / name}.key"}
    content["users"][0]["user"] = own
    file.touch(mode=0o600)
    file.write_text(json.dumps(content))


def _kubeconfig(port: int) -> str:
    """Without credentials: the door has them."""
    content: dict[str, object] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "lab", "user": {}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
    }
    return json.dumps(content)
