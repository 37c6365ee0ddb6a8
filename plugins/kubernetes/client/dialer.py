"""From `host:port`, as the systems name it, to a byte stream: through the API server to the right pod.

In-cluster names never touch DNS; places.py looks them up in the API. Directly only where this host is proved to be a
node of the cluster (then the pod network is here), or where the settings allow it: a laptop's VPN may own the same
addresses, and would be handed passwords.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

import msgspec

from console.errors import SourceError, Unreachable
from console.http import transport_error
from console.plugin import Stream
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.channels import forward
from plugins.kubernetes.client.places import Place, Places

_CONNECT = 5.0
_NOBODY = "192.0.2.1"  # an address of documentation, which no host has
_MACHINE_ID = Path("/etc/machine-id")


class _Address(msgspec.Struct):
    type: str
    address: str


class _Machine(msgspec.Struct):
    id: str = msgspec.field(name="machineID", default="")


class _NodeStatus(msgspec.Struct, rename="camel"):
    addresses: list[_Address] | None = None
    node_info: _Machine | None = None


class _Node(msgspec.Struct):
    status: _NodeStatus


class SocketStream:
    """A direct connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, where: str) -> None:
        self._reader = reader
        self._writer = writer
        self._where = where

    async def read(self, count: int) -> bytes:
        try:
            return await self._reader.read(count)
        except OSError as error:
            raise transport_error(error, self._where) from error

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise transport_error(error, self._where) from error

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class Dialer:
    """The way to every pod and service of one cluster. `await dialer(host, port)` gives a connection."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._places = Places(api)
        self._direct: bool | None = True if api.settings.direct else None
        self._asking = asyncio.Lock()

    async def __call__(self, host: str, port: int) -> Stream:
        """Connect to `port` of what `host` names. Raises NotFound for an unknown name, Unreachable with the reason."""
        place = await self._places.find(host, port)
        if await self.goes_directly():
            place = await self._places.located(place)
            try:
                return await self._connect(place)
            except Unreachable:
                self._places.forget(host, port)
                if self._api.settings.direct:
                    raise
        try:
            return await forward(self._api.connection, place.namespace, place.pod, place.port)
        except SourceError:
            self._places.forget(host, port)
            raise

    async def goes_directly(self) -> bool:
        """Whether pods are reached without the API server: allowed by the settings, or this host is proved a node."""
        async with self._asking:
            if self._direct is None:
                self._direct = await self._is_a_node()
            return self._direct

    async def _is_a_node(self) -> bool:
        try:
            nodes = await self._api.list("/api/v1/nodes", _Node)
        except SourceError:
            return False  # not proved
        return await asyncio.to_thread(_one_is_this_host, nodes)

    async def _connect(self, place: Place) -> Stream:
        where = f"{place.address}:{place.port}"
        try:
            async with asyncio.timeout(_CONNECT):
                reader, writer = await asyncio.open_connection(place.address, place.port)
        except TimeoutError as error:
            raise Unreachable("no connection in time", where=where) from error
        except OSError as error:
            raise transport_error(error, where) from error
        return SocketStream(reader, writer, where)


def _one_is_this_host(nodes: list[_Node]) -> bool:
    """An address alone could be that of a machine in another network; a different machine id disproves it."""
    if holds(_NOBODY):  # the kernel lets anybody bind anything here: nothing can be proved
        return False
    try:
        machine = _MACHINE_ID.read_text().strip()
    except OSError:
        machine = ""
    for node in nodes:
        theirs = node.status.node_info.id if node.status.node_info else ""
        if theirs and machine and theirs != machine:
            continue
        if any(one.type == "InternalIP" and holds(one.address) for one in node.status.addresses or []):
            return True
    return False


def holds(address: str) -> bool:
    """Whether `address` is one of this host's: only then can a socket be bound to it. Loopback does not count."""
    if address.startswith("127.") or address == "::1":
        return False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
