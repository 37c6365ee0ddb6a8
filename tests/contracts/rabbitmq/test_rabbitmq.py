"""What the client relies on of the management API: the same of the simulated cluster and of the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import NotFound
from console.plugin import Reach
from plugins.rabbitmq.client import connect
from plugins.rabbitmq.client.broker import Broker
from plugins.rabbitmq.config import Settings
from plugins.rabbitmq.finding import search
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.simulator.sandbox import sandbox
from tests.contracts.ground import BOTH, ground
from tests.plugins.rabbitmq.bench import all_rows

Object = dict[str, Any]
OWN = "/api/queues/%2F/pilothouse.contract"
POLICY = "/api/policies/%2F/pilothouse.contract"


@pytest.fixture(params=BOTH)
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    """The cluster, found and reached through the platform, as whom its Secret says."""
    async with ground(request, tmp_path, "rabbitmq", sandbox) as hosting:
        [instance] = await search(Settings(), hosting)
        client = connect(instance, Reach(SYSTEM_CLOCK, "0", hosting))
        try:
            yield client
        finally:
            await client.aclose()


async def test_members_run_and_say_in_which_pods_they_are(client: Broker) -> None:
    rows = list(await client.nodes())
    assert len(rows) == 3
    for row in rows:
        assert row.running
        assert row.proved
        assert f"@{row.pod}." in row.name
        assert row.version
        assert row.memory
        assert row.memory_limit
        assert row.uptime is not None
        assert row.memory_alarm is False


async def counted(client: Broker) -> list[QueueRow]:
    """Queues with their numbers, which a member tells only some seconds after it began."""
    async with asyncio.timeout(90):
        while True:
            rows = await all_rows(client.queues())
            if all(row.ready is not None and row.consumers is not None for row in rows):
                return rows
            await asyncio.sleep(1)


async def test_queues_come_with_numbers_leaders_and_copies(client: Broker) -> None:
    members = {row.name for row in await client.nodes()}
    rows = await counted(client)
    assert len(rows) >= 4
    for row in rows:
        assert row.leader in members
        assert row.leader in row.members
        assert set(row.online) == set(row.members) <= members
        assert row.state == "running"
        assert row.ready is not None
        assert row.consumers is not None
    assert any(row.mirrored and row.policy == "ha-all" for row in rows)


async def test_a_page_holds_what_was_asked_for_and_says_how_many_there_are(client: Broker) -> None:
    body = await client.endpoints.read("/api/queues", {"page": 1, "page_size": 2, "columns": "name,policy"})
    page = msgspec.json.decode(body)
    assert len(page["items"]) == 2
    assert page["total_count"] >= 4
    assert page["page_count"] == (page["total_count"] + 1) // 2
    assert {"name", "policy"} >= page["items"][0].keys()


async def test_a_queue_is_made_filled_looked_into_emptied_and_deleted(client: Broker) -> None:
    change = client.endpoints.change
    await change("PUT", OWN, {"durable": True, "arguments": {}})
    try:
        key, payload = "pilothouse.contract", "hello"
        body: Object = {"properties": {}, "routing_key": key, "payload": payload, "payload_encoding": "string"}
        sent = await change("POST", "/api/exchanges/%2F/amq.default/publish", body)
        assert msgspec.json.decode(sent.body) == {"routed": True}
        look: Object = {"count": 5, "ackmode": "ack_requeue_true", "encoding": "auto", "truncate": 50}
        for _ in range(2):
            seen = msgspec.json.decode((await change("POST", f"{OWN}/get", look)).body)
            assert [(one["payload"], one["routing_key"], one["message_count"]) for one in seen] == [(payload, key, 0)]
        assert (await change("DELETE", f"{OWN}/contents")).status == 204
        assert msgspec.json.decode((await change("POST", f"{OWN}/get", look)).body) == []
    finally:
        assert (await change("DELETE", OWN, params={"if-unused": "true"})).status == 204
    with pytest.raises(NotFound):
        await change("DELETE", OWN)


async def test_a_policy_is_set_twice_and_cleared_once(client: Broker) -> None:
    change = client.endpoints.change
    body: Object = {
        "pattern": "^pilothouse.contract$",
        "definition": {"max-length": 7},
        "priority": 1,
        "apply-to": "queues",
    }
    assert (await change("PUT", POLICY, body)).status == 201
    assert (await change("PUT", POLICY, body)).status == 204
    row = next(one for one in await client.policies() if one.name == "pilothouse.contract")
    assert (row.vhost, row.pattern, row.definition) == ("/", "^pilothouse.contract$", (("max-length", "7"),))
    assert (await change("DELETE", POLICY)).status == 204
    with pytest.raises(NotFound):
        await change("DELETE", POLICY)


async def test_exchanges_bindings_users_and_plugins_that_are_not_there(client: Broker) -> None:
    exchanges = await all_rows(client.exchanges())
    assert {("/", ""), ("/", "amq.topic")} <= {(row.vhost, row.name) for row in exchanges}
    bindings = await all_rows(client.bindings())
    assert bindings
    assert all(row.source for row in bindings)
    assert any("administrator" in row.tags for row in await client.users())
    with pytest.raises(NotFound):
        await client.endpoints.read("/api/no-such-thing")
