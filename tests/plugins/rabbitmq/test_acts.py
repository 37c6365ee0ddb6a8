"""Every action changes the (simulated) cluster as it says, and refuses where something would be lost unseen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import ConsoleError, Refused, Rejected
from console.fence import Fence
from console.model import InstanceId
from console.plugin import Act, Action, Facts
from console.store import Store
from plugins.rabbitmq import acts
from plugins.rabbitmq.client.broker import Broker
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.panes import PANES
from plugins.rabbitmq.simulator.world import World
from tests.plugins.rabbitmq.bench import all_rows, ground, named, on_platform, serving, small

LOGIN = {"rabbitmq_username": "admin", "rabbitmq_password": "admin-lab"}


async def looked(client: Broker) -> Facts:
    """Facts as they are after one look at everything that actions read."""
    store = Store(SYSTEM_CLOCK, Fence())
    instance = InstanceId("rabbitmq", "x")
    found: Sequence[Any] = (
        (tables.NODES, list(await client.nodes())),
        (tables.QUEUES, await all_rows(client.queues())),
        (tables.BINDINGS, await all_rows(client.bindings())),
        (tables.EXCHANGES, await all_rows(client.exchanges())),
        (tables.POLICY_LIST, list(await client.policies())),
        (tables.CONNECTIONS, await all_rows(client.connections())),
    )
    for table, rows in found:
        feed = store.rows(instance, table)
        feed.begin()
        feed.add(rows)
        feed.end()
    return store.facts(instance)


def queue(facts: Facts, name: str, vhost: str = "shop") -> Any:
    return next(row for row in facts.rows(tables.QUEUES).values() if (row.vhost, row.name) == (vhost, name))


def action(pane: str, name: str) -> Action[Any]:
    return next(one for each in PANES if each.name == pane for one in each.actions if one.id == name)


async def test_messages_go_in_are_looked_at_stay_and_are_purged() -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        row = queue(facts, "plain")
        said = await acts.publish_to_queue(Act(client, facts, {"payload": "hello"}), row)
        assert said == "a test message went into shop plain"
        seen = await acts.peek(Act(client, facts, {"count": "3"}), row)
        assert seen.startswith("1 of 1: ")
        assert "hello" in seen
        assert len(world.queues["shop", "plain"].messages) == 1
        assert await acts.purge(Act(client, facts), row)
        assert world.queues["shop", "plain"].messages == []
        assert await acts.peek(Act(client, facts, {"count": "3"}), row) == "plain is empty"


async def test_looking_is_refused_where_looks_are_counted() -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        with pytest.raises(Refused, match="after 5 the message is dropped"):
            await acts.peek(Act(client, facts, {"count": "1"}), queue(facts, "orders.paid"))
        assert not any("/get" in line for line in world.requests)


async def test_a_payload_with_escapes_is_harmless() -> None:
    async with serving(small()) as served, named(served) as client:
        facts = await looked(client)
        await acts.publish_to_queue(Act(client, facts, {"payload": "\x1b]52;c;x\x07"}), queue(facts, "plain"))
        assert "\x1b" not in await acts.peek(Act(client, facts, {"count": "1"}), queue(facts, "plain"))


async def test_a_key_goes_where_route_says() -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        exchange = next(row for row in facts.rows(tables.EXCHANGES).values() if row.name == "orders")
        assert await acts.route(Act(client, facts, {"key": "order.new.eu"}), exchange) == "to queue orders.new"
        await acts.publish_to_exchange(Act(client, facts, {"key": "order.new.eu", "payload": "x"}), exchange)
        assert [one.payload for one in world.queues["shop", "orders.new"].messages] == ["x"]
        assert (await acts.route(Act(client, facts, {"key": "other"}), exchange)).startswith("nowhere")
        with pytest.raises(Rejected, match="went nowhere"):
            await acts.publish_to_exchange(Act(client, facts, {"key": "other", "payload": "x"}), exchange)


async def test_a_queue_is_deleted_unless_somebody_came() -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        row = queue(facts, "plain")
        world.queues["shop", "plain"].consumers = 2
        with pytest.raises(Refused, match="2 consumers now"):
            await acts.delete_queue(Act(client, facts), row)
        assert ("shop", "plain") in world.queues
        world.queues["shop", "plain"].consumers = 0
        await acts.delete_queue(Act(client, facts), row)
        assert ("shop", "plain") not in world.queues


POLICY = {
    "name": "limit",
    "pattern": "^orders",
    "applies_to": "queues",
    "definition": '{"max-length": 5}',
    "priority": "1",
}


async def test_a_policy_is_tried_set_and_cleared() -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        row = queue(facts, "plain")
        assert "matches 3 of 4 queues in shop: orders.new" in await acts.try_policy_of_queue(
            Act(client, facts, POLICY), row
        )
        await acts.set_policy_of_queue(Act(client, facts, {**POLICY, "matches": "3"}), row)
        assert world.policies["shop", "limit"]["definition"] == {"max-length": 5}
        facts = await looked(client)
        assert queue(facts, "orders.new").policy == "limit"
        other = {**POLICY, "pattern": "new"}
        assert "1 of these have another policy now" in await acts.try_policy_of_queue(Act(client, facts, other), row)
        policy = acts.PolicyRow(next(iter(facts.rows(tables.POLICY_LIST).values())), 3)
        assert (await acts.clear_policy(Act(client, facts), policy)).endswith("it ruled 3 queues")
        assert world.policies == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"matches": "7"}, "expected were 7"),
        ({"definition": "[]"}, "no JSON object"),
        ({"pattern": "("}, "no regular expression"),
        ({"name": ""}, "needs a name"),
    ],
)
async def test_a_policy_that_is_not_what_was_meant_is_not_set(change: dict[str, str], why: str) -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        with pytest.raises(Refused, match=why):
            await acts.set_policy_of_queue(Act(client, facts, {**POLICY, **change}), queue(facts, "plain"))
    assert world.policies == {}


async def test_mirrors_are_synchronised() -> None:
    world = small((3, 10, 8))
    mirrored = world.queues["shop", "plain"]
    mirrored.members = ["rabbit@rabbit-1", "rabbit@rabbit-2"]
    mirrored.synchronised = ["rabbit@rabbit-1"]
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        row = queue(facts, "plain")
        assert action("rabbitmq.queues", "sync").when(row, facts) is None
        assert "rabbit@rabbit-2" in await acts.sync(Act(client, facts), row)
        facts = await looked(client)
        row = queue(facts, "plain")
        assert row.missing == ()
        assert action("rabbitmq.queues", "sync").when(row, facts) == "all of its mirrors are synchronised"


async def test_leaders_are_rebalanced_where_the_version_can() -> None:
    world = small()
    for one in world.queues.values():
        one.leader = "rabbit@rabbit-0"
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        member = facts.rows(tables.NODES)["rabbit@rabbit-0"]
        await acts.rebalance(Act(client, facts), member)
        assert len({one.leader for one in world.queues.values()}) == 3
        world.version = (3, 7, 12)
        with pytest.raises(Rejected, match="this version cannot rebalance"):
            await acts.rebalance(Act(client, facts), member)


async def test_a_connection_is_closed_once() -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        facts = await looked(client)
        row = next(iter(facts.rows(tables.CONNECTIONS).values()))
        assert (await acts.close_connection(Act(client, facts), row)).endswith("of orders was closed")
        assert world.connections == {}
        assert (await acts.close_connection(Act(client, facts), row)).endswith("was closed already")


async def in_pods(world: World, *, then: Any) -> None:
    async with serving(world) as served:
        made = ground(served, **LOGIN)
        async with on_platform(made) as client:
            await then(client, made)


async def test_members_are_drained_and_revived_one_at_a_time_in_the_brokers_container() -> None:
    world = small()

    async def then(client: Broker, made: Any) -> None:
        facts = await looked(client)
        first = facts.rows(tables.NODES)["rabbit@rabbit-0"]
        assert action("rabbitmq.nodes", "drain").when(first, facts) is None
        await acts.drain(Act(client, facts), first)
        assert made.ran == [("rabbit-0/broker", ("rabbitmq-upgrade", "drain"))]
        assert world.drained == {"rabbit@rabbit-0"}
        with pytest.raises(Refused, match="rabbit@rabbit-0 is drained"):
            await acts.drain(Act(client, facts), facts.rows(tables.NODES)["rabbit@rabbit-1"])
        facts = await looked(client)
        assert "one member at a time" in (
            action("rabbitmq.nodes", "drain").when(facts.rows(tables.NODES)["rabbit@rabbit-1"], facts) or ""
        )
        await acts.revive(Act(client, facts), first)
        assert world.drained == set()

    await in_pods(world, then=then)


async def test_replicas_are_added_and_removed() -> None:
    world = small()
    world.queues["shop", "orders.new"].members = ["rabbit@rabbit-0", "rabbit@rabbit-1"]

    async def then(client: Broker, made: Any) -> None:
        facts = await looked(client)
        row = queue(facts, "orders.new")
        assert action("rabbitmq.queues", "add-replica").when(row, facts) is None
        assert "3 in all" in await acts.add_replica(Act(client, facts, {"member": "rabbit@rabbit-2"}), row)
        assert world.queues["shop", "orders.new"].members[-1] == "rabbit@rabbit-2"
        row = queue(await looked(client), "orders.new")
        assert "already" in await acts.add_replica(Act(client, facts, {"member": "rabbit@rabbit-2"}), row)
        assert "2 are left" in await acts.remove_replica(Act(client, facts, {"member": "rabbit@rabbit-2"}), row)
        assert "has no copy" in await acts.remove_replica(
            Act(client, facts, {"member": "rabbit@rabbit-2"}), queue(await looked(client), "orders.new")
        )

    await in_pods(world, then=then)


async def test_the_last_majority_is_not_removed() -> None:
    world = small()
    world.up = lambda member: member != "rabbit@rabbit-2"

    async def then(client: Broker, made: Any) -> None:
        facts = await looked(client)
        with pytest.raises(Refused, match="of 2 copies that stay 1 serve, and a majority is 2"):
            await acts.remove_replica(Act(client, facts, {"member": "rabbit@rabbit-1"}), queue(facts, "orders.new"))
        assert made.ran == []

    await in_pods(world, then=then)


async def test_a_member_grows_and_shrinks() -> None:
    world = small()
    world.queues["shop", "orders.new"].members = ["rabbit@rabbit-0"]

    async def then(client: Broker, made: Any) -> None:
        facts = await looked(client)
        member = facts.rows(tables.NODES)["rabbit@rabbit-1"]
        assert await acts.grow(Act(client, facts, {"strategy": "all"}), member)
        assert "rabbit@rabbit-1" in world.queues["shop", "orders.new"].members
        await acts.shrink(Act(client, facts), member)
        assert all("rabbit@rabbit-1" not in one.members for one in world.queues.values())

    await in_pods(world, then=then)


async def test_a_tool_that_fails_says_what_it_printed() -> None:
    world = small((3, 7, 12))

    async def then(client: Broker, made: Any) -> None:
        facts = await looked(client)
        with pytest.raises(Rejected, match="ended with 127: rabbitmq-upgrade: not found"):
            await acts.revive(Act(client, facts), facts.rows(tables.NODES)["rabbit@rabbit-0"])

    await in_pods(world, then=then)


async def test_without_a_platform_tools_cannot_be_run() -> None:
    async with serving(small()) as served, named(served) as client:
        facts = await looked(client)
        member = facts.rows(tables.NODES)["rabbit@rabbit-0"]
        assert "its pod is not known" in (action("rabbitmq.nodes", "drain").when(member, facts) or "")
        with pytest.raises(ConsoleError, match="stands in no pod"):
            await acts.revive(Act(client, facts), member)


async def test_definitions_are_written_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    async with serving(small()) as served, named(served) as client:
        facts = await looked(client)
        member = facts.rows(tables.NODES)["rabbit@rabbit-0"]
        file = tmp_path / "definitions.json"
        await acts.definitions(Act(client, facts, {"file": str(file)}), member)
        assert '"shop"' in file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600
        with pytest.raises(Refused, match="cannot be written"):
            await acts.definitions(Act(client, facts, {"file": str(file)}), member)
