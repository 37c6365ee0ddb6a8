"""exec and port-forward: the channel protocols over WebSocket, on a connection that the transport handed over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from console.simulating import Asked, ask
from plugins.kubernetes.simulator.answers import Reply, Upgrade
from plugins.kubernetes.simulator.calls import Call, Request
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.kinds import PODS
from plugins.kubernetes.simulator.logs import container_of
from plugins.kubernetes.simulator.shell import Shell
from plugins.kubernetes.simulator.status import ApiError, bad_request, encode, not_found
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
Door = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NOTHING: Object = {}
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
EXEC_PROTOCOLS = (Subprotocol("v5.channel.k8s.io"), Subprotocol("v4.channel.k8s.io"))
FORWARD_PROTOCOLS = (Subprotocol("v4.channel.k8s.io"),)
_READ = 32_768
GOODBYE = 2.0
_PORTS_END = 65_536


class Channels:
    """Frames of one WebSocket, the first byte of each being the channel."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocols: Sequence[Subprotocol]
    ) -> None:
        self.reader, self.writer = reader, writer
        self.protocol = ServerProtocol(subprotocols=list(protocols), select_subprotocol=_select, max_size=None)
        self.subprotocol = ""

    async def open(self, asked: Request, early: bytes) -> bool:
        """Answer the handshake; False when it was refused."""
        lines = [f"{asked.method} {asked.target} HTTP/1.1".encode(), *(b": ".join(pair) for pair in asked.raw_headers)]
        self.protocol.receive_data(b"\r\n".join(lines) + b"\r\n\r\n" + early)
        handshake = next((event for event in self.protocol.events_received() if isinstance(event, Handshake)), None)
        if handshake is None:
            return False
        response = self.protocol.accept(handshake)
        self.protocol.send_response(response)
        self.subprotocol = str(self.protocol.subprotocol or "")
        await self.flush()
        return response.status_code == HTTPStatus.SWITCHING_PROTOCOLS

    async def flush(self) -> None:
        """Send what the protocol has to send."""
        for data in self.protocol.data_to_send():
            if data:
                self.writer.write(data)
        await self.writer.drain()

    async def send(self, channel: int, data: bytes) -> None:
        """One frame."""
        self.protocol.send_binary(bytes((channel,)) + data)
        await self.flush()

    async def receive(self) -> list[bytes] | None:
        """The messages that came, None at the end of the connection."""
        events = [event for event in self.protocol.events_received() if isinstance(event, Frame)]
        while not events:
            data = await self.reader.read(_READ)
            if not data:
                return None
            self.protocol.receive_data(data)
            await self.flush()
            events = [event for event in self.protocol.events_received() if isinstance(event, Frame)]
        if any(event.opcode is Opcode.CLOSE for event in events):
            return None
        return [bytes(event.data) for event in events if event.opcode in (Opcode.BINARY, Opcode.TEXT) and event.data]

    async def close(self) -> None:
        """Say goodbye and hear it answered, so that the client does not meet a reset."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            if not self.protocol.close_expected():
                self.protocol.send_close(1000)
            await self.flush()
            async with asyncio.timeout(GOODBYE):
                while await self.receive() is not None:
                    continue


def _select(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return next((known for known in protocol.available_subprotocols or () if known in offered), None)


def _pod(world: World, call: Call) -> Entry:
    pod = world.store.get(PODS, call.key)
    if pod is None:
        raise not_found(PODS, call.name)
    node = pod.spec.get("nodeName", "")
    if not node:
        raise bad_request(f"pod {pod.name} does not have a host assigned")
    if node in world.faults.down_nodes:
        host = pod.status.get("hostIP", "")
        raise ApiError(500, "InternalError", f"dial tcp {host}:10250: connect: no route to host", details={})
    return pod


def _check_upgrade(asked: Request) -> None:
    if asked.headers.get("upgrade", "").lower() != "websocket":
        raise bad_request("Upgrade request required")


def exec_in(world: World, call: Call) -> Reply:
    """GET .../pods/NAME/exec: a small invented shell."""
    pod, asked = _pod(world, call), call.request
    container = container_of(pod, asked.param("container"))
    _check_upgrade(asked)
    state = next((child(s, "state") for s in rows(pod.status, "containerStatuses") if s["name"] == container), NOTHING)
    if "running" not in state:
        raise ApiError(
            500,
            "InternalError",
            f'Internal error occurred: unable to upgrade connection: container not found ("{container}")',
            details={},
        )

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, early: bytes) -> None:
        channels = Channels(reader, writer, EXEC_PROTOCOLS)
        if await channels.open(asked, early):
            command, stdin = asked.params.get("command", []), asked.flag("stdin")
            tool = world.neighbours.tool(pod, command)
            if tool is None:
                await _converse(channels, Shell(pod, command, tty=asked.flag("tty")), stdin=stdin)
            else:
                given = await _all_input(channels) if stdin else b""
                said = await ask(tool, Asked(pod.namespace, pod.name, tuple(command), given))
                await _say(channels, (said.out, said.err))
                await channels.send(ERROR, encode(_exit_status(said.code)))
            await channels.close()

    return Upgrade(run)


async def _converse(channels: Channels, shell: Shell, *, stdin: bool) -> None:
    """Feed the shell what comes and send what it says, until it has an exit code."""
    await _say(channels, shell.start(stdin=stdin))
    while shell.code is None:
        messages = await channels.receive()
        if messages is None:
            return
        for message in messages:
            channel, data = message[0], message[1:]
            if channel == STDIN:
                await _say(channels, shell.feed(data))
            elif channel == RESIZE:
                shell.resize(data)
            elif channel == CLOSE and data[:1] == bytes((STDIN,)):
                await _say(channels, shell.end())
    await channels.send(ERROR, encode(_exit_status(shell.code)))


async def _all_input(channels: Channels) -> bytes:
    """Standard input until the client ends it, or goes."""
    given = b""
    while (messages := await channels.receive()) is not None:
        for message in messages:
            if message[0] == CLOSE:
                return given
            given += message[1:] if message[0] == STDIN else b""
    return given


async def _say(channels: Channels, said: tuple[bytes, bytes]) -> None:
    for channel, data in zip((STDOUT, STDERR), said, strict=True):
        if data:
            await channels.send(channel, data)


def _exit_status(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    message = f"command terminated with non-zero exit code: exit status {code}"
    details = {"causes": [{"reason": "ExitCode", "message": str(code)}]}
    return {"metadata": {}, "status": "Failure", "message": message, "reason": "NonZeroExitCode", "details": details}


def forward(world: World, call: Call) -> Reply:
    """GET .../pods/NAME/portforward: one connection to each port, by the legacy frames."""
    pod, asked = _pod(world, call), call.request
    _check_upgrade(asked)
    texts = [part for value in asked.params.get("ports", []) for part in value.split(",")]
    if not texts or any(not text.isdigit() or not 0 < int(text) < _PORTS_END for text in texts):
        raise bad_request(
            'query parameter "ports" is required' if not texts else f'unable to parse "{texts[0]}" as a port'
        )
    ports = [int(text) for text in texts]

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, early: bytes) -> None:
        channels = Channels(reader, writer, FORWARD_PROTOCOLS)
        if await channels.open(asked, early):
            await _Forward(world, pod, ports, channels).run()
            await channels.close()

    return Upgrade(run)


class _Forward:
    """The channels of a port-forward: 2n carries data, 2n+1 errors; each begins with the port in two bytes."""

    def __init__(self, world: World, pod: Entry, ports: list[int], channels: Channels) -> None:
        self.world, self.pod, self.ports, self.channels = world, pod, ports, channels
        self.inputs: dict[int, asyncio.StreamWriter] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.writers: list[asyncio.StreamWriter] = []

    async def run(self) -> None:
        try:
            for index, port in enumerate(self.ports):
                for channel in (2 * index, 2 * index + 1):
                    await self.channels.send(channel, port.to_bytes(2, "little"))
                await self._connect(index, port)
            while self.inputs and (messages := await self._receive()) is not None:
                for message in messages:
                    if writer := self.inputs.get(message[0] // 2):
                        writer.write(message[1:])
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, *map(_shut, self.writers), return_exceptions=True)

    async def _receive(self) -> list[bytes] | None:
        """What comes from the client, or None when every port has closed meanwhile."""
        waits = {asyncio.ensure_future(self.channels.receive()), *self.tasks}
        coming = next(iter(waits - self.tasks))
        while True:
            done, waits = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if coming in done:
                return coming.result()  # type: ignore[return-value]
            if not waits - {coming}:
                coming.cancel()
                return None

    async def _connect(self, index: int, port: int) -> None:
        door = self.world.door(self.pod, port) or _own_door(self.pod, port)
        if door is None:
            text = (
                f"error forwarding port {port} to pod {self.pod.uid.replace('-', '')}, uid : failed to execute "
                f"portforward in network namespace: failed to connect to localhost:{port} inside namespace: "
                f"dial tcp4 127.0.0.1:{port}: connect: connection refused"
            )
            await self.channels.send(2 * index + 1, text.encode())
            return
        ours, theirs = await _pair()
        self.inputs[index] = ours[1]
        self.writers += (ours[1], theirs[1])
        loop = asyncio.get_running_loop()
        for work in (self._pump(index, ours[0]), _serve(door, *theirs)):
            task = loop.create_task(work)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _pump(self, index: int, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_READ):
            await self.channels.send(2 * index, data)
        self.inputs.pop(index, None)


async def _serve(door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await door(reader, writer)
    await _shut(writer)


async def _shut(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        writer.close()
        await writer.wait_closed()


async def _pair() -> tuple[
    tuple[asyncio.StreamReader, asyncio.StreamWriter], tuple[asyncio.StreamReader, asyncio.StreamWriter]
]:
    """Two ends of one connection inside this process."""
    import socket

    left, right = socket.socketpair()
    return await asyncio.open_connection(sock=left), await asyncio.open_connection(sock=right)


def _own_door(pod: Entry, port: int) -> Door | None:
    """What answers at a port that a container declares: a line of HTTP that names the pod."""
    declared = {item["containerPort"] for spec in pod.spec["containers"] for item in rows(spec, "ports")}
    if port not in declared:
        return None
    body = encode({"pod": pod.key, "port": port})

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while (await reader.readline()).strip():
                continue
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            await writer.drain()

    return answer
