"""All I/O of the Kafka plugin: one client a cluster. Answers that several panes need are asked once and shared."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from console.clock import Clock
from console.errors import ConsoleError, NotFound, Unauthorized, Unreachable
from console.plugin import Instance, Platform, Reach, Server
from console.spending import Spending
from plugins.kafka import credentials, exporter
from plugins.kafka.client import asking
from plugins.kafka.client.remembered import Remembered
from plugins.kafka.client.tunnel import Way, in_cluster
from plugins.kafka.client.wire import Wire
from plugins.kafka.config import Cluster
from plugins.kafka.history import History
from plugins.kafka.model import wire as parse
from plugins.kafka.model.build import topic_ends
from plugins.kafka.model.rows import Group, Resource
from plugins.kafka.model.wire import TP

Ends = Mapping[int, Mapping[TP, int] | ConsoleError]
REBORN_AFTER = 4
"""Answers that nobody gave, in a row, until the connections are made anew from the bootstrap addresses."""

LOGIN_AFTER = 10.0
"""Seconds after which credentials that were refused are read anew."""


class Client:
    """See the module. Nothing connects before it is first asked; `aclose` ends the library's thread."""

    def __init__(self, cluster: Cluster, platform: Platform | None, clock: Clock) -> None:
        self.cluster = cluster
        self.platform = platform
        self.clock = clock
        self.history = History()
        self.login: credentials.Login | None = None
        self._wire: Wire | None = None
        self._way: Way | None = None
        self._making = asyncio.Lock()
        self.spending = Spending()
        self._closed = False
        self._silent = 0
        self._read_at = 0.0
        self._turn: dict[int, int] = {}
        self._releases: dict[int, str] = {}
        self.groups_held: dict[str, Group] = {}
        """The rows of the last cycle, for what could not be asked in this one."""
        self.coordinators_heard: set[int] = set()
        self.metadata = Remembered(clock, 3.0, self._metadata)
        self.nodes = Remembered(clock, 4.0, self._nodes)
        self.configs = Remembered(clock, 300.0, self._configs)
        self.logs = Remembered(clock, 60.0, self._logs)
        self.latest = Remembered(clock, 4.0, lambda: self._ends(asking.LATEST))
        self.earliest = Remembered(clock, 30.0, lambda: self._ends(asking.EARLIEST))
        self.quorum = Remembered(clock, 4.0, self._quorum)
        self.servers = Remembered(clock, 30.0, self._servers)
        self.exporter = Remembered(clock, exporter.EVERY, self._exporter)
        self._watch = exporter.Watch()

    # -- the wire

    async def wire(self) -> Wire:
        """The connections; made when first needed. Raises ConfigError, Forbidden, Unreachable once it is closed."""
        async with self._making:
            if self._closed:
                raise Unreachable("it was left", where=self.cluster.name)
            if self._wire is None:
                self._read_at = self.clock.monotonic()
                self.login = await credentials.login(self.cluster, self.platform)
                options = await asyncio.to_thread(credentials.options, self.login, self.cluster.name)
                options["bootstrap_servers"] = [f"{host}:{port}" for host, port in self.cluster.bootstrap]
                dial = self.platform.dial if self.platform is not None else None
                every = self.cluster.found is not None
                self._way = Way(dial, lambda host: every or in_cluster(host))
                self._wire = Wire(options, self._way, self.cluster.name)
                self._wire.spending = self.spending
            return self._wire

    async def _reborn(self) -> None:
        async with self._making:
            wire, way, self._wire, self._way = self._wire, self._way, None, None
        if wire is not None:
            await wire.aclose()
        if way is not None:
            await way.aclose()

    async def _login_anew(self) -> None:
        """After a refusal: what is right may have changed, so it is read again, now and then."""
        if self.clock.monotonic() - self._read_at >= LOGIN_AFTER:
            await self._reborn()

    @property
    def requests(self) -> Mapping[int, int]:
        """Requests sent until now, by broker (-1: whichever was free)."""
        return dict(self._wire.requests) if self._wire is not None else {}

    # -- what is shared

    async def _metadata(self) -> parse.Metadata:
        wire = await self.wire()
        try:
            found = await asking.metadata(wire)
        except Unauthorized:
            await self._login_anew()
            raise
        except Unreachable:
            self._silent += 1
            if self._silent >= REBORN_AFTER:
                self._silent = 0
                await self._reborn()
                raise
            found = await asking.metadata(wire)
        self._silent = 0
        return found

    async def _nodes(self) -> tuple[tuple[parse.Node, ...], int]:
        """Brokers with fenced ones, and the controller; by Metadata where DescribeCluster is not there (before 2.8)."""
        try:
            return await asking.nodes(await self.wire())
        except NotFound:
            found = await self.metadata.get()
            return found.nodes, found.controller

    async def _configs(self) -> Mapping[str, Mapping[str, tuple[str, int]]]:
        found = await self.metadata.get()
        names = sorted({part.topic for part in found.parts})
        return await asking.topic_configs(await self.wire(), names) if names else {}

    async def min_isr(self) -> dict[str, int | None]:
        """By topic; None where it could not be read. Topics that are new make the configurations be asked anew."""
        found = await self.metadata.get()
        topics = {part.topic for part in found.parts}
        try:
            held = await self.configs.get()
            if topics - held.keys():
                self.configs.forget()
                held = await self.configs.get()
        except ConsoleError:
            return dict.fromkeys(topics)
        least = {topic: held.get(topic, {}).get("min.insync.replicas", ("", 0))[0] for topic in topics}
        return {topic: int(text) if text.isdigit() else None for topic, text in least.items()}

    async def _logs(self) -> Mapping[int, parse.Logs | ConsoleError]:
        wire = await self.wire()
        found = await self.metadata.get()
        return await asking.each([node.id for node in found.nodes], lambda node: asking.logs(wire, node))

    async def _ends(self, when: int) -> Ends:
        found = await self.metadata.get()
        leaders: dict[int, list[TP]] = {}
        for part in found.parts:
            if part.leader >= 0:  # one without a leader would fail the whole request
                leaders.setdefault(part.leader, []).append((part.topic, part.number))
        return await asking.offsets(await self.wire(), leaders, when)

    async def _quorum(self) -> object:
        return await asking.quorum(await self.wire())

    async def _servers(self) -> Sequence[Server]:
        """The pods of this cluster's sets; none where no platform has it."""
        found = self.cluster.found
        if self.platform is None or found is None:
            return ()
        sets = [
            one for one in await self.platform.sets() if one.namespace == found.namespace and one.name in found.sets
        ]
        lists = await asyncio.gather(*(self.platform.servers(one) for one in sets))
        return [server for servers in lists for server in servers]

    async def _exporter(self) -> Sequence[Resource]:
        """The exporter beside what brokers say at that moment; no row where no platform has it, or it is not there."""
        if self.platform is None or self.cluster.found is None:
            return ()
        try:
            held = await self.metadata.get()
            self.latest.forget()
            ends = topic_ends(await self.latest.get())
            behind = sum(bool(row.places) for row in self.groups_held.values())
            truth = exporter.Truth(len(held.nodes), ends, behind)
        except ConsoleError:
            truth = None
        return await exporter.rows(self.platform, self.cluster.found, truth, self._watch, self.spending)

    async def release(self, node: int) -> str:
        """The release that a broker's requests tell of, asked once; empty where it does not answer."""
        if node not in self._releases:
            try:
                self._releases[node] = await (await self.wire()).release(node)
            except ConsoleError:
                return ""
        return self._releases[node]

    def next_groups(self, node: int, names: Sequence[str]) -> Sequence[str]:
        """The groups whose turn it is, where a broker takes one a request: a few a cycle, all in time."""
        count = min(self.cluster.groups_a_cycle, len(names))
        start = self._turn.get(node, 0) % len(names) if names else 0
        self._turn[node] = start + count
        return [names[(start + n) % len(names)] for n in range(count)]

    def changed(self) -> None:
        """Something was written: ask anew what may have changed by it."""
        shared: Iterable[Remembered[object]] = (self.metadata, self.configs, self.latest, self.earliest, self.nodes)  # type: ignore[assignment]
        for one in shared:
            one.forget()

    async def aclose(self) -> None:
        self._closed = True
        for one in (self.metadata, self.nodes, self.configs, self.logs, self.latest, self.earliest, self.quorum):
            await one.aclose()
        await self.servers.aclose()
        await self.exporter.aclose()
        await self._reborn()


def connect(instance: Instance, reach: Reach) -> Client:
    """Made when it is first needed; connects to nothing by itself."""
    made = Client(instance.settings, reach.platform, reach.clock)
    made.spending = reach.spending
    return made
