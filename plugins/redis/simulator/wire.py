"""RESP2 on loopback: one listener a place. Faults are made here: silence, half an answer, refused logins."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress

Reply = str | int | bytes | None | Sequence["Reply"]
"""Text is a bulk string; bytes are sent as they are (`+OK`)."""


class Failed(Exception):
    """An error answer; its text begins with the error's code."""


def packed(reply: Reply) -> bytes:
    """An answer as it is sent."""
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, bytes):
        return reply + b"\r\n"
    if isinstance(reply, int):
        return f":{reply}\r\n".encode()
    if isinstance(reply, str):
        content = reply.encode("utf-8", "surrogateescape")
        return b"$%d\r\n%s\r\n" % (len(content), content)
    return b"*%d\r\n" % len(reply) + b"".join(packed(one) for one in reply)


class Place:
    """One server or Sentinel that listens. `fault`: `hang` never answers, `half` cuts an answer, `cut` hangs up."""

    def __init__(
        self, answer: Callable[[Sequence[str]], Reply], password: Callable[[], str], up: Callable[[], bool]
    ) -> None:
        self._answer = answer
        self._password = password
        self._up = up
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.fault = ""
        self.port = 0
        self.asked: list[tuple[str, ...]] = []

    async def listen(self, context: ssl.SSLContext | None = None) -> int:
        """Listen on 127.0.0.1, by TLS where a context is given; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def close(self) -> None:
        """End it and every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.close()
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        known = not self._password()
        try:
            while (command := await _command(reader)) and self._up() and self.fault != "cut":
                if self.fault == "hang":
                    continue
                known, reply = self._reply(command, known=known)
                writer.write(reply[: len(reply) // 2] if self.fault == "half" else reply)
                await writer.drain()
                if self.fault == "half":
                    return
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # who speaks something else, or goes, is hung up on
        finally:
            self._open.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _reply(self, command: Sequence[str], *, known: bool) -> tuple[bool, bytes]:
        password = self._password()
        verb = command[0].upper()
        if verb == "AUTH":
            if not password:
                return known, b"-ERR Client sent AUTH, but no password is set\r\n"
            right = command[-1] == password
            return right, b"+OK\r\n" if right else b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        if password and not known:
            return known, b"-NOAUTH Authentication required.\r\n"
        self.asked.append(tuple(command))
        try:
            return known, packed(self._answer(command))
        except Failed as error:
            return known, f"-{error}\r\n".encode()


async def _command(reader: asyncio.StreamReader) -> list[str]:
    line = await reader.readline()
    if not line:
        return []
    if not line.startswith(b"*"):
        raise ValueError("not an array")
    words: list[str] = []
    for _ in range(int(line[1:])):
        size = int((await reader.readline())[1:])
        words.append((await reader.readexactly(size + 2))[:-2].decode("utf-8", "replace"))
    return words
