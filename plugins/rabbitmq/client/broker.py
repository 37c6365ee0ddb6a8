"""The client of one instance: rows from bulk requests, never one a queue.

Long lists come page after page; what several tables need is asked once and remembered for a cycle.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from console.errors import BadAnswer, NotFound, Refused
from console.plugin import Ran, Reach
from plugins.rabbitmq.client.endpoints import Endpoints
from plugins.rabbitmq.client.paging import Listing
from plugins.rabbitmq.config import Place
from plugins.rabbitmq.model import governing, links, nodes, queues, routing
from plugins.rabbitmq.model.wire import word

T = TypeVar("T")
_CYCLE = 4.0
"""Seconds for which an answer serves every table that needs it."""


def decode(decoder: msgspec.json.Decoder[T], body: bytes, where: str) -> T:
    """The answer as its struct. Raises BadAnswer for half an answer and for one of another form."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer(f"the answer is not what the management API promises: {error}", where=where) from error


class Broker:
    """See the module. Nothing connects before it is first used."""

    def __init__(self, place: Place, reach: Reach) -> None:
        self.place = place
        self.reach = reach
        self.endpoints = Endpoints(place, reach)
        self._members: tuple[float, list[nodes.MemberRow]] = (float("-inf"), [])
        self._queues = Listing[queues.QueueRow](reach.clock, lambda row: row.at)
        self._connections = Listing[links.ConnectionRow](reach.clock, lambda row: row.at)
        self._channels = Listing[links.ChannelRow](reach.clock, lambda row: row.at)
        self._exchanges = Listing[routing.ExchangeRow](reach.clock, lambda row: row.at)

    # -- members

    async def nodes(self) -> Iterable[nodes.MemberRow]:
        """All members, also stopped ones. The server asks each member, and a stuck one takes it 10 s."""
        asked, rows = self._members
        if self.reach.clock.monotonic() - asked < _CYCLE:
            return rows
        body = await self.endpoints.read("/api/nodes", {"columns": nodes.COLUMNS}, deadline=20.0)
        listed = decode(nodes.NODES, body, "GET /api/nodes")
        seats = await self.endpoints.seats()
        rows = list[nodes.MemberRow]()
        for wire in listed:
            name = word(wire.name)
            rows.append(nodes.member(wire, seats.get(name) or await self.endpoints.silent_seat(name)))
        self._members = (self.reach.clock.monotonic(), rows)
        return rows

    def forget(self) -> None:
        """Ask the members anew next time: something was changed, or is about to be."""
        self._members = (float("-inf"), [])

    async def running(self) -> frozenset[str]:
        """The members that run now."""
        return frozenset(row.name for row in await self.nodes() if row.running)

    # -- long lists

    async def queues(self) -> AsyncIterator[list[queues.QueueRow]]:
        """All queues with their copies, a page at a time."""
        running = await self.running()

        async def ask(page: int) -> queues.QueuePage:
            return await self._page(queues.PAGES, "/api/queues", queues.COLUMNS, page)

        async for rows in self._queues.pages(ask, lambda wire: queues.queue(wire, running)):
            yield rows

    async def connections(self) -> AsyncIterator[list[links.ConnectionRow]]:
        """All connections of clients."""

        async def ask(page: int) -> links.ConnectionPage:
            return await self._page(links.CONNECTIONS, "/api/connections", links.CONNECTION_COLUMNS, page)

        async for rows in self._connections.pages(ask, links.connection):
            yield rows

    async def channels(self) -> AsyncIterator[list[links.ChannelRow]]:
        """All channels."""

        async def ask(page: int) -> links.ChannelPage:
            return await self._page(links.CHANNELS, "/api/channels", links.CHANNEL_COLUMNS, page)

        async for rows in self._channels.pages(ask, links.channel):
            yield rows

    async def exchanges(self) -> AsyncIterator[list[routing.ExchangeRow]]:
        """All exchanges."""

        async def ask(page: int) -> routing.ExchangePage:
            return await self._page(routing.EXCHANGES, "/api/exchanges", routing.EXCHANGE_COLUMNS, page)

        async for rows in self._exchanges.pages(ask, routing.exchange):
            yield rows

    async def _page(self, decoder: msgspec.json.Decoder[T], path: str, columns: str, page: int) -> T:
        params = {"page": page, "page_size": queues.PAGE, "columns": columns}
        body = await self.endpoints.read(path, params, deadline=30.0)
        return decode(decoder, body, f"GET {path}")

    # -- short lists

    async def bindings(self) -> AsyncIterator[list[routing.BindingRow]]:
        """All bindings but those that every queue has to the default exchange. The API has no pages for them."""
        body = await self.endpoints.read("/api/bindings", {"columns": routing.BINDING_COLUMNS}, deadline=30.0)
        listed = decode(routing.BINDINGS, body, "GET /api/bindings")
        for start in range(0, len(listed), queues.PAGE):
            yield [routing.binding(wire) for wire in listed[start : start + queues.PAGE] if wire.source]
            await self.reach.clock.sleep(0)

    async def policies(self) -> Iterable[governing.Policy]:
        """Policies, and those of the operator, which win over them (since 3.7)."""
        body = await self.endpoints.read("/api/policies")
        own = [governing.policy(wire) for wire in decode(governing.POLICIES, body, "GET /api/policies")]
        try:
            body = await self.endpoints.read("/api/operator-policies")
        except NotFound:
            return own
        listed = decode(governing.POLICIES, body, "GET /api/operator-policies")
        return [*own, *(governing.policy(wire, operator=True) for wire in listed)]

    async def users(self) -> Iterable[governing.UserRow]:
        """Users and what they may do; needs the tag administrator."""
        listed = decode(governing.USERS, await self.endpoints.read("/api/users"), "GET /api/users")
        body = await self.endpoints.read("/api/permissions")
        return governing.users(listed, decode(governing.PERMISSIONS, body, "GET /api/permissions"))

    async def links(self) -> Iterable[governing.LinkRow]:
        """Shovels and federation links, of those plugins that are there."""
        rows: list[governing.LinkRow] = []
        there = False
        try:
            body = await self.endpoints.read("/api/shovels")
            rows += [governing.shovel(wire) for wire in decode(governing.SHOVELS, body, "GET /api/shovels")]
            there = True
        except NotFound:
            pass
        try:
            body = await self.endpoints.read("/api/federation-links")
            listed = decode(governing.FEDERATION, body, "GET /api/federation-links")
            return [*rows, *(governing.federation(wire) for wire in listed)]
        except NotFound:
            if not there:
                raise NotFound(
                    "neither shovels nor federation can be asked",
                    where=f"rabbitmq {self.place.named.name}",
                    next_step="enable rabbitmq_shovel_management or rabbitmq_federation_management",
                ) from None
        return rows

    # -- tools in a member's pod

    async def tool(self, member: str, command: tuple[str, ...], *, within: float = 240.0) -> Ran:
        """Run a tool in the pod of a member. Raises Refused where its pod is not known."""
        seats: Mapping[str, nodes.Seat] = await self.endpoints.seats()
        seat = seats.get(member) or await self.endpoints.silent_seat(member)
        if seat is None or self.reach.platform is None:
            raise Refused(f"{member} stands in no pod that is known: its tools cannot be run from here")
        return await self.reach.platform.run(seat.pod, command, container=self.endpoints.container, within=within)

    # -- files

    async def keep(self, path: str, content: bytes) -> str:
        """Write a new file that only its owner may read; an old one is left alone. Gives what was done."""
        return await asyncio.to_thread(_written, path, content)

    async def aclose(self) -> None:
        await self.endpoints.aclose()


def _written(name: str, content: bytes) -> str:
    path = Path(name).expanduser()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return f"{len(content)} bytes were written to {path}"
