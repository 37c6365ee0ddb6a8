"""Where kafka-python's sockets come from: in-cluster names through the platform, without DNS; others directly.

kafka-python runs its own loop in a thread and chooses a socket class by the scheme of `proxy_url`; ours gives it one
end of a socket pair, and a task on the console's loop carries the bytes to the connection that the platform dialled.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from console.errors import ConsoleError
from console.plugin import Stream
from console.text import clean

SCHEME = "pilothouse"
CHUNK = 65536
DIAL_WITHIN = 10.0

Dial = Callable[[str, int], Awaitable[Stream]]
_ways: dict[str, Way] = {}
_numbers = itertools.count(1)


def in_cluster(host: str) -> bool:
    """Whether only a cluster's own DNS knows the name: `x.y.svc`, `x.y.svc.cluster.local`."""
    return "svc" in host.split(".")[1:]


class Way:
    """How one client reaches its brokers. `through` decides by host; `trouble` is why the last dial failed, by host."""

    def __init__(self, dial: Dial | None, through: Callable[[str], bool]) -> None:
        self.loop = asyncio.get_running_loop()
        self.trouble: dict[tuple[str, int], str] = {}
        self.url = f"{SCHEME}://{next(_numbers)}"
        self._dial = dial
        self._through = through
        self._carrying: set[asyncio.Task[None]] = set()
        self._closed = False
        _ways[self.url] = self
        _register()

    def tunnels(self, host: str) -> bool:
        return self._dial is not None and self._through(host)

    def open(self, host: str, port: int) -> socket.socket:
        """Called on the library's thread: one end of a pair, at once; a failed dial closes it."""
        near, far = socket.socketpair()
        near.setblocking(False)
        far.setblocking(False)
        try:
            self.loop.call_soon_threadsafe(self._start, host, port, far)
        except RuntimeError:  # the console is on its way out
            far.close()
        return near

    def _start(self, host: str, port: int, far: socket.socket) -> None:
        if self._closed:
            far.close()
            return
        task = self.loop.create_task(self._carry(host, port, far))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        task.add_done_callback(lambda _: far.close())  # one that is cancelled before it begins closes nothing itself

    async def _carry(self, host: str, port: int, far: socket.socket) -> None:
        assert self._dial is not None  # noqa: S101 - only then `open` is called
        try:
            with far:
                try:
                    async with asyncio.timeout(DIAL_WITHIN):
                        stream = await self._dial(host, port)
                except (ConsoleError, OSError, TimeoutError) as error:
                    self.trouble[host, port] = clean(str(error) or "no connection in time")
                    return
                self.trouble.pop((host, port), None)
                try:
                    await _both_ways(self.loop, far, stream)
                finally:
                    await stream.close()
        except (ConsoleError, OSError) as error:
            self.trouble[host, port] = clean(str(error))

    async def aclose(self) -> None:
        self._closed = True
        _ways.pop(self.url, None)
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)


async def _both_ways(loop: asyncio.AbstractEventLoop, far: socket.socket, stream: Stream) -> None:
    """Carry bytes until either side ends; the other is ended with it, as a broker's connection has no half-close."""

    async def there() -> None:
        while data := await loop.sock_recv(far, CHUNK):
            await stream.write(data)

    async def back() -> None:
        while data := await stream.read(CHUNK):
            await loop.sock_sendall(far, data)

    tasks = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, ConsoleError, OSError):
                await task


_registered: list[Any] = []


def _register() -> None:
    """Make the socket class known to the library: subclassing registers it (kafka.net.inet)."""
    if _registered:
        return
    inet = import_module("kafka.net.inet")
    base: Any = inet.KafkaNetSocket

    async def connect(self: Any, net: Any, addrinfo: Any, socket_options: Any = (), timeout_at: Any = None) -> Any:
        if addrinfo[3] == SCHEME:
            return self.way.open(*addrinfo[4])
        return await base.connect(self, net, addrinfo, socket_options, timeout_at=timeout_at)

    async def sock_connect(self: Any, net: Any, sock: Any, address: Any, timeout_at: Any = None) -> Any:
        try:
            return await base.sock_connect(self, net, sock, address, timeout_at=timeout_at)
        except BaseException:
            sock.close()  # the library forgets it
            raise

    def dns_lookup(self: Any, host: str, port: int, raise_error: bool = False) -> Any:  # noqa: FBT001, FBT002
        if self.way.tunnels(host):
            return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 0, SCHEME, (host, port))]
        return base.dns_lookup(self, host, port, raise_error)

    def begin(self: Any, proxy_url: str) -> None:
        self.way = _ways[proxy_url]

    members = {
        "SCHEMES": (SCHEME,),
        "__init__": begin,
        "dns_lookup": dns_lookup,
        "connect": connect,
        "sock_connect": sock_connect,
    }
    _registered.append(type("Tunnel", (base,), members))
