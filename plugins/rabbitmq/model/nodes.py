"""Members: what /api/nodes says of each, and the pod that it is."""

from __future__ import annotations

import msgspec

from console.model import NodeName, Ref
from plugins.rabbitmq.model.wire import Names, Number, Row, Wire, names, number, whole, word

COLUMNS = (
    "name,type,running,being_drained,uptime,mem_used,mem_limit,mem_alarm,disk_free,disk_free_limit,disk_free_alarm,"
    "fd_used,fd_total,sockets_used,sockets_total,proc_used,proc_total,run_queue,partitions,applications,rates_mode"
)
"""The fields that a row is made of; without naming them the answer is ten times as long."""


class ApplicationWire(Wire, frozen=True, gc=False):
    """One application of a member; of these only `rabbit` is of interest, for its version."""

    name: str = ""
    version: str = ""


class NodeWire(Wire, frozen=True, gc=False):
    """One entry of /api/nodes; of a stopped member only the first three fields come."""

    name: str
    type: str | None = None
    running: bool | None = None
    being_drained: bool | None = None
    uptime: Number = None
    mem_used: Number = None
    mem_limit: Number = None
    mem_alarm: bool | None = None
    disk_free: Number = None
    disk_free_limit: Number = None
    disk_free_alarm: bool | None = None
    fd_used: Number = None
    fd_total: Number = None
    sockets_used: Number = None
    sockets_total: Number = None
    proc_used: Number = None
    proc_total: Number = None
    run_queue: Number = None
    partitions: Names = None
    applications: list[ApplicationWire] | None = None


NODES = msgspec.json.Decoder(list[NodeWire])


class Seat(msgspec.Struct, frozen=True):
    """The pod in which a member runs and the node it stands on; `proved`: the member itself said that it is there."""

    pod: Ref
    node: NodeName
    proved: bool = False


class MemberRow(Row, frozen=True, gc=False):
    """One member. None is unknown. Sizes in bytes, `uptime` in seconds; `drained` None: this version does not say."""

    name: str
    running: bool | None
    kind: str = ""
    version: str = ""
    drained: bool | None = None
    uptime: float | None = None
    memory: int | None = None
    memory_limit: int | None = None
    memory_alarm: bool | None = None
    disk: int | None = None
    disk_limit: int | None = None
    disk_alarm: bool | None = None
    files: int | None = None
    files_limit: int | None = None
    sockets: int | None = None
    sockets_limit: int | None = None
    processes: int | None = None
    processes_limit: int | None = None
    run_queue: int | None = None
    partitions: tuple[str, ...] = ()
    namespace: str = ""
    pod: str = ""
    node: str = ""
    proved: bool = False

    @property
    def alarms(self) -> tuple[str, ...]:
        """What it complains of: publishers of the whole cluster wait while one member has an alarm."""
        return tuple(
            name for name, on in (("memory", self.memory_alarm), ("disk", self.disk_alarm)) if on
        )  # fmt: skip

    @property
    def state(self) -> str:
        """One word: stopped, partitioned, alarm, drained, running, or unknown."""
        if self.running is None:
            return "unknown"
        if not self.running:
            return "stopped"
        if self.partitions:
            return "partitioned"
        if self.alarms:
            return "alarm"
        return "drained" if self.drained else "running"


def member(wire: NodeWire, seat: Seat | None) -> MemberRow:
    """The row of one entry."""
    application = next((one for one in wire.applications or () if one.name == "rabbit"), None)
    uptime = number(wire.uptime)
    return MemberRow(
        name=word(wire.name),
        running=wire.running,
        kind=word(wire.type),
        version=word(application.version) if application else "",
        drained=wire.being_drained,
        uptime=None if uptime is None else uptime / 1000,
        memory=whole(wire.mem_used),
        memory_limit=whole(wire.mem_limit),
        memory_alarm=wire.mem_alarm,
        disk=whole(wire.disk_free),
        disk_limit=whole(wire.disk_free_limit),
        disk_alarm=wire.disk_free_alarm,
        files=whole(wire.fd_used),
        files_limit=whole(wire.fd_total),
        sockets=whole(wire.sockets_used),
        sockets_limit=whole(wire.sockets_total),
        processes=whole(wire.proc_used),
        processes_limit=whole(wire.proc_total),
        run_queue=whole(wire.run_queue),
        partitions=names(wire.partitions),
        namespace=seat.pod.namespace if seat else "",
        pod=seat.pod.name if seat else "",
        node=seat.node if seat else "",
        proved=bool(seat and seat.proved),
    )
