"""Ports that a person opened on this machine's loopback; each connection is carried by the plugin's stream.

The only listener of the console. It listens on 127.0.0.1 alone, lives as long as the console, and is closed with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from console.errors import ConsoleError, UsageError
from console.plugin import Stream

HOST = "127.0.0.1"
_CHUNK = 65536
Dial = Callable[[], Awaitable[Stream]]


@dataclass(slots=True)
class Door:
    """One open forward: where it listens, where it leads, how much went through, and what went wrong last."""

    name: str
    remote: int
    local: int
    opened_at: float
    connections: int = 0
    carried: int = 0
    error: str = ""
    server: asyncio.Server | None = field(default=None, repr=False)
    pipes: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]], repr=False)


class Forwards:
    """All open forwards of one console."""

    def __init__(self) -> None:
        self.doors: list[Door] = []

    async def open(self, name: str, remote: int, dial: Dial, *, local: int = 0, now: float = 0.0) -> Door:
        """Listen on loopback; `local` 0 takes any free port. Raises UsageError when the port is taken."""
        door = Door(name, remote, local, now)

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                door.pipes.add(task)
                task.add_done_callback(door.pipes.discard)
            await _carry(door, dial, reader, writer)

        try:
            door.server = await asyncio.start_server(accepted, HOST, local)
        except OSError as error:
            raise UsageError(
                f"cannot listen on {HOST}:{local}: {error.strerror}", next_step="choose another local port"
            ) from error
        door.local = door.server.sockets[0].getsockname()[1]
        self.doors.append(door)
        return door

    async def close(self, door: Door) -> None:
        """Stop listening and end its connections."""
        if door in self.doors:
            self.doors.remove(door)
        if door.server is not None:
            door.server.close()
        pipes = list(door.pipes)
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)

    async def aclose(self) -> None:
        """Close all of them."""
        for door in list(self.doors):
            await self.close(door)


async def _carry(door: Door, dial: Dial, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    door.connections += 1
    try:
        stream = await dial()
        try:
            await _both_ways(door, stream, reader, writer)
        finally:
            await stream.close()
    except (ConsoleError, OSError) as error:
        door.error = str(error)
    finally:
        door.connections -= 1
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()


async def _both_ways(door: Door, stream: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def out() -> None:
        while data := await reader.read(_CHUNK):
            door.carried += len(data)
            await stream.write(data)

    async def back() -> None:
        while data := await stream.read(_CHUNK):
            door.carried += len(data)
            writer.write(data)
            await writer.drain()

    # The far end ends the connection; a client that has sent all it wants still waits for the answer.
    sending, receiving = asyncio.ensure_future(out()), asyncio.ensure_future(back())
    try:
        await receiving
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
