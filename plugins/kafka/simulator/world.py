"""The simulated cluster: brokers that come and go, topics that fill, groups that follow. Time is asked for.

Leadership and in-sync replicas are computed from who is alive, as a controller would; nothing is written anywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

CATCHES_UP = 3.0
"""Seconds until the replicas of a broker that is back are in sync."""
ARRIVES = 3.0
"""Seconds until a replica that is moved has been copied."""
TP = tuple[str, int]


@dataclass(slots=True)
class Broker:
    """One broker; `host` and `port` are what it advertises."""

    id: int
    host: str
    port: int
    rack: str = ""
    back_at: float | None = 0.0
    """When it came back (0: was always there), None while it is away."""


@dataclass(slots=True)
class Record:
    """One message that somebody wrote."""

    key: bytes | None
    value: bytes
    at: float
    headers: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])


@dataclass(slots=True)
class Partition:
    """`end` grows with the topic's rate; `written` holds what was produced by a client, by offset."""

    replicas: list[int]
    leader: int = -1
    isr: list[int] = field(default_factory=list[int])
    start: int = 0
    end: float = 0.0
    written: dict[int, Record] = field(default_factory=dict[int, Record])
    moving: Moving | None = None


@dataclass(slots=True)
class Moving:
    """A partition on its way: its replicas before and after, and since when."""

    before: list[int]
    after: list[int]
    since: float


@dataclass(slots=True)
class Topic:
    """`rate`: messages a second over all partitions."""

    name: str
    partitions: list[Partition]
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    configs: dict[str, str] = field(default_factory=dict[str, str])
    rate: float = 0.0
    internal: bool = False


@dataclass(slots=True)
class Group:
    """`speed`: messages a second that it reads of each partition at most; 0: it stands still."""

    name: str
    committed: dict[TP, float] = field(default_factory=dict[TP, float])
    members: list[str] = field(default_factory=list[str])
    speed: float = 0.0
    protocol: str = "consumer"
    kind: str = "classic"
    """`consumer`: of the newer protocol."""
    moving: str = ""
    """The state while members are given other partitions, as the protocol calls it."""

    @property
    def state(self) -> str:
        return self.moving or ("Stable" if self.members else "Empty")

    def share(self, member: str) -> dict[str, list[int]]:
        """The partitions of a member by topic: in turns."""
        found: dict[str, list[int]] = {}
        for topic, number in sorted(self.committed)[self.members.index(member) :: len(self.members)]:
            found.setdefault(topic, []).append(number)
        return found


@dataclass(slots=True)
class World:
    """See the module. `look` brings everything to the present; answers call it first."""

    brokers: dict[int, Broker] = field(default_factory=dict[int, Broker])
    topics: dict[str, Topic] = field(default_factory=dict[str, Topic])
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    cluster: str = "MkU3OEVBNTcwNTJENDM2Qk"
    defaults: dict[str, str] = field(
        default_factory=lambda: {
            "min.insync.replicas": "1",
            "cleanup.policy": "delete",
            "retention.ms": "604800000",
            "log.cleaner.threads": "1",
        }
    )
    overrides: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    """What was set on a broker while it ran."""
    alive: Callable[[int], bool] = lambda _broker: True
    now: Callable[[], float] = lambda: 0.0
    users: dict[str, str] = field(default_factory=dict[str, str])
    """Names and passwords; none: everybody may come."""
    authorizer: bool = False
    """Whether rules are kept; there are none, so that everybody may do everything either way."""
    arrives: float = ARRIVES
    _looked: float | None = None

    def up(self, broker: int) -> bool:
        return self.brokers[broker].back_at is not None

    @property
    def controller(self) -> int:
        return next((one.id for one in self.brokers.values() if one.back_at is not None), -1)

    def look(self) -> None:
        """Who is there, who leads what, and how much was written and read since the last look."""
        now = self.now()
        passed = 0.0 if self._looked is None else max(0.0, now - self._looked)
        first, self._looked = self._looked is None, now
        for broker in self.brokers.values():
            if not self.alive(broker.id):
                broker.back_at = None
            elif broker.back_at is None:
                broker.back_at = 0.0 if first else now
        for topic in self.topics.values():
            for part in topic.partitions:
                self._move(part, now)
                self._lead(part, now)
                if part.leader >= 0:
                    part.end += passed * topic.rate / len(topic.partitions)
        for group in self.groups.values():
            self._read(group, passed)

    def move(self, part: Partition, to: list[int] | None) -> bool:
        """Send a partition to other brokers, or (None) back to where it was; whether there was anything to do."""
        if to is None:
            if part.moving is None:
                return False
            part.replicas, part.moving = part.moving.before, None
        else:
            before = part.moving.before if part.moving else list(part.replicas)
            part.moving = Moving(before, to, self.now())
            part.replicas = [*to, *(one for one in before if one not in to)]
        part.isr = [one for one in part.isr if one in part.replicas]
        return True

    def _move(self, part: Partition, now: float) -> None:
        """It arrives when all that get a copy were there for a while."""
        way = part.moving
        if way is None or now - way.since < self.arrives or not all(self.up(one) for one in way.after):
            return
        part.replicas, part.isr, part.moving = way.after, list(way.after), None

    def _lead(self, part: Partition, now: float) -> None:
        up = {one: self.brokers[one].back_at for one in part.replicas if one in self.brokers}
        there = [one for one, since in up.items() if since is not None]
        coming = set(part.moving.after) - set(part.moving.before) if part.moving else set[int]()
        well = [
            one
            for one in there
            if one in part.isr or (one not in coming and now - (up[one] or 0.0) >= CATCHES_UP) or not part.isr
        ]
        part.isr = well or part.isr[:1]
        if part.leader not in there or part.leader not in part.isr:
            part.leader = next((one for one in part.replicas if one in part.isr and one in there), -1)

    def _read(self, group: Group, passed: float) -> None:
        for (name, number), at in list(group.committed.items()):
            topic = self.topics.get(name)
            if topic is None or number >= len(topic.partitions):
                del group.committed[name, number]
            elif group.members:
                group.committed[name, number] = min(topic.partitions[number].end, at + group.speed * passed)

    def coordinator(self, group: str) -> int:
        """The broker that keeps a group: always the same while it is there."""
        there = [one.id for one in self.brokers.values() if one.back_at is not None]
        return there[sum(group.encode()) % len(there)] if there else -1

    def config(self, topic: Topic) -> dict[str, tuple[str, int]]:
        """Keys of a topic with where they come from (1: itself, 5: default)."""
        return {key: (value, 5) for key, value in self.defaults.items()} | {
            key: (value, 1) for key, value in topic.configs.items()
        }


def topic(name: str, partitions: int, *, brokers: int = 3, replicas: int = 3, end: int = 0) -> Topic:
    """A topic spread over the brokers, each partition with `end` messages."""
    parts = [
        Partition([(number + n) % brokers for n in range(min(replicas, brokers))], end=float(end))
        for number in range(partitions)
    ]
    return Topic(name, parts)


def reference(world: World) -> World:
    """What the sandbox shows: topics with load, and a group of each verdict."""
    for made, rate, configs in (
        (topic("orders", 6, replicas=2, end=4000), 18.0, {}),
        (topic("payments", 3, replicas=2, end=900), 3.0, {"min.insync.replicas": "1", "retention.ms": "86400000"}),
        (topic("audit", 3, end=300), 0.4, {"min.insync.replicas": "2", "cleanup.policy": "compact"}),
        (topic("ledger", 2, replicas=2, end=120), 0.0, {"min.insync.replicas": "2"}),
    ):
        made.rate, made.configs = rate, dict(configs)
        world.topics[made.name] = made
    for name, of, behind, speed, members in (
        ("billing", "orders", 0, 50.0, ["billing-0", "billing-1"]),
        ("search", "orders", 200, 2.0, ["search-0"]),
        ("archive", "payments", 40, 0.0, []),
        ("mailer", "payments", 25, 0.0, ["mailer-0"]),
    ):
        parts = world.topics[of].partitions
        committed = {(of, number): part.end - behind for number, part in enumerate(parts)}
        world.groups[name] = Group(name, committed, members, speed)
    return world
