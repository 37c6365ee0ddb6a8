"""The client of one instance: rows from bulk requests, never one a queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from console.errors import BadAnswer
from console.plugin import Reach
from plugins.rabbitmq.client.endpoints import Endpoints
from plugins.rabbitmq.config import Place
from plugins.rabbitmq.model import nodes
from plugins.rabbitmq.model.wire import word

T = TypeVar("T")


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

    async def nodes(self) -> Iterable[nodes.MemberRow]:
        """All members, also stopped ones. The server asks each member, and a stuck one takes it 10 s."""
        body = await self.endpoints.read("/api/nodes", {"columns": nodes.COLUMNS}, deadline=20.0)
        listed = decode(nodes.NODES, body, "GET /api/nodes")
        seats = await self.endpoints.seats()
        rows: list[nodes.MemberRow] = []
        for wire in listed:
            name = word(wire.name)
            rows.append(nodes.member(wire, seats.get(name) or await self.endpoints.silent_seat(name)))
        return rows

    async def aclose(self) -> None:
        await self.endpoints.aclose()
