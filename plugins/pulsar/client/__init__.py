"""Every byte of I/O of this plugin. `Client` holds the parts; nothing connects before it is first asked."""

from __future__ import annotations

from collections.abc import Sequence

from console.http import context_of
from console.plugin import Instance, Reach
from plugins.pulsar.client import namespaces
from plugins.pulsar.client.admin import Admin
from plugins.pulsar.client.bookies import Bookies
from plugins.pulsar.client.brokers import Brokers
from plugins.pulsar.client.functions import Functions
from plugins.pulsar.client.kept import Kept
from plugins.pulsar.client.manager import Managers
from plugins.pulsar.client.members import Members
from plugins.pulsar.client.policies import Policies
from plugins.pulsar.client.speaker import Speaker
from plugins.pulsar.client.topics import Topics
from plugins.pulsar.client.web import Web
from plugins.pulsar.config import Settings
from plugins.pulsar.credentials import TokenSource
from plugins.pulsar.model.rows import NamespaceRow

__all__ = ["Client", "connect"]


class Client:
    """One instance: its parts by what they ask."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self.settings = settings
        self.reach = reach
        kept = Kept(reach.clock)
        on_platform = settings.place is not None and reach.platform is not None
        self.token = TokenSource(settings, reach.platform, reach.clock)
        self.web = Web(
            version=reach.version,
            context=context_of(settings.access, where=f"[[pulsar]] {settings.name}"),
            server_name=settings.access.server_name,
            dial=reach.platform.dial if on_platform and reach.platform is not None else None,
            spending=reach.spending,
        )
        self.members = Members(settings, reach.platform, kept)
        self.admin = Admin(self.web, self.members, self.token, kept)
        self.brokers = Brokers(self.admin)
        self.policies = Policies(self.admin)
        self.topics = Topics(self.admin, self.brokers, self.policies)
        self.bookies = Bookies(self.admin)
        self.functions = Functions(self.admin, self.brokers, self.policies)
        self.managers = Managers(self.admin)
        self.speaker = Speaker(settings, reach, members=self.members, brokers=self.brokers, token=self.token)

    async def namespaces(self) -> Sequence[NamespaceRow]:
        """Namespaces with their policies and sums."""
        return await self.admin.kept.get("namespaces", 4.0, lambda: namespaces.rows(self.policies, self.topics))

    async def aclose(self) -> None:
        """Close every connection."""
        await self.web.aclose()


def connect(instance: Instance, reach: Reach) -> Client:
    """Made when it is first needed; connects to nothing by itself."""
    return Client(instance.settings, reach)
