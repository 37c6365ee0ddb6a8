"""All I/O of this plugin: it opens a connection and closes it again, with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from console.plugin import Instance, Poll, Reach
from console.text import clean
from pilothouse_ports.config import Settings
from pilothouse_ports.model import PORTS, Port

WITHIN = 2.0


class Client:
    """Looks at the ports of the settings. Through `reach.platform` in-cluster names would work as well."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self.settings = settings
        self.reach = reach

    async def ports(self) -> Iterable[Port]:
        """One row a target, all asked at once."""
        return await asyncio.gather(*(self.look(host, port) for host, port in self.settings.targets))

    async def look(self, host: str, port: int) -> Port:
        """Failure is a value here: a closed port is what this plugin is about."""
        began = self.reach.clock.monotonic()
        try:
            async with asyncio.timeout(WITHIN):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            return Port(host, port, open=False, why=clean(str(error) or "no answer in time"))
        writer.close()
        return Port(host, port, open=True, took=self.reach.clock.monotonic() - began)

    async def aclose(self) -> None:
        """Nothing stays open."""


def connect(instance: Instance, reach: Reach) -> Client:
    """Made when it is first needed; connects to nothing by itself."""
    return Client(instance.settings, reach)


SOURCES = (Poll(PORTS, Client.ports, visible=5.0, hidden=60.0),)
