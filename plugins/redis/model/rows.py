"""The rows of the panes, and the tables that name them."""

from __future__ import annotations

from msgspec import Struct

from console.model import NodeName, Ref
from console.plugin import Index, Table
from plugins.redis.model.info import Info
from plugins.redis.model.sentinel import View


class Seat(Struct, frozen=True):
    """Where one server or Sentinel is reached, and the pod that it is, where it is one."""

    name: str
    host: str
    port: int
    pod: Ref | None = None
    node: NodeName = NodeName("")

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


class Member(Struct, frozen=True):
    """One server. `problem` says why it did not answer; then `info` is None and nothing is known of it now."""

    seat: Seat
    address: str
    """As it is announced to the others, else where it is reached."""
    master: str = ""
    """The group that it belongs to, by its master's name; empty where nobody says."""
    info: Info | None = None
    problem: str = ""
    lag: int | None = None
    """Bytes behind the master."""
    silent: float | None = None
    """Seconds since the master heard of it."""
    named_master: bool = False
    """Whether the Sentinels name it as the master."""
    refused: str = ""
    """Why the Sentinels would not choose it in a failover; empty where they would, or where it is the master."""
    least_replicas: int | None = None
    """`min-replicas-to-write`: with fewer good replicas writes are refused."""

    @property
    def name(self) -> str:
        return self.seat.name

    @property
    def role(self) -> str:
        return self.info.role if self.info else ""

    @property
    def hit_rate(self) -> float | None:
        if self.info is None or self.info.hits is None or self.info.misses is None:
            return None
        asked = self.info.hits + self.info.misses
        return self.info.hits / asked if asked else None


class Opinion(Struct, frozen=True):
    """What one Sentinel believes of one master; `view` is None where it did not answer or knows none.

    A silent one keeps its rows: `watches` is what the others watch.
    """

    seat: Seat
    id: str = ""
    view: View | None = None
    problem: str = ""
    differs: tuple[str, ...] = ()
    """How it differs from the others, a sentence each."""
    pending: int | None = None
    """Scripts that wait to be run."""
    tilt: bool = False
    watches: str = ""

    @property
    def master(self) -> str:
        return self.view.master if self.view else self.watches

    @property
    def key(self) -> str:
        return f"{self.seat.name}/{self.master}"


class Master(Struct, frozen=True):
    """One master group: what the Sentinels say together, and what the server itself says.

    `address` is the one that most Sentinels name. Without any Sentinel the name is the instance's, and nothing fails
    over by itself.
    """

    name: str
    address: str = ""
    addresses: tuple[str, ...] = ()
    member: str = ""
    node: NodeName = NodeName("")
    role: str = ""
    """What the named server says that it is; empty where it does not answer."""
    problem: str = ""
    flags: frozenset[str] = frozenset()
    agree: int = 0
    answered: int = 0
    sentinels: int = 0
    """Sentinels that agree on the address, that answered, and that there are."""
    quorum: int | None = None
    usable: int | None = None
    quorum_ok: bool | None = None
    quorum_text: str = ""
    epoch: int | None = None
    down_after: float = 0.0
    failover_timeout: float = 0.0
    failover: str = ""
    replicas: int | None = None
    good: tuple[str, ...] | None = None
    """Addresses that a failover could choose; None where no Sentinel told."""
    refusals: tuple[str, ...] = ()
    good_replicas: int | None = None
    least_replicas: int | None = None

    @property
    def voters(self) -> int:
        return self.sentinels

    @property
    def majority(self) -> int:
        return self.sentinels // 2 + 1


class Slow(Struct, frozen=True):
    """One entry of a server's slow log. `took` in seconds; arguments that may be secrets are left out."""

    member: str
    id: int
    at: float
    took: float
    command: str
    client: str = ""
    client_name: str = ""
    node: NodeName = NodeName("")


MASTERS = Table[Master]("redis-masters", lambda row: row.name)
MEMBERS = Table[Member]("redis-members", lambda row: row.seat.name)
SENTINELS = Table[Opinion]("redis-sentinels", lambda row: row.key)
SLOWLOG = Table[Slow]("redis-slowlog", lambda row: f"{row.member}/{row.at:.0f}/{row.id}")
OF_MASTER = Index[Member](MEMBERS, "master", lambda row: (row.master,))
OPINIONS = Index[Opinion](SENTINELS, "master", lambda row: (row.master,))
