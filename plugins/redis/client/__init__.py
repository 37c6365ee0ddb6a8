"""Every byte that goes to Redis. One round of questions a cycle, shared by all panes; one connection a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from console.errors import ConsoleError, SourceError, Unreachable
from console.http import context_of
from console.plugin import Instance, Reach
from plugins.redis import credentials
from plugins.redis.client.asking import Memory, believed, slow_of, told
from plugins.redis.client.link import Link, Secured, Way, directly
from plugins.redis.client.seats import Seats
from plugins.redis.config import Named
from plugins.redis.credentials import Logins
from plugins.redis.finding import Charted
from plugins.redis.model import combine
from plugins.redis.model.combine import Announced, Believed, Survey, Told
from plugins.redis.model.rows import Master, Member, Opinion, Seat, Slow

_CYCLE = 2.0
"""Seconds for which one round of answers serves several panes."""

__all__ = ["Client", "connect"]


def connect(instance: Instance, reach: Reach) -> Client:
    """The client of an instance; nothing is asked yet."""
    return Client(instance, reach)


class Client:
    """`members`, `masters` and so on are what the sources ask; `round` is one survey of everybody."""

    def __init__(self, instance: Instance, reach: Reach) -> None:
        self.settings: Named | Charted = instance.settings
        self.name = instance.id.name
        self.clock = reach.clock
        self._spending = reach.spending
        self._platform = reach.platform if isinstance(self.settings, Charted) else None
        self.seats = Seats(self.settings, self._platform, reach.clock)
        self._links: dict[tuple[str, int], Link] = {}
        self._memory: dict[tuple[str, int], Memory] = {}
        self._logins: Logins | None = None
        self._secured: Secured | None = None
        self._asking = asyncio.Lock()
        self._last: tuple[float, Survey] | None = None
        self._who: Announced | None = None

    async def members(self) -> Iterable[Member]:
        """One row a server, also where it is silent. Raises where nobody is known, or every login is refused."""
        survey = await self.round()
        if not survey.servers:
            raise self._nobody(survey)
        return combine.members(survey, self.who(survey))

    async def masters(self) -> Iterable[Master]:
        """One row a master group. Raises what the first said where nobody answered."""
        survey = await self.round()
        if not any(one.views for one in survey.sentinels) and not any(one.info for one in survey.servers):
            raise self._nobody(survey)
        return combine.masters(survey, combine.members(survey, self.who(survey)))

    async def sentinels(self) -> Iterable[Opinion]:
        """One row a Sentinel and master."""
        return combine.opinions(await self.round())

    async def slowlog(self) -> Iterable[Slow]:
        """The newest entries of every server; a server that does not answer has none."""
        servers, _ = await self._seated()
        found = await asyncio.gather(*(self._slow(seat) for seat in servers), return_exceptions=True)
        errors = [one for one in found if isinstance(one, BaseException)]
        for error in errors:
            if not isinstance(error, ConsoleError) or len(errors) == len(found):
                raise error
        return [entry for some in found if not isinstance(some, BaseException) for entry in some]

    def who(self, survey: Survey) -> Announced:
        """Who is who now; what is silent is remembered from before."""
        self._who = combine.announced(survey, self._who)
        return self._who

    async def round(self, *, fresh: bool = False) -> Survey:
        """Ask everybody, side by side. An answer serves for a cycle unless `fresh` is wanted."""
        async with self._asking:
            now = self.clock.monotonic()
            if self._last is not None and not fresh and now - self._last[0] < _CYCLE:
                return self._last[1]
            if fresh:
                for note in self._memory.values():
                    note.views.clear()
            _, watching = await self._seated()
            beliefs = tuple(await asyncio.gather(*(self._believed(seat, now) for seat in watching)))
            views = [view for one in beliefs for view in one.views]
            self.seats.tell([a for v in views for a in (v.address, *(r.address for r in v.replicas or ())) if a])
            servers, _ = await self._seated()
            answers = await asyncio.gather(*(self._told(seat, now) for seat in servers))
            survey = Survey(tuple(answers), beliefs, "" if watching else self.name)
            self._last = (self.clock.monotonic(), survey)
            return survey

    async def link(self, seat: Seat, *, sentinel: bool = False) -> Link:
        """The connection to a place; made when it is first wanted."""
        at = (seat.host, seat.port)
        if at not in self._links:
            logins = await self.logins()
            dial = self._platform.dial if self._platform is not None else directly
            way = Way(dial, self.settings.timeout, await self._tls(), self._spending)
            self._links[at] = Link(at, way, logins.sentinel if sentinel else logins.server)
        return self._links[at]

    async def logins(self) -> Logins:
        """How we log in; read once, and again after it could not be read."""
        if self._logins is None:
            if isinstance(self.settings, Named):
                self._logins = await credentials.named(self.settings)
            elif self._platform is None:
                raise Unreachable("no cluster is open", where=self.name)
            else:
                self._logins = await credentials.charted(self._platform, self.settings.namespace, self.settings.secrets)
        return self._logins

    async def aclose(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(link.aclose() for link in self._links.values()))
        self._links.clear()

    async def _seated(self) -> tuple[tuple[Seat, ...], tuple[Seat, ...]]:
        await self.logins()  # a refusal to read the password is said as it is, once
        return await self.seats.of()

    async def _told(self, seat: Seat, now: float) -> Told:
        return await told(await self.link(seat), seat, self._note(seat), now)

    async def _believed(self, seat: Seat, now: float) -> Believed:
        return await believed(await self.link(seat, sentinel=True), seat, self._note(seat), now)

    async def _slow(self, seat: Seat) -> Iterable[Slow]:
        return await slow_of(await self.link(seat), seat)

    def _note(self, seat: Seat) -> Memory:
        return self._memory.setdefault((seat.host, seat.port), Memory())

    async def _tls(self) -> Secured | None:
        if not isinstance(self.settings, Named) or not self.settings.access.secured:
            return None
        if self._secured is None:
            access = self.settings.access
            context = await asyncio.to_thread(context_of, access, where=f"[[redis]] {self.settings.name}")
            self._secured = Secured(context, access.server_name)
        return self._secured

    def _nobody(self, survey: Survey) -> SourceError:
        said = [one.problem for one in (*survey.sentinels, *survey.servers) if one.problem]
        return Unreachable(said[0] if said else "no server is known", where=self.name)
