"""A port that a person opens: on loopback only, bytes both ways, closed with the console."""

from __future__ import annotations

import asyncio

import pytest

from console.errors import Unreachable, UsageError
from console.forward import HOST, Forwards
from console.plugin import Stream


class Echo:
    """Says everything back."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self, count: int) -> bytes:
        return await self.heard.get()

    async def write(self, data: bytes) -> None:
        await self.heard.put(data)

    async def close(self) -> None:
        await self.heard.put(b"")


async def _echo() -> Stream:
    return Echo()


async def _nobody() -> Stream:
    raise Unreachable("connection refused by the pod", where="pod anna:80")


async def test_bytes_go_both_ways_over_loopback() -> None:
    forwards = Forwards()
    door = await forwards.open("pod anna", 80, _echo)
    reader, writer = await asyncio.open_connection(HOST, door.local)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    assert door.connections == 1
    assert door.carried == 10
    writer.close()
    await forwards.aclose()
    assert forwards.doors == []
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection(HOST, door.local)


async def test_it_listens_on_loopback_alone() -> None:
    forwards = Forwards()
    door = await forwards.open("pod anna", 80, _echo)
    assert door.server is not None
    assert [socket.getsockname()[0] for socket in door.server.sockets] == ["127.0.0.1"]
    await forwards.aclose()


async def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    forwards = Forwards()
    door = await forwards.open("pod anna", 80, _echo)
    with pytest.raises(UsageError, match="choose another local port"):
        await forwards.open("pod bertha", 80, _echo, local=door.local)
    await forwards.aclose()


async def test_a_far_end_that_refuses_is_remembered_and_the_client_is_let_go() -> None:
    forwards = Forwards()
    door = await forwards.open("pod anna", 80, _nobody)
    reader, writer = await asyncio.open_connection(HOST, door.local)
    assert await reader.read() == b""
    writer.close()
    assert "refused by the pod" in door.error
    await forwards.aclose()
