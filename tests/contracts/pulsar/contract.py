"""What the plugin relies on of Pulsar and BookKeeper: the same bodies run on the simulator and on real servers.

Each makes what it needs under a tenant of its own and takes it away again. `client` is the plugin's own.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.errors import Conflict, NotFound, Refused, SourceError
from console.plugin import Act
from plugins.pulsar.acts import policies, servers, spaces, subscriptions, topics
from plugins.pulsar.client import Client
from plugins.pulsar.model import tables, wire
from plugins.pulsar.model.rows import BookieRow, NamespaceRow, TenantRow
from plugins.pulsar.model.topics import SubscriptionRow, TopicRow
from tests.plugins.pulsar.ground import Rows

_PATIENCE = 180.0


def act(client: Client, facts: Any = None, **answers: str) -> Act:
    return Act(client, facts if facts is not None else Rows({}, now=2e9), answers)


@asynccontextmanager
async def space(client: Client) -> AsyncGenerator[str]:
    """A namespace that nobody else has."""
    tenant = f"contract-{uuid.uuid4().hex[:8]}"
    row = TenantRow(tenant)
    await spaces.create_tenant(act(client, name=tenant), row)
    await spaces.create_namespace(act(client, name="n", bundles="4"), row)
    yield f"{tenant}/n"
    await spaces.delete_namespace(act(client), NamespaceRow(f"{tenant}/n"))
    async with asyncio.timeout(_PATIENCE):
        while not await gone(client, row):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.5)


async def gone(client: Client, row: TenantRow) -> bool:
    """A tenant is deleted once nothing of its namespaces is left, which takes its time."""
    try:
        await spaces.delete_tenant(act(client), row)
    except Conflict:
        return False
    return True


async def names(client: Client, namespace: str) -> list[str]:
    client.topics.forget()
    return sorted(
        row.name for row in await client.topics.rows() if row.namespace == namespace and "/__" not in row.name
    )


async def members_say_who_they_are(client: Client) -> None:
    rows = await client.brokers.rows()
    assert rows
    assert all(row.ready and row.listed and not row.fault for row in rows)
    assert sum(bool(row.leader) for row in rows) == 1
    assert all(row.load is not None and row.load.broker_version_string for row in rows)
    active = await client.admin.active()
    assert sorted(row.id for row in rows) == sorted(active)


async def bookies_say_who_they_are(client: Client) -> None:
    async with asyncio.timeout(_PATIENCE):  # the auditor is elected some time after they began
        while not any(row.auditor for row in await client.bookies.rows()):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.5)
    rows = await client.bookies.rows()
    assert len(rows) >= 3
    assert [row.mode for row in rows] == ["rw"] * len(rows)
    assert len({row.id for row in rows}) == len(rows)
    assert sum(bool(row.auditor) for row in rows) == 1
    assert all(row.total and row.free and row.ledgers is not None for row in rows)
    assert {row.recovery for row in rows} == {True}
    assert list(await client.bookies.ledgers()) == []


async def tenants_and_namespaces_come_and_go(client: Client) -> None:
    async with space(client) as name:
        tenant = name.partition("/")[0]
        row = next(one for one in await client.policies.tenants() if one.name == tenant)
        assert row.namespaces == 1
        with pytest.raises(Conflict):
            await spaces.create_tenant(act(client, name=tenant), row)
        with pytest.raises(SourceError):
            await spaces.delete_tenant(act(client), row)
    client.topics.forget()
    assert tenant not in [one.name for one in await client.policies.tenants()]


async def policies_are_set_and_unset_ones_are_unknown(client: Client) -> None:
    async with space(client) as name:
        row = next(one for one in await client.namespaces() if one.name == name)
        assert row.policies is not None
        assert row.policies.retention_policies is None
        assert row.policies.persistence is None
        await spaces.set_retention(act(client, time="2d", size="100"), row)
        await spaces.set_ttl(act(client, seconds="7200"), row)
        with pytest.raises(Refused, match="cannot be"):
            await policies.set_persistence(act(client, ensemble="2", write="3", ack="1"), row)
        with pytest.raises(Refused, match="nothing could be written"):
            await policies.set_persistence(act(client, ensemble="9", write="3", ack="1"), row)
        await policies.set_persistence(act(client, ensemble="3", write="2", ack="2"), row)
        await spaces.set_quota(act(client, size="64Mi", policy="producer_exception"), row)
        row = next(one for one in await client.namespaces() if one.name == name)
        assert row.policies is not None
        assert row.policies.retention_policies == wire.Retention(2880, 100)
        assert row.policies.message_ttl_in_seconds == 7200
        assert row.policies.persistence == wire.Persistence(3, 2, 2)
        quota = (row.policies.backlog_quota_map or {})["destination_storage"]
        assert (quota.limit_size or quota.limit, quota.policy) == (64 << 20, "producer_exception")


async def a_namespace_is_kept_on_some_brokers_and_not_any_more(client: Client) -> None:
    async with space(client) as name:
        row, policy = NamespaceRow(name), name.replace("/", "-")
        with pytest.raises(Refused, match="matches 0 brokers"):
            await policies.isolate(act(client, name=policy, primary="nobody", least="1"), row)
        said = await policies.isolate(act(client, name=policy, primary=".*", least="1"), row)
        assert f"by the policy {policy}" in said
        assert await isolated(client, name) == [(policy, (".*",), "1")]
        await policies.unisolate(act(client, name=policy), row)
        with pytest.raises(Refused, match="there is no isolation policy"):
            await policies.unisolate(act(client, name=policy), row)
        assert await isolated(client, name) == []


async def isolated(client: Client, namespace: str) -> list[tuple[str, tuple[str, ...], str]]:
    row = next(one for one in await client.namespaces() if one.name == namespace)
    assert row.isolation is not None
    return [(name, policy.primary, policy.least) for name, policy in row.isolation]


async def topics_come_grow_and_go(client: Client) -> None:
    async with space(client) as name:
        await topics.create(act(client, name="wide", partitions="3"), NamespaceRow(name))
        await topics.create(act(client, name="single", partitions="0"), NamespaceRow(name))
        wide, single = TopicRow(f"{name}/wide", partitions=3), TopicRow(f"{name}/single")
        parts = [f"{name}/wide-partition-{at}" for at in range(3)]
        assert await names(client, name) == [single.name, wide.name, *parts]
        with pytest.raises(Conflict):
            await topics.create(act(client, name="single", partitions="0"), NamespaceRow(name))
        with pytest.raises(Refused, match="only become more"):
            await topics.partitions(act(client, partitions="2"), wide)
        await topics.partitions(act(client, partitions="4"), wide)
        assert f"{name}/wide-partition-3" in await names(client, name)
        await topics.subscribe(act(client, name="late", **{"from": "the first message"}), wide)
        with pytest.raises(Conflict):
            await topics.subscribe(act(client, name="late", **{"from": "now on"}), wide)
        await topics.terminate(act(client), single)
        await topics.unload(act(client), single)
        await topics.delete(act(client), single)
        await topics.delete(act(client), wide)
        async with asyncio.timeout(_PATIENCE):  # lists are a moment behind
            while await names(client, name):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.5)
        with pytest.raises(NotFound):
            await topics.delete(act(client), single)


async def only_the_owner_answers_and_the_others_are_followed(client: Client) -> None:
    """Each broker is asked for a topic of each other: the redirection is followed with the token."""
    owned: list[TopicRow] = []
    async with asyncio.timeout(_PATIENCE):  # brokers make their page of topics now and then
        while not owned:
            client.topics.forget()
            rows = [row for row in await client.topics.rows() if not row.partitions]
            owned = [row for row in rows if row.stats is not None and not row.name.startswith("pulsar/")]
    brokers = [row.url for row in await client.brokers.rows()]
    path = f"/admin/v2/persistent/{owned[0].name}/stats"
    for base in brokers:
        told = await client.admin.get(path, wire.Topic, base=base)
        assert set(told.subscriptions) == set((owned[0].stats or told).subscriptions)


async def a_subscription_is_peeked_skipped_and_cleared(client: Client) -> None:
    """Of a topic with 30 messages that are kept; nobody is connected."""
    topic, name, count = "shop/orders/audit", "archiver", 30
    row = SubscriptionRow(name, topic, "", wire.Subscription(msg_backlog=count))
    await subscriptions.reset(act(client, time="2026-01-01"), row)
    first = await subscriptions.peek(act(client, position="1"), row)
    assert first == await subscriptions.peek(act(client, position="1"), row), "looking acknowledges nothing"
    second = await subscriptions.peek(act(client, position="2"), row)
    with pytest.raises(NotFound):
        await subscriptions.peek(act(client, position=str(count + 5)), row)
    with pytest.raises(Refused, match=f"it has {count} messages now"):
        await subscriptions.skip(act(client, count=str(count + 1)), row)
    await subscriptions.skip(act(client, count="1"), row)
    after = await subscriptions.peek(act(client, position="1"), row)
    assert after.partition(": ")[2] == second.partition(": ")[2]
    said = await subscriptions.clear(act(client), row)
    assert f"it was {count - 1} messages" in said
    await subscriptions.reset(act(client, time="2026-01-01"), row)
    assert first == await subscriptions.peek(act(client, position="1"), row)
    gone = SubscriptionRow("nobody", topic, "", wire.Subscription())
    with pytest.raises(Refused, match="not there any more"):
        await subscriptions.clear(act(client), gone)


async def a_subscription_stands_where_a_message_is(client: Client) -> None:
    """By the id that peek tells; what the topic does not have is refused before the broker is asked."""
    topic, name, count = "shop/orders/audit", "archiver", 30
    row = SubscriptionRow(name, topic, "", wire.Subscription(msg_backlog=count))
    await subscriptions.reset(act(client, time="2026-01-01"), row)
    peeked = [await subscriptions.peek(act(client, position=str(at)), row) for at in (1, 6)]
    ids = [text.partition(": ")[2].partition(",")[0] for text in peeked]
    said = await subscriptions.reset_to(act(client, id=ids[1]), row)
    assert said == f"{name}@{topic} stands at {ids[1]}: {count - 5} messages wait"
    again = await subscriptions.peek(act(client, position="1"), row)
    assert again.partition(": ")[2] == peeked[1].partition(": ")[2]
    ledger = ids[0].partition(":")[0]
    for wrong, words in (
        ("12", "is no id"),
        (f"{ids[0]}:-1:0", "is no id"),
        (f"({ids[0]})", "is no id"),
        ("-1:-1", "is no id"),
        ("999999999:0", "has no ledger 999999999"),
        (f"{ledger}:{count}", f"has no message {ledger}:{count}"),
    ):
        with pytest.raises(Refused, match=words):
            await subscriptions.reset_to(act(client, id=wrong), row)
    assert (await subscriptions.peek(act(client, position="1"), row)) == again, "what is refused changes nothing"
    said = await subscriptions.reset_to(act(client, id=ids[0]), row)
    assert said.endswith(f": {count} messages wait")


async def a_bookie_becomes_read_only_and_writable_again(client: Client) -> None:
    rows = await client.bookies.rows()
    last = rows[-1]
    facts = Rows({tables.BOOKIES: rows})

    async def mode() -> str:
        return next(row.mode for row in await client.bookies.rows() if row.name == last.name)

    async def becomes(wanted: str) -> None:
        """Its registration is a moment behind."""
        async with asyncio.timeout(_PATIENCE):
            while await mode() != wanted:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.2)

    await servers.read_only(act(client, facts), last)
    try:
        await becomes("ro")
    finally:
        await servers.writable(act(client, facts), last)
    await becomes("rw")
    alone = Rows({tables.BOOKIES: [BookieRow("only", mode="rw")]})
    with pytest.raises(Refused, match="only bookie"):
        await servers.read_only(act(client, alone), last)


async def autorecovery_goes_off_and_on_in_the_whole_cluster(client: Client) -> None:
    row = (await client.bookies.rows())[0]
    await servers.recovery_off(act(client), row)
    assert {one.recovery for one in await client.bookies.rows()} == {False}
    await servers.recovery_on(act(client), row)
    assert {one.recovery for one in await client.bookies.rows()} == {True}
    before = row.delay
    await servers.delay(act(client, seconds="77"), row)
    assert {one.delay for one in await client.bookies.rows()} == {77}
    await servers.delay(act(client, seconds=str(before or 0)), row)
