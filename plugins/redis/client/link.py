"""One connection to one server or Sentinel, by redis-py, through whatever stream the dialer gives.

Asked one after the other, with a deadline; whatever the library raises becomes a console error. An answer that came too
late would be taken for the next one's, so a connection that failed is closed and made anew.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from console.errors import BadAnswer, Forbidden, Rejected, ServerFault, SourceError, Unauthorized, Unreachable
from console.http import TlsStream, transport_error
from console.plugin import Stream
from console.spending import Spending
from console.text import clean
from plugins.redis.credentials import Login

Dial = Callable[[str, int], Awaitable[Stream]]
_CHUNK = 65536
_LIMIT = 64 * 1024 * 1024
_WRONG = ("NOAUTH", "WRONGPASS", "invalid password", "without any password", "no password is set", "Authentication")
_HUNG_UP = ("cut by the other side", "closed by server")


@dataclass(frozen=True, slots=True)
class Secured:
    """How TLS is spoken; `server_name` is what certificates carry, where that is not the host."""

    context: ssl.SSLContext
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """What all connections of an instance have in common: how they are opened, patience in seconds, and the account."""

    dial: Dial
    timeout: float
    secured: Secured | None = None
    spending: Spending = field(default_factory=Spending)


class _Writer:
    """What redis-py needs of a StreamWriter, over a Stream; `ended` closes it for good."""

    def __init__(self, stream: Stream, pump: asyncio.Task[None]) -> None:
        self._stream = stream
        self._pump = pump
        self._parts: list[bytes] = []

    def writelines(self, parts: Iterable[bytes]) -> None:
        self._parts.extend(parts)

    async def drain(self) -> None:
        data, self._parts = b"".join(self._parts), []
        await self._stream.write(data)

    def close(self) -> None:
        self._pump.cancel()

    async def wait_closed(self) -> None:
        await self._stream.close()


async def _feed(stream: Stream, reader: asyncio.StreamReader) -> None:
    try:
        while data := await stream.read(_CHUNK):
            reader.feed_data(data)
    except (SourceError, OSError) as error:
        reader.set_exception(error)
    else:
        reader.feed_eof()


class _Dialled(Connection):
    """Opens its stream by our dialer; only this one method of the library is replaced."""

    dial: Dial
    secured: Secured | None = None
    shaken = False
    """Whether TLS, where it is wanted, was agreed upon."""
    writer: _Writer | None = None

    async def _connect(self) -> None:
        stream = await self.dial(str(self.host), int(self.port))
        if self.secured is not None:
            secret = TlsStream(stream, self.secured.context, self.secured.server_name or str(self.host))
            try:
                await secret.handshake()
            except BaseException:
                await stream.close()
                raise
            stream = secret
            self.shaken = True
        reader = asyncio.StreamReader(limit=_LIMIT)
        pump = asyncio.get_running_loop().create_task(_feed(stream, reader))
        self._reader = reader
        self.writer = _Writer(stream, pump)
        self._writer = self.writer  # pyright: ignore[reportAttributeAccessIssue]

    async def end(self) -> None:
        """Close it, and what lies below, whatever state it is in."""
        with suppress(RedisError, SourceError, OSError):
            await self.disconnect(nowait=True)
        if self.writer is not None:
            self.writer.close()
            with suppress(SourceError, OSError):
                await self.writer.wait_closed()


class _Plain:
    """A connection of this machine's own network, as a Stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, count: int) -> bytes:
        return await self._reader.read(count)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.transport.abort()  # nobody waits for the goodbye of a server that hangs
        await asyncio.sleep(0)


async def directly(host: str, port: int) -> Stream:
    """A connection without any cluster."""
    reader, writer = await asyncio.open_connection(host, port)
    wire: socket.socket | None = writer.get_extra_info("socket")
    if wire is not None:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Plain(reader, writer)


class Link:
    """The connection to one place. `logins` are tried in turn where one is not accepted; the one that was is kept."""

    def __init__(self, at: tuple[str, int], way: Way, logins: Sequence[Login]) -> None:
        self.where = f"{at[0]}:{at[1]}"
        self._at = at
        self._way = way
        self._logins = list(logins)
        self._connection: _Dialled | None = None
        self._turn = asyncio.Lock()
        self._heard = False
        self._opening: _Dialled | None = None

    async def ask(self, *command: str, within: float | None = None) -> Any:
        """One command and its answer (bytes, numbers, lists); raises a console error."""
        answer = (await self.ask_all([command], within=within))[0]
        if isinstance(answer, SourceError):
            raise answer
        return answer

    async def ask_all(self, commands: Sequence[Sequence[str]], *, within: float | None = None) -> list[Any]:
        """Several commands at once; what the server refuses of them is a SourceError in its place."""
        deadline = within or self._way.timeout
        async with self._turn:
            try:
                async with asyncio.timeout(deadline):
                    connection = await self._connected()
                    self._way.spending.count(len(commands))
                    packed = [part for command in commands for part in connection.pack_command(*command)]
                    await connection.send_packed_command(packed, check_health=False)
                    answers = [await self._answer(connection) for _ in commands]
                    self._heard = True
                    return answers
            except BaseException as error:
                await self._drop()
                if isinstance(error, TimeoutError):
                    raise Unreachable(f"no answer{self._unshaken()} within {deadline:g} s", where=self.where) from error
                if isinstance(error, RedisError | OSError):
                    raise self._hinted(failure(error, self.where)) from error
                raise

    def _unshaken(self) -> str:
        """A server without TLS waits for the end of what it takes for a command."""
        opening = self._opening
        return " in TLS" if opening is not None and opening.secured is not None and not opening.shaken else ""

    def _hinted(self, error: SourceError) -> SourceError:
        """A port that wants TLS hangs up on who does not speak it, before it ever said a word."""
        if self._heard or self._way.secured is not None or not isinstance(error, Unreachable):
            return error
        if not any(word in error.what for word in _HUNG_UP):
            return error
        return Unreachable(
            f"{error.what}, as a port does that wants TLS", where=error.where, next_step="try tls = true"
        )

    async def _answer(self, connection: _Dialled) -> Any:
        try:
            return cast("Any", await connection.read_response(disable_decoding=True, timeout=None))
        except (ResponseError, NoPermissionError) as error:
            return failure(error, self.where)

    async def _connected(self) -> _Dialled:
        if self._connection is not None:
            return self._connection
        while True:
            connection = self._opening = self._made(self._logins[0])
            try:
                await connection.connect()
                if not self._logins[0].password:
                    await self._greeted(connection)
            except RedisError as error:
                await connection.end()
                if len(self._logins) > 1 and isinstance(failure(error, self.where), Unauthorized):
                    del self._logins[0]
                    continue
                raise
            except BaseException:
                await connection.end()
                raise
            self._connection = connection
            return connection

    async def _greeted(self, connection: _Dialled) -> None:
        """Without a password a server that wants one says so at the first command only."""
        await connection.send_command("PING", check_health=False)
        await connection.read_response(timeout=None)

    def _made(self, login: Login) -> _Dialled:
        made = _Dialled(
            host=self._at[0],
            port=self._at[1],
            username=login.username or None,
            password=login.password or None,
            protocol=2,  # HELLO is unknown before Redis 6, and to some proxies
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=None,
            driver_info=None,
            health_check_interval=0,
        )
        made.dial = self._way.dial
        made.secured = self._way.secured
        return made

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.end()

    async def aclose(self) -> None:
        """Close it."""
        await self._drop()


def failure(error: BaseException, where: str) -> SourceError:
    """A console error: what happened, where, and what to do next. Passwords are in none of the library's texts."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, SourceError | OSError | ResponseError | AuthenticationError):
        cause = cause.__cause__ or cause.__context__
    cause = cause or error
    if isinstance(cause, SourceError):
        return cause
    words = clean(str(cause), 300)
    if isinstance(error, NoPermissionError) or words.startswith("NOPERM"):
        advice = "let an administrator of Redis allow it: ACL SETUSER NAME +COMMAND"
        return Forbidden(words, where=where, next_step=advice)
    if isinstance(error, AuthenticationError) or any(word in words for word in _WRONG):
        return Unauthorized(f"the login is not accepted: {words}", where=where, next_step="check the password")
    if isinstance(error, BusyLoadingError):
        return ServerFault("it loads its data from disk", where=where)
    if isinstance(cause, ResponseError):
        return Rejected(words, where=where)
    if isinstance(error, InvalidResponse):
        return BadAnswer(f"it does not speak Redis' protocol: {words}", where=where, next_step="check port and tls")
    if isinstance(cause, OSError):
        return transport_error(cause, where)
    return Unreachable(words or type(error).__name__, where=where)
