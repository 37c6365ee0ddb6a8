"""Exec and port-forward: the API server's channels over WebSocket, one connection each.

Owns the frames. Exec speaks v5 where the server has it (only v5 can end the input), else v4. Port-forward speaks the
legacy frames, which every server passes on to the kubelet: one WebSocket for each TCP connection, each channel begins
with the port in two bytes. Since 1.35 the upgrade needs `create` on the subresource beside `get`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from console.errors import BadAnswer, Forbidden, NotFound, SourceError, Unreachable
from console.http import transport_error, tunnels
from console.text import clean
from plugins.kubernetes.client.answers import Status, explain
from plugins.kubernetes.client.connection import Connection

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_EXEC = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDIN, _STDOUT, _STDERR, _ERROR, _RESIZE, _CLOSE = 0, 1, 2, 3, 4, 255
_DATA = 0
_PORT_BYTES = 2
_CHUNK = 32 * 1024
_STATUS = msgspec.json.Decoder(Status)
_EXIT_CODE = re.compile(r"exit (?:code|status) (\d+)")


class Exit(Struct, frozen=True):
    """How a command ended: its code (None where it did not run or was cut off), and the server's words."""

    code: int | None
    message: str = ""


class Exec:
    """A running command. Read until `b""`, then `exit` says how it ended. Output comes as (is_error, bytes)."""

    def __init__(self, socket: ClientConnection, where: str) -> None:
        self._socket = socket
        self._where = where
        self.exit: Exit | None = None

    @property
    def can_end_input(self) -> bool:
        """Whether the far end can be told that there is no more input (v5)."""
        return self._socket.subprotocol == _EXEC[0]

    async def read(self) -> tuple[bool, bytes]:
        """The next output, True for stderr; `(False, b"")` at the end."""
        from websockets.exceptions import ConnectionClosed

        while True:
            try:
                frame = await self._socket.recv()
            except ConnectionClosed as error:
                if self.exit is None:
                    self.exit = Exit(None, f"the connection ended: {clean(str(error), 200)}")
                return False, b""
            data = frame.encode() if isinstance(frame, str) else frame
            if not data:
                continue
            channel, content = data[0], data[1:]
            if channel in {_STDOUT, _STDERR} and content:
                return channel == _STDERR, content
            if channel == _ERROR:
                self.exit = read_exit(content)

    async def write(self, data: bytes) -> None:
        """Send input."""
        for at in range(0, len(data), _CHUNK):
            await self._send(bytes([_STDIN]) + data[at : at + _CHUNK])

    async def end_input(self) -> None:
        """No more input; where the server cannot be told (v4) this does nothing."""
        if self.can_end_input:
            await self._send(bytes([_CLOSE, _STDIN]))

    async def resize(self, columns: int, rows: int) -> None:
        """The terminal's size changed."""
        size = msgspec.json.encode({"Width": columns, "Height": rows})
        await self._send(bytes([_RESIZE]) + size)

    async def close(self) -> None:
        """End the connection; the command gets a hang-up if it has a terminal."""
        await self._socket.close()

    async def _send(self, frame: bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise Unreachable("the command has ended", where=self._where) from error


class PodStream:
    """One TCP connection to a port of a pod, through the API server. There is no half-close: closing ends both ways."""

    def __init__(self, socket: ClientConnection, where: str) -> None:
        self._socket = socket
        self._where = where
        self._greeted: set[int] = set()
        self._buffer = b""
        self._error = b""

    async def read(self, count: int) -> bytes:
        """Up to `count` bytes, `b""` at the end; raises Unreachable with the far end's words (nothing listens)."""
        from websockets.exceptions import ConnectionClosed

        while not self._buffer:
            try:
                frame = await self._socket.recv()
            except ConnectionClosed as error:
                if self._error:
                    raise Unreachable(forward_fault(self._error), where=self._where) from error
                return b""
            self._take(frame.encode() if isinstance(frame, str) else frame)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        from websockets.exceptions import ConnectionClosed

        try:
            for at in range(0, len(data), _CHUNK):
                await self._socket.send(bytes([_DATA]) + data[at : at + _CHUNK])
        except ConnectionClosed as error:
            if not self._error:
                await self._last_words()
            what = forward_fault(self._error) if self._error else "the forwarded connection was closed"
            raise Unreachable(what, where=self._where) from error

    async def close(self) -> None:
        """End the connection; may be called twice."""
        await self._socket.close()

    def _take(self, frame: bytes) -> None:
        if not frame:
            return
        channel, content = frame[0], frame[1:]
        if channel not in self._greeted:  # the first frame of each channel names the port
            self._greeted.add(channel)
            content = content[_PORT_BYTES:]
        if channel == _DATA:
            self._buffer += content
        else:
            self._error += content

    async def _last_words(self) -> None:
        """The error comes on a channel of its own, and is already here when the socket is closed."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                frame = await self._socket.recv()
                self._take(frame.encode() if isinstance(frame, str) else frame)
        except ConnectionClosed:
            pass


async def run(  # noqa: PLR0913
    connection: Connection,
    namespace: str,
    pod: str,
    command: Sequence[str],
    *,
    container: str = "",
    stdin: bool = False,
    tty: bool = False,
) -> Exec:
    """Start `command` in a container. Raises Forbidden with the needed verbs, NotFound, or what the server says."""
    wanted = [("command", word) for word in command]
    wanted += [("container", container)] if container else []
    wanted += [("stdin", "true")] if stdin else []
    wanted += [("stdout", "true"), ("tty", "true")] if tty else [("stdout", "true"), ("stderr", "true")]
    path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/exec?{urlencode(wanted)}"
    return Exec(await _open(connection, path, _EXEC), f"exec in {namespace}/{pod}")


async def forward(connection: Connection, namespace: str, pod: str, port: int) -> PodStream:
    """Connect to a port of a pod. Whether it listens shows at the first read."""
    path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/portforward?ports={port}"
    return PodStream(await _open(connection, path, _EXEC[1:]), f"{namespace}/{pod}:{port}")


async def _open(connection: Connection, path: str, protocols: tuple[str, ...]) -> ClientConnection:
    """The upgraded connection; a 401 renews the login once, as for any request."""
    from websockets.exceptions import InvalidStatus

    for attempt in (1, 2):
        headers = await connection.handshake_headers()
        try:
            return await _handshake(connection, path, protocols, headers)
        except InvalidStatus as error:
            code = error.response.status_code
            refused = {name: value for name, value in headers if name == "Authorization"}
            if code == HTTPStatus.UNAUTHORIZED and attempt == 1 and await _renewed(connection, refused):
                continue
            raise _refusal(error, f"{connection.server}{path.partition('?')[0]}") from error
    raise AssertionError  # the second attempt returns or raises


async def _renewed(connection: Connection, refused: dict[str, str]) -> bool:
    return connection.credentials is not None and await connection.credentials.renew(refused)


async def _handshake(
    connection: Connection, path: str, protocols: tuple[str, ...], headers: list[tuple[str, str]]
) -> ClientConnection:
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.typing import Subprotocol

    where = f"{connection.server}{path.partition('?')[0]}"
    secure: dict[str, Any] = {}
    if connection.tls is not None:
        secure = {"ssl": connection.tls, "server_hostname": connection.context.cluster.tls_server_name or None}
    try:
        way = await _way(connection)
        if "sock" in way and secure:
            secure["server_hostname"] = secure["server_hostname"] or urlsplit(connection.server).hostname
        return await connect(
            f"ws{connection.server.removeprefix('http')}{path}",
            subprotocols=[Subprotocol(name) for name in protocols],
            additional_headers=headers,
            user_agent_header=None,
            compression=None,  # else it would be offered, and nobody gains
            max_size=None,
            open_timeout=connection.manner.request_timeout,
            ping_timeout=60,
            close_timeout=2,
            **way,
            **secure,
        )
    except InvalidStatus:
        raise
    except InvalidHandshake as error:
        raise BadAnswer(f"no WebSocket is spoken there: {clean(str(error), 200)}", where=where) from error
    except TimeoutError as error:
        raise Unreachable("no answer in time", where=where) from error
    except (OSError, EOFError) as error:
        raise transport_error(error, where) from error


async def _way(connection: Connection) -> dict[str, Any]:
    """How the library gets there: by itself, in its own way through a proxy, or on a tunnel of ours."""
    parts = urlsplit(connection.server)
    if not connection.proxy or not tunnels.tunnels(connection.proxy, parts.scheme):
        return {"proxy": connection.proxy or None}
    port = parts.port or (443 if parts.scheme == "https" else 80)
    async with asyncio.timeout(connection.manner.request_timeout):
        return {"proxy": None, "sock": await tunnels.connect(connection.proxy, parts.hostname or "", port)}


def _refusal(error: Exception, where: str) -> SourceError:
    response = getattr(error, "response")  # noqa: B009 (InvalidStatus is imported late)
    body: bytes = response.body or b""
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    refused = explain(response.status_code, body, headers, where)
    if isinstance(refused, Forbidden):
        refused.next_step = "exec and port-forward need the verbs get and create on the pod's subresource"
    if isinstance(refused, NotFound) and not body:
        refused.what = "there is no such pod"
    return refused


def read_exit(content: bytes) -> Exit:
    """The error channel's Status: how the command ended."""
    try:
        status = _STATUS.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Exit(None, clean(content.decode("utf-8", "replace"), 1000))
    if status.status == "Success":
        return Exit(0)
    message = clean(status.message or status.reason or "", 1000)
    for cause in status.causes:
        if cause.reason == "ExitCode" and cause.message.isdigit():
            return Exit(int(cause.message), message)
    found = _EXIT_CODE.search(message)
    return Exit(int(found[1]) if found else None, message)


def forward_fault(content: bytes) -> str:
    """Why a port cannot be reached, from the words of the container runtime."""
    words = clean(" ".join(content.decode("utf-8", "replace").split()), 400)
    if "connection refused" in words:
        return "the pod refuses the connection: nothing listens on that port"
    return f"the port cannot be reached: {words}"


async def output_of(command: Exec, *, deadline: float = 30.0) -> tuple[bytes, bytes, Exit]:
    """Everything a command says, within `deadline` seconds: stdout, stderr, and how it ended."""
    said: tuple[list[bytes], list[bytes]] = ([], [])
    try:
        async with asyncio.timeout(deadline):
            while True:
                is_error, data = await command.read()
                if not data:
                    break
                said[is_error].append(data)
    except TimeoutError as error:
        raise Unreachable(f"the command did not end within {deadline:g} s") from error
    finally:
        await command.close()
    return b"".join(said[0]), b"".join(said[1]), command.exit or Exit(None)
