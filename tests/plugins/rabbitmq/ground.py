"""A platform in memory: sets, servers, secrets, and connections to ports of this machine instead of pods."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from console.errors import NotFound, Unreachable
from console.model import Ref
from console.plugin import Ran, Resource, Server, ServerSet, Stream


class Socket:
    """A Stream over asyncio's own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, count: int) -> bytes:
        return await self._reader.read(count)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


@dataclass
class Ground:
    """Implements console.plugin.Platform; `ports` says which port of this machine stands for (host, port)."""

    sets_: Sequence[ServerSet] = ()
    servers_: Sequence[Server] = ()
    secrets: Mapping[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict[Any, Any])
    ports: Mapping[tuple[str, int], int] = field(default_factory=dict[Any, Any])
    answers: Mapping[tuple[str, ...], Ran] = field(default_factory=dict[Any, Any])
    ran: list[tuple[str, tuple[str, ...]]] = field(default_factory=list[tuple[str, tuple[str, ...]]])

    async def sets(self) -> Sequence[ServerSet]:
        return self.sets_

    async def servers(self, of: ServerSet) -> Sequence[Server]:
        return self.servers_

    async def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        if (namespace, name) not in self.secrets:
            raise NotFound("there is no such Secret", where=f"{namespace}/{name}")
        return self.secrets[namespace, name]

    async def settings(self, namespace: str, name: str) -> Mapping[str, str]:
        raise NotFound("there is no such ConfigMap", where=f"{namespace}/{name}")

    async def resources(self, kind: Resource, namespace: str = "") -> Sequence[Mapping[str, Any]]:
        return ()

    async def amend(self, kind: Resource, namespace: str, name: str, change: Mapping[str, Any]) -> None:
        raise NotFound("there is nothing to amend", where=f"{namespace}/{name}")

    async def run(
        self, pod: Ref, command: Sequence[str], *, container: str = "", stdin: bytes = b"", within: float = 30.0
    ) -> Ran:
        self.ran.append((f"{pod.name}/{container}", tuple(command)))
        return self.answers.get(tuple(command), Ran(0, b"", b""))

    async def dial(self, host: str, port: int) -> Stream:
        if (host, port) not in self.ports:
            raise Unreachable(f"nobody answers at {host}:{port}")
        return Socket(*await asyncio.open_connection("127.0.0.1", self.ports[host, port]))
