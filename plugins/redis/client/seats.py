"""Where the servers and Sentinels of an instance are: of the settings, of the pods of its sets, or as Sentinels say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from console.clock import Clock
from console.plugin import Platform, Server
from plugins.redis.config import SENTINEL_PORT, SERVER_PORT, Named, Place
from plugins.redis.finding import Charted, Part
from plugins.redis.model.rows import Seat

_AGAIN = 15.0
"""Seconds for which the platform's pods are remembered."""


class Seats:
    """`of()` gives (servers, sentinels) now. Pods that went are gone from it, those that are wanted come back."""

    def __init__(self, settings: Named | Charted, platform: Platform | None, clock: Clock) -> None:
        self._settings = settings
        self._platform = platform
        self._clock = clock
        self._known: tuple[tuple[Seat, ...], tuple[Seat, ...]] = ((), ())
        self._until = 0.0
        self._told: tuple[str, ...] = ()

    async def of(self) -> tuple[tuple[Seat, ...], tuple[Seat, ...]]:
        """Servers and Sentinels. Raises what the platform raises, where nothing is known yet."""
        if isinstance(self._settings, Named):
            return self._named(self._settings)
        if self._platform is not None and self._clock.monotonic() >= self._until:
            parts = await asyncio.gather(*(self._pods(self._platform, part) for part in self._settings.parts))
            servers = [seat for part in parts for seat in part[0]]
            sentinels = [seat for part in parts for seat in part[1]]
            self._known = (tuple(servers), tuple(sentinels))
            self._until = self._clock.monotonic() + _AGAIN
        return self._known

    def tell(self, addresses: Sequence[str]) -> None:
        """What the Sentinels name, for an instance whose servers are not named."""
        self._told = tuple(dict.fromkeys([*self._told, *addresses]))

    def _named(self, settings: Named) -> tuple[tuple[Seat, ...], tuple[Seat, ...]]:
        places = list(settings.servers)
        if not places:
            parts = (address.rpartition(":") for address in self._told)
            places = [(host, int(port)) for host, _, port in parts if port.isdigit()]
        return tuple(_seat(place) for place in places), tuple(_seat(place) for place in settings.sentinels)

    async def _pods(self, platform: Platform, part: Part) -> tuple[list[Seat], list[Seat]]:
        """A pod that is wanted and not there is a seat too: its member is silent, not gone."""
        found = await platform.servers(part.set)
        there = {server.pod.name: _of_pod(server) for server in found}
        if part.set.kind != "Deployment":
            for number in range(part.set.replicas):
                name = f"{part.set.name}-{number}"
                host = f"{name}.{part.set.service}.{part.set.namespace}.svc"
                there.setdefault(name, Seat(name, host, SERVER_PORT))
        servers = [there[name] for name in sorted(there)]
        watching = [Seat(one.name, one.host, SENTINEL_PORT, one.pod, one.node) for one in servers]
        return servers if part.servers else [], watching if part.sentinels else []


def _seat(place: Place) -> Seat:
    return Seat(f"{place[0]}:{place[1]}", place[0], place[1])


def _of_pod(server: Server) -> Seat:
    return Seat(server.pod.name, server.host, SERVER_PORT, server.pod, server.node)
