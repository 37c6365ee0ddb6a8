"""What requests change in the simulated cluster."""

from __future__ import annotations

from typing import Any

from plugins.rabbitmq.simulator.asking import MISSING, Reply, Request
from plugins.rabbitmq.simulator.world import Message, Queue, World


def to_queue(world: World, asked: Request) -> Reply:
    """Fetch messages, or synchronise mirrors."""
    _, vhost, name, verb = (*asked.parts, "", "", "")[:4]
    queue = world.queues.get((vhost, name))
    if queue is None:
        return MISSING
    if verb == "get":
        return 200, _fetched(queue, int(asked.body["count"]))
    if verb == "actions" and asked.body == {"action": "sync"}:
        queue.synchronised = list(queue.members)
        return 204, None
    return MISSING


def declare(world: World, asked: Request) -> Reply:
    """A queue that is led where it was asked for."""
    _, vhost, name = (*asked.parts, "", "")[:3]
    if (vhost, name) in world.queues:
        return 204, None
    arguments: dict[str, Any] = asked.body.get("arguments") or {}
    kind = str(arguments.get("x-queue-type", "classic"))
    world.queues[vhost, name] = Queue(vhost, name, asked.member, kind, list(world.members) if kind == "quorum" else [])
    return 201, None


def _fetched(queue: Queue, count: int) -> list[dict[str, Any]]:
    found = queue.messages[:count]
    for message in found:
        message.delivered += 1
    return [
        {
            "payload": message.payload, "payload_encoding": "string", "payload_bytes": len(message.payload),
            "redelivered": message.delivered > 1, "exchange": message.exchange, "routing_key": message.key,
            "message_count": max(0, len(queue.messages) - number),
        }
        for number, message in enumerate(found, 1)
    ]  # fmt: skip


def drop_queue(world: World, asked: Request) -> Reply:
    """Delete a queue, or what it holds."""
    _, vhost, name, verb = (*asked.parts, "", "", "")[:4]
    queue = world.queues.get((vhost, name))
    if queue is None:
        return MISSING
    if verb == "contents":
        queue.messages.clear()
        queue.base = 0
        return 204, None
    if asked.query.get("if-unused") == "true" and queue.consumers:
        return 400, {"error": "bad_request", "reason": f"queue '{name}' in vhost '{vhost}' in use"}
    del world.queues[vhost, name]
    return 204, None


def publish(world: World, asked: Request) -> Reply:
    """A message to every queue that is bound for its key."""
    _, vhost, exchange, verb = (*asked.parts, "", "", "")[:4]
    exchange = "" if exchange == "amq.default" else exchange
    if verb != "publish" or (vhost, exchange) not in world.exchanges:
        return MISSING
    key = asked.body["routing_key"]
    names = [key]
    if exchange:
        bound = [(one[2].rstrip(".#"), one[3]) for one in world.bindings if one[:2] == (vhost, exchange)]
        names = [name for start, name in bound if key == start or key.startswith(f"{start}.")]
    found = [world.queues[vhost, name] for name in names if (vhost, name) in world.queues]
    for queue in found:
        queue.messages.append(Message(key, asked.body["payload"], exchange))
    return 200, {"routed": bool(found)}


def set_policy(world: World, asked: Request) -> Reply:
    """A new policy, or another under the same name."""
    _, vhost, name = (*asked.parts, "", "")[:3]
    new = (vhost, name) not in world.policies
    world.policies[vhost, name] = dict(asked.body)
    return (201 if new else 204), None


def clear_policy(world: World, asked: Request) -> Reply:
    """No policy of this name any more."""
    _, vhost, name = (*asked.parts, "", "")[:3]
    return (204, None) if world.policies.pop((vhost, name), None) else MISSING


def rebalance(world: World, asked: Request) -> Reply:
    """Leaders of quorum queues in turn on the members that serve them (3.8 and later)."""
    if world.version < (3, 8, 0) or list(asked.parts) != ["rebalance", "queues"]:
        return MISSING
    led = [queue for queue in world.queues.values() if queue.kind == "quorum"]
    for number, queue in enumerate(led):
        there = world.online(queue)
        queue.leader = there[number % len(there)] if there else queue.leader
    return 204, None


def close(world: World, asked: Request) -> Reply:
    """Close a connection."""
    return (204, None) if world.connections.pop(asked.parts[1], None) else MISSING
