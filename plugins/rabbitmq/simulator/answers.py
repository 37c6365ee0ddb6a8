"""The management API over the world. Each version answers as it does in life.

3.7      no types of queues, an empty list for an object without fields, tags as one text
< 3.8    leaders cannot be rebalanced
>= 3.11  a member says whether it is drained
>= 3.13  /api/queues has no details, unless columns are named
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from plugins.rabbitmq.simulator import changes
from plugins.rabbitmq.simulator.asking import MISSING, Reply, Request
from plugins.rabbitmq.simulator.world import Queue, World

_BASIC = ("name", "vhost", "type", "state", "durable", "auto_delete", "exclusive", "arguments", "node")


def answer(world: World, asked: Request) -> Reply:
    """Status and JSON of the answer."""
    user = _user(world, asked.authorization)
    if user is None:
        return 401, {"error": "not_authorised", "reason": "Login failed"}
    tags = world.users[user].tags
    if not tags:
        return 401, {"error": "not_authorised", "reason": "Not management user"}
    name = asked.parts[0] if asked.parts else ""
    handler = _HANDLERS.get((asked.method, name))
    if handler is None:
        return MISSING
    if (asked.method, name) in _ADMIN and "administrator" not in tags:
        return 401, {"error": "not_authorised", "reason": "Not administrator user"}
    return handler(world, asked)


def _user(world: World, header: str) -> str | None:
    try:
        name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except ValueError:
        return None
    known = world.users.get(name)
    return name if known is not None and known.password == password else None


def _named(item: Mapping[str, Any], columns: str) -> dict[str, Any]:
    """Only the columns that were asked for; `a.b` is the field b of a."""
    if not columns:
        return dict(item)
    kept: dict[str, Any] = {}
    for column in columns.split(","):
        source: Any = item
        target = kept
        path = column.split(".")
        for part in path[:-1]:
            source = source.get(part) if isinstance(source, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            if not isinstance(source, dict):
                break
            target = target.setdefault(part, {})
        if isinstance(source, dict | Mapping) and path[-1] in source:
            target[path[-1]] = source[path[-1]]
    return kept


def _listed(asked: Request, items: Sequence[Any], render: Callable[[Any], dict[str, Any]]) -> Reply:
    """A list, or a page of it."""
    columns = asked.query.get("columns", "")
    if "page" not in asked.query:
        return 200, [_named(render(one), columns) for one in items]
    page, size = int(asked.query["page"]), int(asked.query.get("page_size", "100"))
    pages = max(1, -(-len(items) // size))
    if page > pages:
        return 400, {"error": "page_out_of_range", "reason": f"page {page} of {pages}"}
    shown = [_named(render(one), columns) for one in items[(page - 1) * size : page * size]]
    count = {"page": page, "page_size": size, "page_count": pages, "item_count": len(shown)}
    return 200, {**count, "total_count": len(items), "filtered_count": len(items), "items": shown}


# -- reading


def _overview(world: World, asked: Request) -> Reply:
    version = ".".join(map(str, world.version))
    return 200, _named({"node": asked.member, "rabbitmq_version": version}, asked.query.get("columns", ""))


def _nodes(world: World, asked: Request) -> Reply:
    return _listed(asked, world.members, lambda member: _node(world, member))


def _node(world: World, member: str) -> dict[str, Any]:
    if not world.running(member):
        return {"name": member, "type": "disc", "running": False}
    number = world.members.index(member)
    item: dict[str, Any] = {
        "name": member,
        "type": "disc",
        "running": True,
        "uptime": int(world.now() * 1000) % 10**9,
        "mem_used": 110_000_000 + 9_000_000 * number + int(world.now()) % 1000 * 1000,
        "mem_limit": 268_435_456,
        "mem_alarm": False,
        "disk_free": 6_000_000_000,
        "disk_free_limit": 50_000_000,
        "disk_free_alarm": False,
        "fd_used": 60 + number,
        "fd_total": 65_536,
        "sockets_used": 12,
        "sockets_total": 58_890,
        "proc_used": 480,
        "proc_total": 1_048_576,
        "run_queue": 0,
        "partitions": [],
        "applications": [{"name": "rabbit", "version": ".".join(map(str, world.version))}],
        "rates_mode": "basic",
    }
    if world.version >= (3, 11, 0):
        item["being_drained"] = member in world.drained
    return item


def _queues(world: World, asked: Request) -> Reply:
    where = asked.parts[1:]
    if len(where) == 2:  # noqa: PLR2004
        queue = world.queues.get((where[0], where[1]))
        return MISSING if queue is None else (200, _named(_queue(world, queue), asked.query.get("columns", "")))
    detailed = world.version < (3, 13, 0) or "columns" in asked.query
    items = [queue for key, queue in sorted(world.queues.items()) if not where or key[0] == where[0]]
    if detailed:
        return _listed(asked, items, lambda queue: _queue(world, queue))
    return _listed(asked, items, lambda queue: {k: v for k, v in _queue(world, queue).items() if k in _BASIC})


def _queue(world: World, queue: Queue) -> dict[str, Any]:
    old = world.version < (3, 8, 0)
    empty: Any = [] if old else {}
    item: dict[str, Any] = {
        "name": queue.name,
        "vhost": queue.vhost,
        "node": world.leader(queue),
        "state": world.state(queue),
        "durable": True,
        "auto_delete": False,
        "exclusive": False,
        "policy": world.policy(queue),
        "arguments": queue.arguments or empty,
    }
    if not old:
        item["type"] = queue.kind
    if item["state"] == "down":
        return item
    rate = world.load(queue)
    item |= {
        "consumers": queue.consumers,
        "memory": 20_000 + 100 * world.waiting(queue),
        "messages": world.waiting(queue) + 5 * queue.consumers,
        "messages_ready": world.waiting(queue),
        "messages_unacknowledged": 5 * queue.consumers,
        "message_stats": {
            "publish_details": {"rate": rate},
            "deliver_get_details": {"rate": round(rate * queue.served, 1) if queue.consumers else 0.0},
        },
    }
    if queue.kind == "quorum":
        item |= {"leader": item["node"], "members": queue.members, "online": world.online(queue)}
    elif queue.members and world.version < (4, 0, 0):
        mirrors = [one for one in [*queue.members, queue.leader] if one != item["node"] and world.running(one)]
        synced = [one for one in queue.synchronised if one != item["node"]]
        item |= {"slave_nodes": mirrors, "synchronised_slave_nodes": synced}
    return item


def _exchanges(world: World, asked: Request) -> Reply:
    return _listed(
        asked,
        sorted(world.exchanges),
        lambda key: {
            "vhost": key[0], "name": key[1], "type": world.exchanges[key], "durable": True, "internal": False,
            "auto_delete": False, "arguments": {},
        },
    )  # fmt: skip


def _bindings(world: World, asked: Request) -> Reply:
    own = [(vhost, "", name, name) for vhost, name in sorted(world.queues)]
    return _listed(
        asked,
        [*own, *world.bindings],
        lambda one: {
            "vhost": one[0], "source": one[1], "routing_key": one[2], "destination": one[3],
            "destination_type": "queue", "arguments": {}, "properties_key": one[2] or "~",
        },
    )  # fmt: skip


def _connections(world: World, asked: Request) -> Reply:
    return _listed(
        asked,
        [name for name, one in sorted(world.connections.items()) if world.running(one[2])],
        lambda name: {
            "name": name, "user": world.connections[name][0], "vhost": world.connections[name][1],
            "node": world.connections[name][2], "state": "running", "protocol": "AMQP 0-9-1", "channels": 1,
            "peer_host": name.partition(":")[0], "ssl": False, "connected_at": round(1000 * world.connected),
            "client_properties": {"product": "Simulated", "version": "1.0", "connection_name": "worker"},
            "recv_oct_details": {"rate": 320.0}, "send_oct_details": {"rate": 1250.0},
        },
    )  # fmt: skip


def _channels(world: World, asked: Request) -> Reply:
    return _listed(
        asked,
        sorted(world.connections),
        lambda name: {
            "name": f"{name} (1)", "number": 1, "user": world.connections[name][0],
            "vhost": world.connections[name][1], "node": world.connections[name][2], "state": "running",
            "connection_details": {"name": name}, "prefetch_count": 5, "consumer_count": 1,
            "messages_unacknowledged": 5, "messages_unconfirmed": 0,
            "message_stats": {"deliver_get_details": {"rate": 4.0}},
        },
    )  # fmt: skip


def _policies(world: World, asked: Request) -> Reply:
    return _listed(
        asked,
        sorted(world.policies),
        lambda key: {"vhost": key[0], "name": key[1], **world.policies[key]},
    )


def _users(world: World, _asked: Request) -> Reply:
    old = world.version < (3, 9, 0)
    return 200, [
        {"name": name, "tags": ",".join(user.tags) if old else list(user.tags)}
        for name, user in sorted(world.users.items())
    ]


def _permissions(world: World, _asked: Request) -> Reply:
    return 200, [
        {"user": name, "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}
        for name, user in sorted(world.users.items())
        for vhost in user.vhosts
    ]


def _definitions(world: World, _asked: Request) -> Reply:
    queues = [{"vhost": vhost, "name": name} for vhost, name in sorted(world.queues)]
    return 200, {"rabbit_version": ".".join(map(str, world.version)), "vhosts": world.vhosts, "queues": queues}


def _whoami(world: World, asked: Request) -> Reply:
    name = _user(world, asked.authorization) or ""
    tags = world.users[name].tags
    return 200, {"name": name, "tags": ",".join(tags) if world.version < (3, 9, 0) else list(tags)}


_HANDLERS: dict[tuple[str, str], Callable[[World, Request], Reply]] = {
    ("GET", "overview"): _overview,
    ("GET", "nodes"): _nodes,
    ("GET", "queues"): _queues,
    ("GET", "exchanges"): _exchanges,
    ("GET", "bindings"): _bindings,
    ("GET", "connections"): _connections,
    ("GET", "channels"): _channels,
    ("GET", "policies"): _policies,
    ("GET", "operator-policies"): lambda _world, _asked: (200, []),
    ("GET", "users"): _users,
    ("GET", "permissions"): _permissions,
    ("GET", "definitions"): _definitions,
    ("GET", "whoami"): _whoami,
    ("PUT", "queues"): changes.declare,
    ("POST", "queues"): changes.to_queue,
    ("DELETE", "queues"): changes.drop_queue,
    ("POST", "exchanges"): changes.publish,
    ("PUT", "policies"): changes.set_policy,
    ("DELETE", "policies"): changes.clear_policy,
    ("POST", "rebalance"): changes.rebalance,
    ("DELETE", "connections"): changes.close,
}
_ADMIN = {("GET", "users"), ("GET", "permissions"), ("GET", "definitions"), ("POST", "rebalance")}


def parts(path: str) -> list[str]:
    """The names in the path of an address, behind `/api/`."""
    return [unquote(part) for part in path.removeprefix("/api/").split("/") if part]


def encoded(reply: Reply) -> tuple[int, bytes]:
    """The status and the bytes of the body."""
    status, body = reply
    return status, b"" if body is None else msgspec.json.encode(body)
