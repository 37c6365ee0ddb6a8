"""How rows come: polls that share answers (client), joined in threads (model.build). No I/O of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from console.errors import Absent, ConsoleError, NotFound
from console.plugin import Poll
from plugins.kafka.client import Client, asking, members
from plugins.kafka.lag import Standing
from plugins.kafka.model import build, grouping
from plugins.kafka.model.rows import (
    ACLS,
    BROKERS,
    GROUPS,
    PARTITIONS,
    QUORUM,
    REASSIGNMENTS,
    RESOURCES,
    TOPICS,
    Acl,
    Broker,
    Group,
    Partition,
    Reassignment,
    Resource,
    Topic,
    Voter,
)
from plugins.kafka.model.wire import TP, Listed
from plugins.kafka.resources import resources as strimzi


async def servers(client: Client) -> Mapping[str, Any]:
    """Where members stand; nothing where the platform does not say, for that must not take the pane away."""
    try:
        return build.stood(await client.servers.get())
    except ConsoleError:
        return {}


async def brokers(client: Client) -> Iterable[Broker]:
    """Brokers and what would happen if each went."""
    metadata = await client.metadata.get()
    nodes, min_isr, stood = await asyncio.gather(client.nodes.get(), client.min_isr(), servers(client))
    logs, quorum = await asyncio.gather(client.logs.get(), voters_of(client, stood))
    names = [node.id for node in metadata.nodes]
    releases = await asyncio.gather(*(client.release(name) for name in names))
    return await asyncio.to_thread(
        build.brokers,
        metadata,
        nodes,
        min_isr=min_isr,
        logs=logs,
        voters=quorum,
        servers=stood,
        releases=dict(zip(names, releases, strict=True)),
    )


async def voters_of(client: Client, stood: Mapping[str, Any]) -> Sequence[Voter]:
    """The quorum as brokers show it: nothing where there is none or it may not be seen."""
    try:
        return build.voters(await client.quorum.get(), stood)
    except ConsoleError:
        return ()


async def partitions(client: Client) -> Iterable[Partition]:
    """Every partition, with offsets and size."""
    metadata = await client.metadata.get()
    min_isr, start, end, logs = await asyncio.gather(
        client.min_isr(), client.earliest.get(), client.latest.get(), client.logs.get()
    )

    def built() -> list[Partition]:
        sizes = build.sizes_by_leader(metadata, logs)
        return build.partitions(metadata, min_isr, start=build.merged(start), end=build.merged(end), sizes=sizes)

    return await asyncio.to_thread(built)


async def topics(client: Client) -> Iterable[Topic]:
    """Topics, rolled up from the same answers."""
    rows = list(await partitions(client))
    metadata = await client.metadata.get()
    ends: dict[str, int] = {}
    silent: set[str] = set()
    for row in rows:
        if row.end is None:
            silent.add(row.topic)
        else:
            ends[row.topic] = ends.get(row.topic, 0) + row.end
    whole = {topic: end for topic, end in ends.items() if topic not in silent}
    flow = client.history.rates(client.clock.now(), whole)
    configs = client.configs.last or {}
    return await asyncio.to_thread(build.topics, rows, configs, rates=flow, broken=metadata.broken)


async def groups(client: Client) -> Iterable[Group]:
    """All groups: per broker one ListGroups, one DescribeGroups, one OffsetFetch (Kafka 3.0) and one ListOffsets."""
    metadata = await client.metadata.get()
    latest = asyncio.ensure_future(client.latest.get())
    parts = await asyncio.gather(*(_coordinated(client, node.id, latest) for node in metadata.nodes))
    found = {row.name: row for rows in parts for row in rows}
    held = {row.name: row for row in client.groups_held.values()} if client.groups_held else {}
    for row in held.values():  # of coordinators that did not answer, or are away
        if row.name not in found and row.coordinator not in client.coordinators_heard:
            found[row.name] = replace(
                row, standing=Standing.UNKNOWN, error="its coordinator does not answer; as it was"
            )
    client.groups_held = found
    client.history.keep(found)
    return list(found.values())


async def _coordinated(client: Client, node: int, latest: asyncio.Future[Any]) -> Sequence[Group]:
    """The groups of one coordinator; when it fails, its groups stay as they were and say so."""
    wire = await client.wire()
    client.coordinators_heard.discard(node)
    try:
        listed = [one for one in await asking.listed(wire, node) if one.protocol in {"consumer", ""}]
        wanted = [one.name for one in listed if one.kind != "share"]
        if await wire.version("OffsetFetch") < 8:  # noqa: PLR2004
            wanted = list(client.next_groups(node, wanted))
        described, committed = await asyncio.gather(
            members.described(wire, node, listed), asking.committed(wire, node, wanted)
        )
    except ConsoleError as error:
        return [
            replace(row, standing=Standing.UNKNOWN, error=error.what)
            for row in client.groups_held.values()
            if row.coordinator == node
        ]
    ends = build.merged(await latest)
    client.coordinators_heard.add(node)
    at = client.clock.now()

    def built() -> list[Group]:
        return [_group(client, one, node, (described, committed, ends, at)) for one in listed]

    return await asyncio.to_thread(built)


_Answers = tuple[Mapping[str, Any], Mapping[str, tuple[int, dict[TP, tuple[int, int]]]], Mapping[TP, int], float]


def _group(client: Client, one: Listed, node: int, answers: _Answers) -> Group:
    described, committed, ends, at = answers
    code, offsets = committed.get(one.name, (-1, {}))
    if code == -1:  # not its turn in this cycle
        before = client.groups_held.get(one.name)
        if before is not None and before.coordinator == node:
            return before
        return Group(one.name, one.state, one.kind, coordinator=node, error="not asked yet: one group a request here")
    if code:
        return Group(one.name, one.state, one.kind, coordinator=node, error=f"its offsets cannot be read: error {code}")
    return grouping.group(one, node, described.get(one.name), offsets=offsets, ends=ends, past=(client.history, at))


@contextmanager
def _may_lack() -> Generator[None]:
    """What this cluster has not is no failure: the pane is empty, and its title says why."""
    try:
        yield
    except NotFound as error:
        raise Absent(error.what) from error


async def quorum(client: Client) -> Iterable[Voter]:
    """The metadata quorum. Raises Absent where ZooKeeper keeps the metadata."""
    with _may_lack():
        return build.voters(await client.quorum.get(), await servers(client))


async def reassignments(client: Client) -> Iterable[Reassignment]:
    """Partitions on their way."""
    return await asking.reassignments(await client.wire())


async def acls(client: Client) -> Iterable[Acl]:
    """Every rule. Raises Absent where no authorizer is configured."""
    with _may_lack():
        return await asking.acls(await client.wire())


async def resources(client: Client) -> Iterable[Resource]:
    """Strimzi's custom resources of this cluster, and its exporter. Raises Absent where no platform has it."""
    if client.platform is None or client.cluster.found is None:
        raise Absent("no operator has this cluster: it was named in the configuration", where=client.cluster.name)
    exporter = await client.exporter.get()
    try:
        return [*await strimzi(client.platform, client.cluster.found), *exporter]
    except Absent:
        if exporter:
            return exporter
        raise


SOURCES = (
    Poll(BROKERS, brokers, visible=5.0, hidden=15.0),
    Poll(TOPICS, topics, visible=5.0, hidden=30.0),
    Poll(PARTITIONS, partitions, visible=5.0, hidden=30.0),
    Poll(GROUPS, groups, visible=5.0, hidden=30.0),
    Poll(QUORUM, quorum, visible=5.0, hidden=30.0),
    Poll(REASSIGNMENTS, reassignments, visible=5.0, hidden=60.0),
    Poll(ACLS, acls, visible=60.0, hidden=None),
    Poll(RESOURCES, resources, visible=10.0, hidden=60.0),
)
