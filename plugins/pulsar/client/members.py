"""Where the servers of an instance are: pods on the platform, or the addresses that settings and brokers name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import msgspec

from console.errors import NotFound, Rejected
from console.plugin import Platform, Server, ServerSet
from console.text import clean
from plugins.pulsar.client.kept import Kept
from plugins.pulsar.config import Settings
from plugins.pulsar.finding import ADMIN_PORT, BOOKIE_HTTP_PORT, MANAGER_PORT

_PODS_FOR = 15.0


class Member(msgspec.Struct, frozen=True):
    """One server: the URL of its HTTP, and its pod where it has one. `ready` is the platform's word (None: none)."""

    name: str
    url: str
    pod: str = ""
    namespace: str = ""
    node: str = ""
    host: str = ""
    address: str = ""
    ready: bool | None = None


class Members:
    """See the module. Pods are asked for at most every 15 s."""

    def __init__(self, settings: Settings, platform: Platform | None, kept: Kept) -> None:
        self._settings = settings
        self._platform = platform
        self._kept = kept

    @property
    def found(self) -> bool:
        """Whether the instance stands on the platform."""
        return self._settings.place is not None

    async def admins(self) -> Sequence[str]:
        """Base URLs that speak the admin API for all: the brokers' pods, or what the settings name."""
        if self._settings.place is None:
            return self._settings.admin
        return [member.url for member in await self.broker_pods() if member.ready is not False] or [
            member.url for member in await self.broker_pods()
        ]

    async def broker_pods(self) -> Sequence[Member]:
        """The brokers' pods; nothing where the instance is named."""
        place = self._settings.place
        return await self._pods(place.brokers, ADMIN_PORT) if place is not None else ()

    async def bookies(self) -> Sequence[Member]:
        """The bookies' HTTP servers. Raises NotFound where none is known."""
        place = self._settings.place
        if place is not None and place.bookies is not None:
            return await self._pods(place.bookies, BOOKIE_HTTP_PORT)
        if not self._settings.bookies:
            raise NotFound(
                "no bookie is known", next_step='name them: bookies = ["http://HOST:8000", ...] in [[pulsar]]'
            )
        return [_named(url) for url in self._settings.bookies]

    async def managers(self) -> Sequence[Member]:
        """Pulsar Manager, where there is one."""
        place = self._settings.place
        if place is not None and place.manager is not None:
            return await self._pods(place.manager, MANAGER_PORT)
        return [_named(self._settings.manager)] if self._settings.manager else []

    async def proxies(self) -> Sequence[Server]:
        """The proxies' pods that are ready, for clients that follow brokers' addresses."""
        place = self._settings.place
        if place is None or place.proxies is None or self._platform is None:
            return ()
        return [server for server in await self._platform.servers(place.proxies) if server.ready]

    async def _pods(self, of: ServerSet, port: int) -> Sequence[Member]:
        platform = self._platform
        if platform is None:
            raise Rejected("the platform is not open", where=f"{of.namespace}/{of.name}")

        async def ask() -> Sequence[Member]:
            return [_member(server, port) for server in await platform.servers(of)]

        return await self._kept.get(("pods", of.namespace, of.name), _PODS_FOR, ask)


def _member(server: Server, port: int) -> Member:
    return Member(
        server.pod.name,
        f"http://{server.host}:{port}",
        pod=server.pod.name,
        namespace=server.pod.namespace,
        node=server.node,
        host=server.host,
        address=server.address,
        ready=server.ready,
    )


def _named(url: str) -> Member:
    parts = urlsplit(url)
    return Member(clean(parts.netloc, 253), url, host=parts.hostname or "")


def host_of(address: str) -> str:
    """The host of `host:port` or a URL."""
    return urlsplit(address if "://" in address else f"//{address}").hostname or ""


def same_host(address: str, member: Member) -> bool:
    """Whether an address that a server advertises (`NAME.SERVICE.SPACE.svc.cluster.local:3181`) is this member's."""
    host = host_of(address)
    if not host:
        return False
    if host in {member.address, member.host}:
        return True
    return (bool(member.pod) and host.startswith((f"{member.host}.", f"{member.pod}."))) or host == member.pod


def which(addresses: Iterable[str], member: Member) -> str:
    """The one of some advertised addresses that is this member's: by name, else the only one on its host; or empty."""
    found = [one for one in addresses if same_host(one, member)]
    return member.name if member.name in found else found[0] if len(found) == 1 else ""
