"""Queues: what they hold, where they are led, and which of their copies are there.

Rows are made of one page at a time. `online` and `synced` count only members that run: a recorded answer (3.10) still
named a stopped one among the synchronised mirrors.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from console.text import in_address
from plugins.rabbitmq.model.wire import (
    Names,
    Number,
    RateWire,
    Row,
    Wire,
    line,
    names,
    number,
    pairs,
    rate,
    whole,
    word,
)

COLUMNS = (
    "name,vhost,type,node,state,durable,exclusive,auto_delete,policy,consumers,memory,messages_ready,"
    "messages_unacknowledged,leader,members,online,slave_nodes,synchronised_slave_nodes,arguments,"
    "message_stats.publish_details.rate,message_stats.deliver_get_details.rate"
)
"""Naming columns makes every version from 3.7 to 4.x answer with details, also where /api/queues alone has none."""
PAGE = 500
_CALM = frozenset({"running", "idle", "flow", "live"})


class StatsWire(Wire, frozen=True, gc=False):
    """`message_stats` of a queue: absent until a message passed, and always where no metrics are collected."""

    publish_details: RateWire | None = None
    deliver_get_details: RateWire | None = None


class QueueWire(Wire, frozen=True, gc=False):
    """One entry of /api/queues. Older versions write an empty list for an object without fields."""

    name: str
    vhost: str
    type: str | None = None
    node: str | None = None
    state: str | None = None
    durable: bool | None = None
    exclusive: bool | None = None
    auto_delete: bool | None = None
    policy: str | None = None
    consumers: Number = None
    memory: Number = None
    messages_ready: Number = None
    messages_unacknowledged: Number = None
    leader: str | None = None
    members: Names = None
    online: Names = None
    slave_nodes: Names = None
    synchronised_slave_nodes: Names = None
    arguments: dict[str, Any] | list[Any] | None = None
    message_stats: StatsWire | list[Any] | None = None


class QueuePage(Wire, frozen=True, gc=False):
    """A page of them."""

    items: tuple[QueueWire, ...] = ()
    page: int = 1
    page_count: int = 1
    total_count: int = 0


PAGES = msgspec.json.Decoder(QueuePage)


class QueueRow(Row, frozen=True, gc=False):
    """One queue. `at` is its address (`VHOST/NAME`, escaped); None and an empty `state` are unknown.

    `members` are all that have a copy, the leader among them; `online` those of them that serve it now. `mirrored`
    tells copies of a classic queue (`online` are then the synchronised ones) from those of a quorum queue.
    """

    at: str
    vhost: str
    name: str
    kind: str = ""
    leader: str = ""
    state: str = ""
    members: tuple[str, ...] = ()
    online: tuple[str, ...] = ()
    mirrored: bool = False
    ready: int | None = None
    unacked: int | None = None
    rate_in: float | None = None
    rate_out: float | None = None
    consumers: int | None = None
    memory: int | None = None
    policy: str = ""
    durable: bool = True
    exclusive: bool = False
    auto_delete: bool = False
    arguments: tuple[tuple[str, str], ...] = ()
    told: bool = True
    """Whether the server said who has copies and who serves them."""

    @property
    def alone(self) -> bool:
        """Whether one member alone has it."""
        return len(self.members) <= 1

    @property
    def missing(self) -> tuple[str, ...]:
        """The members whose copy does not serve now: stopped, or not synchronised."""
        return tuple(name for name in self.members if name not in self.online)

    @property
    def quorum(self) -> int:
        """How many copies must be there for a quorum queue or a stream to take messages; 1 for a classic queue."""
        return 1 if self.kind == "classic" else len(self.members) // 2 + 1

    @property
    def fault(self) -> bool:
        """Whether somebody should look at it."""
        return self.state not in _CALM or bool(self.missing)


def queue(wire: QueueWire, running: AbstractSet[str] | None) -> QueueRow:
    """The row of one entry; `running`: the members that run, None where that is not known."""
    leader = word(wire.leader) or word(wire.node)
    kind = word(wire.type) or _kind(wire.arguments)
    mirrors = names(wire.slave_nodes)
    if kind == "classic":
        members = tuple(sorted({leader, *mirrors} - {""}))
        serving = {leader, *names(wire.synchronised_slave_nodes)} if mirrors else set(members)
    else:
        members, serving = names(wire.members), set(names(wire.online))
    told = _told(wire, leader, kind)
    if running is not None:
        serving &= running
    stats = wire.message_stats if isinstance(wire.message_stats, StatsWire) else None
    return QueueRow(
        at=in_address(wire.vhost, wire.name),
        vhost=word(wire.vhost),
        name=line(wire.name, 255),
        kind=kind,
        leader=leader,
        state=word(wire.state),
        members=members,
        online=tuple(name for name in members if name in serving),
        mirrored=bool(mirrors),
        ready=whole(wire.messages_ready),
        unacked=whole(wire.messages_unacknowledged),
        rate_in=None if stats is None else rate(stats.publish_details),
        rate_out=None if stats is None else rate(stats.deliver_get_details),
        consumers=whole(wire.consumers),
        memory=whole(number(wire.memory)),
        policy=word(wire.policy),
        durable=wire.durable is not False,
        exclusive=bool(wire.exclusive),
        auto_delete=bool(wire.auto_delete),
        arguments=pairs(wire.arguments),
        told=told,
    )


def _told(wire: QueueWire, leader: str, kind: str) -> bool:
    if kind != "classic":
        return isinstance(wire.members, list) and isinstance(wire.online, list)
    return bool(leader) and (not names(wire.slave_nodes) or isinstance(wire.synchronised_slave_nodes, list))


def _kind(arguments: object) -> str:
    """Before 3.8 nothing says the type, since there was one; a stopped queue may not say it either."""
    return dict(pairs(arguments)).get("x-queue-type", "classic")
