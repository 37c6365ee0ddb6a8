"""The state of a simulated Pulsar with its BookKeeper: what exists, who owns it, who answers, which fault is on."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

BUNDLES = ("0x00000000_0x40000000", "0x40000000_0x80000000", "0x80000000_0xc0000000", "0xc0000000_0xffffffff")


@dataclass(slots=True)
class Subscription:
    """A subscription: the messages that it has not acknowledged are the last `backlog` of its topic."""

    backlog: int = 0
    type: str = "Shared"
    consumers: list[str] = field(default_factory=list[str])
    unacked: int = 0
    blocked: bool = False


@dataclass(slots=True)
class Topic:
    """A topic or a partition; `loaded`: a broker has it open, so that its page names it."""

    messages: list[bytes] = field(default_factory=list[bytes])
    subscriptions: dict[str, Subscription] = field(default_factory=dict[str, Subscription])
    producers: int = 0
    rate: float = 0.0
    loaded: bool = True
    terminated: bool = False
    offload: str = "NOT_RUN"


@dataclass(slots=True)
class Bookie:
    """A bookie: its id in the cluster, and how it is."""

    id: str
    rack: str = ""
    read_only: bool = False
    free: int = 30 << 30
    total: int = 50 << 30
    ledgers: int = 40


@dataclass(slots=True)
class Function:
    """A function, source or sink; `worker`: the broker that runs its one instance, empty where none does."""

    kind: str = "function"
    worker: str = ""
    running: bool = True
    error: str = ""
    received: int = 0
    raised: list[str] = field(default_factory=list[str])
    restarts: int = 0


@dataclass
class World:
    """See the module. `addresses`: member -> host:port under which it is known; `alive(member)`: whether it answers."""

    cluster: str = "pulsar"
    version: str = "4.0.8"
    brokers: list[str] = field(default_factory=list[str])
    bookies: dict[str, Bookie] = field(default_factory=dict[str, Bookie])
    managers: list[str] = field(default_factory=list[str])
    addresses: dict[str, str] = field(default_factory=dict[str, str])
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    """Token -> role; none: no authentication."""
    superusers: frozenset[str] = frozenset({"admin"})
    tenants: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    namespaces: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    partitioned: dict[str, int] = field(default_factory=dict[str, int])
    topics: dict[str, Topic] = field(default_factory=dict[str, Topic])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    recovery: bool = True
    delay: int = 0
    lost: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Under-replicated ledgers and the bookies that miss them."""
    administrators: dict[str, str] = field(default_factory=dict[str, str])
    """Of Pulsar Manager: name -> password."""
    offloader: bool = False
    """Whether a long-term storage is configured."""
    isolation: dict[str, Any] = field(default_factory=dict[str, Any])
    functions: dict[str, Function] | None = None
    """By TENANT/NAMESPACE/NAME; None: no functions worker is enabled."""
    workers: frozenset[str] = frozenset()
    """The brokers that have one; empty: all."""
    workers_start: bool = False
    environments: list[dict[str, str | None]] = field(default_factory=list[dict[str, str | None]])
    """Of Pulsar Manager: name, broker, bookie."""
    fault: str = ""
    """`hang`, `half`, `garbage`: what all servers do to each answer; `broken`: they fail (500)."""
    faulty: frozenset[str] = frozenset()
    """The members that the fault concerns; empty: all."""
    requests: list[str] = field(default_factory=list[str])
    alive: Callable[[str], bool] = lambda _member: True

    def bundle(self, topic: str) -> str:
        """`tenant/namespace/range` of a topic's full name."""
        space = topic.partition("://")[2].rpartition("/")[0]
        return f"{space}/{BUNDLES[zlib.crc32(topic.encode()) % len(BUNDLES)]}"

    def owner(self, topic: str) -> str:
        """The broker that owns a topic's bundle; one that lives, else none (empty)."""
        bundle = self.bundle(topic)
        owner = self.owners.get(bundle, "")
        if owner not in self.running:
            living = self.running
            owner = living[zlib.crc32(bundle.encode()) % len(living)] if living else ""
            self.owners[bundle] = owner
        return owner

    @property
    def running(self) -> list[str]:
        """The brokers that are registered."""
        return [one for one in self.brokers if self.alive(one)]

    def carried(self, broker: str) -> dict[str, dict[str, Topic]]:
        """What a broker has loaded: bundle -> topics."""
        found: dict[str, dict[str, Topic]] = {}
        for name, topic in self.topics.items():
            if topic.loaded and self.owner(name) == broker:
                found.setdefault(self.bundle(name), {})[name] = topic
        return found

    def move(self, bundle: str) -> None:
        """Unload: the next broker that lives takes it."""
        living = self.running
        owner = self.owners.get(bundle, "")
        if owner in living and len(living) > 1:
            self.owners[bundle] = living[(living.index(owner) + 1) % len(living)]

    def make(self, name: str, partitions: int = 0) -> None:
        """A topic, or a partitioned one with its partitions, none of them loaded yet."""
        if not partitions:
            self.topics[name] = Topic(loaded=False)
            return
        self.partitioned[name] = partitions
        for at in range(partitions):
            self.topics.setdefault(f"{name}-partition-{at}", Topic(loaded=False))

    def parts(self, name: str) -> list[Topic]:
        """The topic itself, or all partitions of it; nothing where there is none."""
        if name in self.partitioned:
            return [self.topics[f"{name}-partition-{at}"] for at in range(self.partitioned[name])]
        return [self.topics[name]] if name in self.topics else []


def furnish(world: World) -> None:
    """Tenants, namespaces, topics and subscriptions as the reference installation and the test servers have them."""
    everywhere: dict[str, Any] = {"adminRoles": [], "allowedClusters": [world.cluster]}
    world.tenants |= {name: dict(everywhere) for name in ("public", "pulsar", "test-tenant")}
    world.tenants["shop"] = {"adminRoles": ["shop-admin"], "allowedClusters": [world.cluster]}
    world.namespaces |= {name: {} for name in ("public/default", "pulsar/system", "test-tenant/test-ns", "shop/orders")}
    world.namespaces["shop/critical"] = {
        "persistence": {"bookkeeperEnsemble": 3, "bookkeeperWriteQuorum": 3, "bookkeeperAckQuorum": 2}
    }
    world.namespaces["shop/orders"] |= {
        "retention_policies": {"retentionTimeInMinutes": 1440, "retentionSizeInMB": 100},
        "backlog_quota_map": {
            "destination_storage": {
                "limit": 10 << 20,
                "limitSize": 10 << 20,
                "limitTime": -1,
                "policy": "producer_request_hold",
            }
        },
        "auth_policies": {"namespace_auth": {"shop-app": ["produce", "consume"]}},
    }
    world.make("persistent://test-tenant/test-ns/test-topic", 3)
    world.make("persistent://shop/orders/events", 4)
    for at in range(4):
        part = world.topics[f"persistent://shop/orders/events-partition-{at}"]
        part.messages = [f"order {n} of events".encode() for n in range(50)]
        part.loaded, part.producers, part.rate = True, 1, 4.5
        part.subscriptions = {
            "billing": Subscription(50, type="None"),
            "shipping": Subscription(0, consumers=["shipping-1"], unacked=0),
            "slow": Subscription(40, consumers=["slow-1", "slow-2"], unacked=30),
        }
    audit = Topic([f"order {n} of audit".encode() for n in range(30)])
    audit.subscriptions["archiver"] = Subscription(30, type="None")
    world.topics["persistent://shop/orders/audit"] = audit
    if world.functions is not None:
        _functions(world, world.functions)
    payments = Topic([f"payment {n}".encode() for n in range(40)])
    payments.subscriptions["ledger"] = Subscription(40, type="Failover", consumers=["ledger-1"])
    world.topics["persistent://shop/critical/payments"] = payments


def _functions(world: World, functions: dict[str, Function]) -> None:
    """One of each kind; the second function failed, the third runs nowhere."""
    first, last = world.brokers[0], world.brokers[-1]
    wrong = "java.lang.IllegalArgumentException: no price\n\tat shop.Price.process(Price.java:31)"
    functions["shop/orders/enrich"] = Function(worker=first, received=4200, raised=[wrong])
    refused = "java.lang.NoClassDefFoundError: shop/Price"
    functions["shop/orders/price"] = Function(worker=last, running=False, error=refused, restarts=7)
    functions["shop/critical/audit-sink"] = Function("sink", worker=last, received=310)
    functions["shop/critical/ledger-source"] = Function("source", worker=first, received=95)
    functions["test-tenant/test-ns/idle"] = Function()
