"""What the plugin relies on of a Kafka cluster: the same bodies run on the simulator and on real brokers.

Each makes what it needs under a name of its own and takes it away again. `client` is the plugin's own.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import pytest

from console.errors import Absent, Conflict, ConsoleError, NotFound, Refused, Rejected
from console.plugin import Act, Facts
from plugins.kafka import acts, sources
from plugins.kafka.client import Client, asking, changing
from plugins.kafka.client.wire import message
from plugins.kafka.model import wire as parse
from plugins.kafka.model.rows import Group, Partition, Topic

WITHIN = 120.0


def act(client: Client, **answers: str) -> Act:
    return Act(client, cast("Facts", None), answers)


async def until(client: Client, found: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Ask anew until there is something: a change reaches all brokers a moment later."""
    end = time.monotonic() + WITHIN
    while True:
        client.changed()
        value = await found()
        if value:
            return value
        assert time.monotonic() < end, what
        await asyncio.sleep(0.1)


async def topic(client: Client, name: str) -> Topic | None:
    return next((row for row in await sources.topics(client) if row.name == name), None)


async def group(client: Client, name: str) -> Group | None:
    return next((row for row in await sources.groups(client) if row.name == name), None)


async def partition(client: Client, name: str, number: int) -> Partition | None:
    rows = await sources.partitions(client)
    return next((row for row in rows if (row.topic, row.number) == (name, number)), None)


async def everywhere(client: Client, name: str) -> list[int]:
    """How many partitions of a topic each broker knows with a leader: 0 where it does not know it."""
    wire = await client.wire()
    request = message("MetadataRequest")
    nodes = [node.id for node in (await client.metadata.get()).nodes]
    answers = [await wire.send(request(topics=None, allow_auto_topic_creation=False), node) for node in nodes]
    return [sum(part.topic == name and part.leader >= 0 for part in parse.metadata(answer).parts) for answer in answers]


async def made(client: Client, name: str, *, partitions: int = 2, **configs: str) -> Topic:
    """A topic with a leader for every partition, as every broker has heard."""
    said = ",".join(f"{key.replace('_', '.')}={value}" for key, value in configs.items()) or "-"
    await acts.create_topic(act(client, topic=name, partitions=str(partitions), replicas="3", configs=said), None)
    await spread(client, name, partitions)
    return await must(topic(client, name))


async def spread(client: Client, name: str, partitions: int) -> None:
    """Return when every broker knows so many partitions of it."""

    async def known() -> bool:
        return set(await everywhere(client, name)) == {partitions}

    await until(client, known, f"{name} has not {partitions} partitions at each broker")
    client.changed()


async def brokers_lead_what_is_there(client: Client) -> None:
    """Both tables come of one answer of the metadata, unless it is asked anew just between them.

    A broker that has just begun may not answer in time, and then is left alone for a while.
    """

    async def agree() -> bool:
        rows, parts = list(await sources.brokers(client)), list(await sources.partitions(client))
        return (
            all(row.present and not row.error and row.release for row in rows)
            and sum(row.leaders for row in rows) == sum(part.leader >= 0 for part in parts)
            and sum(row.replicas for row in rows) == sum(len(part.replicas) for part in parts)
        )

    await until(client, agree, "brokers do not all answer, or do not agree with partitions")
    rows = list(await sources.brokers(client))
    assert len(rows) == 3
    assert [row.controller for row in rows].count(True) == 1
    assert all(row.size is not None for row in rows)


async def a_topic_comes_changes_and_goes(client: Client) -> None:
    name = "promise.topic"
    row = await made(client, name, retention_ms="111000")
    assert (row.partitions, row.replication, dict(row.configs)["retention.ms"]) == (2, 3, "111000")
    with pytest.raises(Conflict):
        await acts.create_topic(act(client, topic=name, partitions="1", replicas="1"), None)
    said = await acts.alter_topic(act(client, key="retention.ms", value="222000"), row)
    assert "it was 111000" in said

    async def altered() -> bool:
        now = await topic(client, name)
        return now is not None and dict(now.configs).get("retention.ms") == "222000"

    await until(client, altered, "its configuration stays")
    await acts.add_partitions(act(client, partitions="4"), row)
    await spread(client, name, 4)
    with pytest.raises(Refused, match="has 4 partitions"):
        await acts.add_partitions(act(client, partitions="4"), row)
    await deleted(client, row)
    assert await topic(client, name) is None


async def deleted(client: Client, row: Topic) -> None:
    """Gone from every broker."""
    await acts.delete_topic(act(client), row)
    await spread(client, row.name, 0)


async def messages_are_written_and_read(client: Client) -> None:
    name = "promise.messages"
    row = await made(client, name, partitions=1)
    for n in range(3):
        said = await acts.produce(act(client, value=f'{{"n": {n}}}', key="k" if n else "-", partition="0"), row)
        assert said.endswith(f"offset {n}")
    every = await acts.peek_topic(act(client, count="10", **{"from": "start"}), row)
    assert every.startswith("3 messages:\n0@0 ")
    assert '- {by: pilothouse}: {"n":0}' in every
    assert 'k {by: pilothouse}: {"n":2}' in every
    newest = await acts.peek_topic(act(client, count="1", **{"from": "end"}), row)
    assert newest.startswith("1 messages:\n0@2 ")
    part = await partition(client, name, 0)
    assert part is not None
    middle = await acts.peek_partition(act(client, count="1", offset="1", **{"from": "offset"}), part)
    assert middle.startswith("1 messages:\n0@1 ")
    assert (part.start, part.end) == (0, 3)
    await deleted(client, row)


async def a_group_stands_somewhere_and_is_reset(client: Client) -> None:
    name, reader = "promise.lag", "promise.group"
    row = await made(client, name, partitions=1)
    for n in range(5):
        await acts.produce(act(client, value=str(n), key="-", partition="0"), row)
    await committed(client, reader, {(name, 0): 2})

    async def behind() -> Group | None:
        one = await group(client, reader)
        return one if one is not None and one.behind == 3 else None

    one: Group = await until(client, behind, "the group is not behind by 3")
    assert (one.state, one.worst, one.error) == ("Empty", 3, "")
    assert one.members == ()
    plan = await acts.plan_reset(act(client, to="start"), one)
    assert f"{name}/0: 2 -> 0 (2 are read again)" in plan
    assert (await acts.reset(act(client, to="start", plan="show"), one)).startswith(f"{reader} would go")
    done = await acts.reset(act(client, to="shift", by="2", plan="do"), one)
    assert f"{name}/0: 2 -> 4 (2 are skipped)" in done

    async def moved() -> bool:
        now = await group(client, reader)
        return now is not None and now.behind == 1

    await until(client, moved, "it was not reset")
    await acts.reset(act(client, to="end", plan="do"), one)
    again = await acts.reset(act(client, to="offset", by="99", plan="do"), await must(group(client, reader)))
    assert "nothing was changed" in again, "an offset behind the end is the end"
    await acts.delete_group(act(client), one)

    async def gone() -> bool:
        return await group(client, reader) is None

    await until(client, gone, "the group is still there")
    await deleted(client, row)


async def must(found: Awaitable[Any]) -> Any:
    value = await found
    assert value is not None
    return value


async def committed(client: Client, name: str, offsets: Mapping[tuple[str, int], int]) -> None:
    """Commit as a simple consumer does; only the group's coordinator takes it."""
    wire = await client.wire()
    end = time.monotonic() + WITHIN
    while True:
        for node in (await client.metadata.get()).nodes:
            try:
                await changing.commit(wire, node.id, name, offsets)
            except ConsoleError:
                continue
            return
        assert time.monotonic() < end, "no broker coordinates the group"
        await asyncio.sleep(0.2)


async def what_is_not_there_is_said(client: Client) -> None:
    row = await made(client, "promise.refused", partitions=1)
    await deleted(client, row)
    with pytest.raises(NotFound):
        await acts.delete_topic(act(client), row)
    with pytest.raises(NotFound):
        await acts.peek_topic(act(client, count="1"), row)
    with pytest.raises(Rejected):
        await changing.create_topic(await client.wire(), "promise.many", 1, replicas=99, configs={})


async def all_groups_cost_few_requests(client: Client) -> None:
    """The budget of a cycle: at most ten requests a broker, whatever the number of groups."""
    await sources.groups(client)
    before = dict(client.requests)
    client.latest.forget()
    client.metadata.forget()
    await sources.groups(client)
    spent = {node: count - before.get(node, 0) for node, count in client.requests.items()}
    assert max(spent.values()) <= 10, spent
    assert await (await client.wire()).version("OffsetFetch") >= 8


async def each_group_costs_a_request(client: Client) -> None:
    """Before Kafka 3.0, so that a cycle asks for a few only; those whose turn it is not stay as they were."""
    wire = await client.wire()
    assert await wire.version("OffsetFetch") < 8
    rows = list(await sources.groups(client))
    assert rows
    by_broker = Counter(row.coordinator for row in rows)
    before = dict(client.requests)
    client.latest.forget()
    client.metadata.forget()
    await sources.groups(client)
    spent = {node: count - before.get(node, 0) for node, count in client.requests.items()}
    limit = client.cluster.groups_a_cycle
    assert all(spent[node] <= 8 + min(count, limit) for node, count in by_broker.items()), spent


async def nothing_is_on_its_way(client: Client) -> None:
    assert await asking.reassignments(await client.wire()) == []


async def there_is_a_quorum_and_an_authorizer(client: Client) -> None:
    roles = sorted(row.role for row in await sources.quorum(client))
    assert roles == ["leader", "voter", "voter"]
    assert list(await sources.acls(client)) == []


async def there_is_neither_a_quorum_nor_an_authorizer(client: Client) -> None:
    with pytest.raises(Absent, match="ZooKeeper keeps its metadata"):
        await sources.quorum(client)
    with pytest.raises(Absent, match="no authorizer"):
        await sources.acls(client)
    assert {row.voter for row in await sources.brokers(client)} == {""}


Promise = Callable[[Client], Awaitable[None]]
EVERY: Sequence[Promise] = (
    brokers_lead_what_is_there,
    a_topic_comes_changes_and_goes,
    messages_are_written_and_read,
    a_group_stands_somewhere_and_is_reset,
    what_is_not_there_is_said,
    nothing_is_on_its_way,
)
TODAYS: Sequence[Promise] = (*EVERY, all_groups_cost_few_requests, there_is_a_quorum_and_an_authorizer)
"""Of Kafka 4.1, without ZooKeeper and with an authorizer."""
OLD: Sequence[Promise] = (*EVERY, each_group_costs_a_request, there_is_neither_a_quorum_nor_an_authorizer)
"""Of Kafka 2.8 with ZooKeeper and without an authorizer."""
