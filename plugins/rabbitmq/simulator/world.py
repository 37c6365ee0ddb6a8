"""What the simulated cluster is. Load is a function of time, so that nothing has to run for it to move.

Numbers of the reference cluster are invented; its shape (vhosts, policy on `/` alone, one queue without a mirror) is
that of clusters seen in life.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_WAVE = 40.0


@dataclass
class Message:
    """One message that somebody published."""

    key: str
    payload: str
    exchange: str = ""
    delivered: int = 0


@dataclass
class Queue:
    """One queue; `pace` messages a second come in, and `pace * served` of them go out."""

    vhost: str
    name: str
    leader: str
    kind: str = "classic"
    members: list[str] = field(default_factory=list[str])
    """All copies of a quorum queue, or the mirrors of a classic one without its leader."""
    synchronised: list[str] = field(default_factory=list[str])
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    consumers: int = 0
    base: int = 0
    pace: float = 0.0
    served: float = 1.0
    messages: list[Message] = field(default_factory=list[Message])


@dataclass
class User:
    """A user; without a tag it may not use the management API."""

    password: str
    tags: tuple[str, ...] = ()
    vhosts: tuple[str, ...] = ()


@dataclass
class World:
    """Everything there is. `up` says whether a member runs; `now` is the time in seconds."""

    version: tuple[int, int, int]
    members: list[str]
    now: Callable[[], float]
    up: Callable[[str], bool] = lambda _member: True
    drained: set[str] = field(default_factory=set[str])
    vhosts: list[str] = field(default_factory=lambda: ["/"])
    users: dict[str, User] = field(default_factory=dict[str, User])
    queues: dict[tuple[str, str], Queue] = field(default_factory=dict[tuple[str, str], Queue])
    exchanges: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    bindings: list[tuple[str, str, str, str]] = field(default_factory=list[tuple[str, str, str, str]])
    """(vhost, exchange, key, queue)"""
    policies: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict[tuple[str, str], dict[str, Any]])
    connections: dict[str, tuple[str, str, str]] = field(default_factory=dict[str, tuple[str, str, str]])
    """name -> (user, vhost, member)"""
    connected: float = 0.0
    """Since when, in epoch seconds: hours before the simulator began."""
    requests: list[str] = field(default_factory=list[str])
    """Every request, `METHOD PATH?QUERY`, for tests that count them."""
    fault: str = ""
    """`hang`, `half`, `refuse` or `garbage`: how the next answers go wrong."""

    def __post_init__(self) -> None:
        self.connected = self.now() - 3 * 3600

    def running(self, member: str) -> bool:
        return self.up(member)

    def online(self, queue: Queue) -> list[str]:
        """Where it is served; the copies of a drained member are stopped."""
        return [one for one in queue.members if self.running(one) and one not in self.drained]

    def leader(self, queue: Queue) -> str:
        """A copy that runs leads a quorum queue; a synchronised mirror takes over where the leader died."""
        if self.running(queue.leader) and not (queue.kind == "quorum" and queue.leader in self.drained):
            return queue.leader
        others = self.online(queue) if queue.kind == "quorum" else [o for o in queue.synchronised if self.running(o)]
        if others:
            queue.leader = others[0]
        return queue.leader

    def state(self, queue: Queue) -> str:
        """`minority` where too few copies run, `down` where the only one does not."""
        if queue.kind == "quorum":
            return "running" if len(self.online(queue)) > len(queue.members) // 2 else "minority"
        return "running" if self.running(self.leader(queue)) else "down"

    def load(self, queue: Queue) -> float:
        """Messages a second that come in now."""
        return round(queue.pace * (1 + 0.5 * math.sin(self.now() / _WAVE + len(queue.name))), 1)

    def waiting(self, queue: Queue) -> int:
        """Messages that are ready."""
        swing = queue.pace * (1 - queue.served) * _WAVE * (1 + math.sin(self.now() / _WAVE))
        return len(queue.messages) + queue.base + int(swing)

    def policy(self, queue: Queue) -> str | None:
        """The name of the policy that rules it: the one with the highest priority that matches."""
        found = [
            (policy["priority"], name)
            for (vhost, name), policy in self.policies.items()
            if vhost == queue.vhost and policy["apply-to"] != "exchanges" and re.search(policy["pattern"], queue.name)
        ]
        return max(found)[1] if found else None


def reference(members: list[str], now: Callable[[], float]) -> World:
    """The cluster of the sandbox: three members of version 3.7.12, as the chart rabbitmq-ha makes them."""
    world = World((3, 7, 12), members, now, vhosts=["/", "/rabbit"])
    world.users = {
        "guest": User("invented", ("administrator",), ("/", "/rabbit")),
        "management": User("invented", ("management",), ("/",)),
        "test_producer01": User("invented", ("administrator",), ("/rabbit",)),
    }
    world.policies["/", "ha-all"] = {
        "pattern": ".*",
        "apply-to": "all",
        "priority": 0,
        "definition": {"ha-mode": "all", "ha-sync-mode": "automatic", "ha-sync-batch-size": 1},
    }
    first, *others = members
    for name, pace, leader in (("source", 12.0, first), ("destination", 11.5, members[-1]), ("mails", 3.0, first)):
        mirrors = [one for one in members if one != leader]
        queue = Queue(
            "/", name, leader, members=mirrors, synchronised=list(mirrors), consumers=2, pace=pace, served=0.9
        )
        world.queues["/", name] = queue
    alone = others[-1] if others else first
    world.queues["/rabbit", "myName"] = Queue("/rabbit", "myName", alone, consumers=1, base=4000, pace=8.0, served=0.7)
    for vhost in world.vhosts:
        world.exchanges |= {(vhost, ""): "direct", (vhost, "amq.topic"): "topic", (vhost, "amq.fanout"): "fanout"}
    world.exchanges["/rabbit", "myName"] = "direct"
    world.bindings.append(("/rabbit", "myName", "myKey", "myName"))
    for number, member in enumerate(members * 2):
        name = f"10.244.{number}.7:4{number}112 -> 10.244.{number}.9:5672"
        world.connections[name] = ("test_producer01", "/rabbit" if number % 2 else "/", member)
    return world


def modern(
    count: int, now: Callable[[], float], *, queues: int = 0, version: tuple[int, int, int] = (4, 1, 4)
) -> World:
    """A cluster of `count` members with quorum queues; `queues` more of them, for long lists."""
    members = [f"rabbit@rabbit-{number}" for number in range(count)]
    world = World(version, members, now, vhosts=["/", "shop"])
    world.users = {
        "admin": User("admin-lab", ("administrator",), ("/", "shop")),
        "monitor": User("monitor-lab", ("monitoring",), ("/", "shop")),
        "orders": User("orders-lab", (), ("shop",)),
    }
    for vhost in world.vhosts:
        world.exchanges |= {(vhost, ""): "direct", (vhost, "amq.topic"): "topic", (vhost, "amq.fanout"): "fanout"}
    world.exchanges["shop", "orders"] = "topic"
    for number, name in enumerate(("orders.new", "orders.paid", "orders.shipped")):
        queue = Queue("shop", name, members[number % count], "quorum", list(members), pace=5.0, base=40)
        queue.arguments = {"x-queue-type": "quorum"} | ({"x-delivery-limit": 5} if name == "orders.paid" else {})
        world.queues["shop", name] = queue
        world.bindings.append(("shop", "orders", f"{name.replace('orders', 'order')}.#", name))
    world.queues["shop", "plain"] = Queue("shop", "plain", members[0])
    for number in range(queues):
        name = f"bulk.{number:05}"
        world.queues["shop", name] = Queue("shop", name, members[number % count], "quorum", members, pace=0.5, base=3)
    world.connections["10.0.0.7:41112 -> 10.0.0.9:5672"] = ("orders", "shop", members[0])
    return world
