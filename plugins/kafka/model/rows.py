"""Rows: frozen values of what the cluster says of itself, and the tokens that name their tables."""

from __future__ import annotations

from msgspec import Struct

from console.model import NodeName, Ref
from console.plugin import Index, Table
from plugins.kafka.lag import Standing


class Fall(Struct, frozen=True, gc=False):
    """What happens to the partitions of a broker when it goes, as it is now. Names are `topic/partition`.

    `offline`: it holds the only copy in sync. `under`: fewer in sync than min ISR are left, writes with acks=all stop.
    `always`: as many replicas as min ISR, so that any restart stops them (not held against a rolling restart).
    `unknown`: min ISR could not be read. Bounded lists; the counts are whole.
    """

    offline: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def safe(self) -> bool:
        return self.counts == (0, 0, 0, 0)


class Broker(Struct, frozen=True):
    """One broker. Sizes in bytes, None where it did not say; `pod` and `node` where the platform knows them."""

    id: int
    host: str = ""
    port: int = 0
    rack: str = ""
    present: bool = True
    fenced: bool | None = None
    controller: bool = False
    voter: str = ""
    """`leader`, `voter`, `observer`, empty where there is no quorum to ask (ZooKeeper)."""
    voter_lag: int | None = None
    leaders: int = 0
    preferred: int = 0
    """Partitions that it leads when all is as wished."""
    replicas: int = 0
    in_sync: int = 0
    missing: int = 0
    """Replicas here that are not in sync."""
    fall: Fall = Fall()
    size: int | None = None
    total: int | None = None
    free: int | None = None
    bad_dirs: tuple[str, ...] = ()
    release: str = ""
    pod: Ref | None = None
    node: NodeName = NodeName("")
    error: str = ""

    @property
    def key(self) -> str:
        return str(self.id)


class Topic(Struct, frozen=True, gc=False):
    """One topic, rolled up. `rate`: messages a second that come in; `configs`: what differs from the brokers' own."""

    name: str
    internal: bool = False
    partitions: int = 0
    replication: int = 0
    min_isr: int | None = None
    under_replicated: int = 0
    at_min: int = 0
    under_min: int = 0
    offline: int = 0
    not_preferred: int = 0
    size: int | None = None
    messages: int | None = None
    rate: float | None = None
    configs: tuple[tuple[str, str], ...] = ()
    error: str = ""


class Partition(Struct, frozen=True, gc=False):
    """One partition; `leader` -1: none. Offsets None where the leader did not say."""

    topic: str
    number: int
    leader: int = -1
    replicas: tuple[int, ...] = ()
    isr: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    """Replicas on brokers that are away or whose disk failed."""
    min_isr: int | None = None
    start: int | None = None
    end: int | None = None
    size: int | None = None
    internal: bool = False
    error: str = ""

    @property
    def key(self) -> str:
        return f"{self.topic}/{self.number}"

    @property
    def preferred(self) -> int:
        return self.replicas[0] if self.replicas else -1

    @property
    def health(self) -> str:
        """`offline`, `under min`, `at min`, `under-replicated`, `ok`, or `?` where min ISR is not known."""
        if self.leader < 0:
            return "offline"
        if self.min_isr is None:
            return "under-replicated" if len(self.isr) < len(self.replicas) else "?"
        if len(self.isr) < self.min_isr:
            return "under min"
        if len(self.isr) == self.min_isr and len(self.replicas) > self.min_isr:
            return "at min"
        return "under-replicated" if len(self.isr) < len(self.replicas) else "ok"


class Place(Struct, frozen=True, gc=False):
    """Where a group stands on one partition. `committed` -1: nothing was; `end` None: its leader was silent."""

    topic: str
    partition: int
    committed: int
    end: int | None
    standing: Standing
    member: str = ""
    error: str = ""

    @property
    def lag(self) -> int | None:
        return None if self.end is None or self.committed < 0 else max(0, self.end - self.committed)


class GroupMember(Struct, frozen=True, gc=False):
    """One consumer: its ids, where it comes from, and how many partitions are given to it."""

    id: str
    client: str
    host: str
    instance: str = ""
    partitions: int = 0


class Group(Struct, frozen=True, gc=False):
    """One consumer group. `behind`: lags summed, None: not known; `eta`: seconds, None: never or unknown."""

    name: str
    state: str = ""
    kind: str = ""
    """`classic`, `consumer` (KIP-848), `share`; empty where the broker does not say."""
    protocol: str = ""
    coordinator: int = -1
    members: tuple[GroupMember, ...] | None = None
    places: tuple[Place, ...] = ()
    behind: int | None = None
    worst: int | None = None
    consumed: float | None = None
    produced: float | None = None
    eta: float | None = None
    standing: Standing = Standing.UNKNOWN
    error: str = ""


FETCH_TIMEOUT = 2.0
"""Seconds behind which a voter is not caught up (controller.quorum.fetch.timeout.ms, as Strimzi's check reads it)."""


class Voter(Struct, frozen=True, gc=False):
    """One member of the metadata quorum. `lag` in records, `behind` in seconds (None before Kafka 3.3)."""

    id: int
    role: str
    """`leader`, `voter`, `observer`."""
    end: int = 0
    lag: int = 0
    behind: float | None = None
    fetched: float | None = None
    """Epoch seconds of its last fetch."""
    address: str = ""
    pod: Ref | None = None
    node: NodeName = NodeName("")

    @property
    def votes(self) -> bool:
        return self.role != "observer"

    @property
    def caught_up(self) -> bool | None:
        """Whether it is in sync with the leader; None where the version does not say."""
        if self.role == "leader":
            return True
        return None if self.behind is None else self.behind < FETCH_TIMEOUT


class Reassignment(Struct, frozen=True, gc=False):
    """A partition on its way to other brokers."""

    topic: str
    number: int
    replicas: tuple[int, ...]
    adding: tuple[int, ...]
    removing: tuple[int, ...]


class Acl(Struct, frozen=True, gc=False):
    """One rule: who may (or may not) do what to which resource, from where."""

    principal: str
    permission: str
    operation: str
    resource: str
    name: str
    pattern: str
    host: str

    @property
    def key(self) -> str:
        who = f"{self.principal}|{self.permission}|{self.operation}"
        return f"{who}|{self.resource}|{self.pattern}|{self.name}|{self.host}"


EXPORTER = "KafkaExporter"
"""The kind of the exporter's row: no kind of the API's, but a part of the Kafka resource."""


class Resource(Struct, frozen=True):
    """One custom resource of Strimzi, or its exporter.

    `state`: Ready, NotReady, Warning, paused; `why`: what its condition says, or what is wrong with the exporter.
    """

    kind: str
    namespace: str
    name: str
    state: str
    why: str = ""
    generation: int = 0
    observed: int | None = None
    paused: bool = False
    detail: str = ""
    since: float | None = None
    rolling: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


BROKERS = Table[Broker]("kafka-brokers", lambda row: row.key)
TOPICS = Table[Topic]("kafka-topics", lambda row: row.name)
PARTITIONS = Table[Partition]("kafka-partitions", lambda row: row.key)
GROUPS = Table[Group]("kafka-groups", lambda row: row.name)
QUORUM = Table[Voter]("kafka-quorum", lambda row: str(row.id))
REASSIGNMENTS = Table[Reassignment]("kafka-reassignments", lambda row: f"{row.topic}/{row.number}")
ACLS = Table[Acl]("kafka-acls", lambda row: row.key)
RESOURCES = Table[Resource]("kafka-resources", lambda row: row.key)
PARTITIONS_BY_TOPIC = Index[Partition](PARTITIONS, "topic", lambda row: (row.topic,))
PARTITIONS_BY_BROKER = Index[Partition](PARTITIONS, "broker", lambda row: tuple(map(str, row.replicas)))
