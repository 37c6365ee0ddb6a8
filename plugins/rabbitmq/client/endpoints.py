"""Where the management API answers: named addresses, or the pods of a set, and which member answers at each.

A read goes to the address that answered last, and to the next one when that is out of reach. A change goes to one
address only: whether it was done is unknown when the connection breaks.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from console.errors import SourceError, Unreachable
from console.http import Answer, HttpClient, Params, Target, context_of
from console.plugin import Reach, Server, ServerSet
from plugins.rabbitmq.client.refusals import explain
from plugins.rabbitmq.config import Place
from plugins.rabbitmq.credentials import Identity
from plugins.rabbitmq.finding import is_server
from plugins.rabbitmq.model.nodes import Seat
from plugins.rabbitmq.model.wire import word

_PORT, _TLS_PORT = 15672, 15671
_LOOK_AGAIN = 30.0
"""Seconds for which the pods of the set are remembered."""
_WHO = 3.0
"""Seconds for a member to say who it is: this holds up nobody else."""


class _Who(msgspec.Struct):
    node: str = ""


@dataclass(slots=True)
class Endpoint:
    """One address, its client, and the pod behind it where the platform told."""

    url: str
    http: HttpClient
    server: Server | None = None
    member: str = ""
    """The member that said, at `asked`, that it answers here."""
    asked: float = 0.0


class Endpoints:
    """All addresses of one instance."""

    def __init__(self, place: Place, reach: Reach) -> None:
        self.identity = Identity(place, reach.platform)
        self._place = place
        self._reach = reach
        self._known: dict[str, Endpoint] = {}
        self._looked = float("-inf")
        self._looking = asyncio.Lock()
        self._last = ""
        self._context: ssl.SSLContext | None = None

    @property
    def container(self) -> str:
        """The container of the pods in which the broker runs; empty: the first."""
        stands_on = self._place.stands_on
        return next((one.name for one in stands_on.containers if is_server(one)), "") if stands_on else ""

    async def all(self) -> Sequence[Endpoint]:
        """The addresses as they are now; those of a set are looked up again every half minute."""
        async with self._looking:
            if self._reach.clock.monotonic() - self._looked >= _LOOK_AGAIN:
                await self._look()
            return list(self._known.values())

    async def _look(self) -> None:
        if self._place.stands_on is None:
            found: dict[str, Server | None] = dict.fromkeys(self._place.named.url)
        elif self._reach.platform is not None:
            port, scheme = _port(self._place.stands_on)
            servers = await self._reach.platform.servers(self._place.stands_on)
            found = {f"{scheme}://{server.host}:{port}": server for server in servers}
        else:
            raise Unreachable("no cluster is open", where=f"rabbitmq {self._place.named.name}")
        for url in [url for url in self._known if url not in found]:
            await self._known.pop(url).http.aclose()
        for url, server in found.items():
            known = self._known.get(url)
            if known is None:
                self._known[url] = Endpoint(url, await self._client(url), server)
            else:
                if known.server is not None and server is not None and known.server.pod.uid != server.pod.uid:
                    known.member, known.asked = "", 0.0  # another pod under the same name: ask it
                known.server = server
        self._looked = self._reach.clock.monotonic()

    async def _client(self, url: str) -> HttpClient:
        named = self._place.named
        context = None
        if urlsplit(url).scheme == "https":
            if self._context is None:
                self._context = await asyncio.to_thread(context_of, named, where=f"[[rabbitmq]] {named.name}")
            context = self._context
        dial = self._reach.platform.dial if self._place.stands_on and self._reach.platform else None
        target = Target(
            url=url,
            version=self._reach.version,
            context=context,
            server_name=named.server_name,
            credentials=self.identity,
            dial=dial,
            explain=explain,
            spending=self._reach.spending,
        )
        return HttpClient(target, connections=4)

    async def read(self, path: str, params: Params = None, *, deadline: float = 15.0) -> bytes:
        """The body of a GET. Raises the first error when no address answers."""
        first: SourceError | None = None
        for endpoint in await self._in_order():
            try:
                answer = await endpoint.http.request("GET", path, params=params, deadline=deadline)
            except Unreachable as error:
                first = first or _hinted(error, endpoint.url)
            else:
                self._last = endpoint.url
                return answer.body
        raise first or Unreachable("it has no server now", where=f"rabbitmq {self._place.named.name}")

    async def change(  # noqa: PLR0913 - what HTTP has
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Params = None,
        headers: Mapping[str, str] | None = None,
        deadline: float = 30.0,
    ) -> Answer:
        """A request that changes something, sent once. `body` is what JSON is made of."""
        endpoints = await self._in_order()
        if not endpoints:
            raise Unreachable("it has no server now", where=f"rabbitmq {self._place.named.name}")
        content = None if body is None else msgspec.json.encode(body)
        kind = {"Content-Type": "application/json"} if content is not None else {}
        return await endpoints[0].http.request(
            method,
            path,
            params=params,
            headers={**kind, **(headers or {})},
            content=content,
            deadline=deadline,
        )

    async def _in_order(self) -> list[Endpoint]:
        known = list(await self.all())
        ready = [one for one in known if one.server is None or one.server.ready]
        waiting = [one for one in known if one not in ready]
        return sorted([*ready, *waiting], key=lambda one: one.url != self._last)

    async def seats(self) -> dict[str, Seat]:
        """The pod of each member: the member itself says so; of one that is silent its name must tell."""
        endpoints = [one for one in await self.all() if one.server is not None]
        await asyncio.gather(*(self._ask_who(one) for one in endpoints))
        found: dict[str, Seat] = {}
        for one in endpoints:
            if one.server is not None and one.member:
                found[one.member] = Seat(one.server.pod, one.server.node, proved=True)
        return found

    async def silent_seat(self, member: str) -> Seat | None:
        """The pod whose host name a member carries, for members that cannot be asked: `rabbit@POD.SERVICE...`."""
        host = member.partition("@")[2]
        for one in await self.all():
            if one.server is not None and not one.member and _same_host(host, one.server):
                return Seat(one.server.pod, one.server.node)
        return None

    async def _ask_who(self, endpoint: Endpoint) -> None:
        now = self._reach.clock.monotonic()
        if endpoint.asked and now - endpoint.asked < _LOOK_AGAIN:
            return
        endpoint.asked = now
        try:
            answer = await endpoint.http.request("GET", "/api/overview", params={"columns": "node"}, deadline=_WHO)
            endpoint.member = word(msgspec.json.decode(answer.body, type=_Who).node)
        except (SourceError, msgspec.DecodeError):
            return  # it keeps what it said before, if it said anything: the pod is the same

    async def aclose(self) -> None:
        for endpoint in self._known.values():
            await endpoint.http.aclose()


def _hinted(error: Unreachable, url: str) -> Unreachable:
    """A port that wants TLS hangs up on who speaks HTTP to it."""
    if not url.startswith("http:") or "does not speak HTTP" not in error.what:
        return error
    return Unreachable(error.what, where=error.where, next_step="if the port wants TLS, write https:// in `url`")


def _port(stands_on: ServerSet) -> tuple[int, str]:
    if _TLS_PORT in stands_on.ports and _PORT not in stands_on.ports:
        return _TLS_PORT, "https"
    return _PORT, "http"


def _same_host(host: str, server: Server) -> bool:
    return host in {server.pod.name, server.host} or host.startswith(f"{server.host}.")
