"""Pane `rabbitmq.nodes`: the members of the cluster, what they have left, and the pods that they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.format import duration, size
from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Section
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.model.nodes import MemberRow
from plugins.rabbitmq.panes import falling
from plugins.rabbitmq.panes.cells import UNKNOWN, counted, optional, sized, texts, used
from plugins.rabbitmq.panes.later import exec_rights, run

_TONES = {"running": Tone.OK, "drained": Tone.WARN, "unknown": Tone.WARN}
_YES_NO = {True: Cell("yes", Tone.WARN), False: Cell("no", Tone.MUTED), None: UNKNOWN}


def _state(row: MemberRow, _now: float) -> Cell:
    return Cell(row.state, _TONES.get(row.state, Tone.BAD))


def _uptime(row: MemberRow, _now: float) -> Cell:
    return UNKNOWN if row.uptime is None else Cell(duration(row.uptime), Tone.MUTED)


COLUMNS: tuple[Column[Any], ...] = (
    Column("NAME", lambda row: row.name, grow=True),
    Column("STATE", lambda row: row.state, _state, help="running, drained, alarm, partitioned, stopped, unknown"),
    Column(
        "IF IT GOES",
        falling.sorted_by,
        falling.cell,
        export=falling.exported,
        of=tables.FALLS,
        help="queues that lose their majority, their only synchronised copy, or live here alone",
    ),
    texts("NODE", lambda row: row.node, hide_below=80),
    texts("POD", lambda row: row.pod, hide_below=110),
    Column(
        "MEM",
        lambda row: row.memory,
        lambda row, _now: used(row.memory, row.memory_limit),
        help="memory of the limit at which publishers must wait",
        align="right",
    ),
    sized("DISK", lambda row: row.disk, hide_below=90),
    Column(
        "FDS",
        lambda row: row.files,
        lambda row, _now: used(row.files, row.files_limit),
        help="file descriptors of those allowed",
        align="right",
        hide_below=90,
    ),
    Column("ALARMS", lambda row: ",".join(row.alarms), lambda row, _now: optional(",".join(row.alarms), Tone.BAD)),
    Column(
        "PARTITIONS",
        lambda row: len(row.partitions),
        lambda row, _now: optional(", ".join(row.partitions), Tone.BAD),
        hide_below=140,
        export=lambda row: list(row.partitions),
    ),
    Column(
        "DRAINED",
        lambda row: None if row.drained is None else int(row.drained),
        lambda row, _now: _YES_NO[row.drained],
        help="in maintenance; - where the version does not say (before 3.11)",
        hide_below=120,
        export=lambda row: row.drained,
    ),
    Column("UPTIME", lambda row: row.uptime, _uptime, align="right"),
    texts("VERSION", lambda row: row.version, hide_below=130),
    counted("SOCKETS", lambda row: row.sockets, hide_below=150),
    counted("PROCESSES", lambda row: row.processes, hide_below=160),
)


def describe(row: MemberRow, facts: Facts) -> Sequence[Section]:
    """Resources with their limits, where it runs, and by name what falls with it."""
    where = f"{row.namespace}/{row.pod}" if row.pod else ""
    return (
        Section(
            "member",
            (
                ("state", _state(row, 0)),
                ("version", optional(row.version)),
                ("kind", optional(row.kind)),
                ("pod", optional(where if row.proved or not where else f"{where} (by its name, it did not answer)")),
                ("node", optional(row.node)),
                ("drained", _YES_NO[row.drained]),
                ("partitions", optional(", ".join(row.partitions), Tone.BAD)),
            ),
        ),
        Section(
            "resources",
            (
                ("memory", Cell(f"{size(row.memory)} of {size(row.memory_limit)}")),
                ("disk free", Cell(f"{size(row.disk)}, alarm below {size(row.disk_limit)}")),
                ("files", Cell(f"{_shown(row.files)} of {_shown(row.files_limit)}")),
                ("sockets", Cell(f"{_shown(row.sockets)} of {_shown(row.sockets_limit)}")),
                ("processes", Cell(f"{_shown(row.processes)} of {_shown(row.processes_limit)}")),
                ("run queue", Cell(_shown(row.run_queue))),
            ),
        ),
        *falling.sections(row.name, facts),
    )


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)


def _in_a_pod(row: MemberRow, _facts: Facts) -> str | None:
    return None if row.pod else "its pod is not known, so tools cannot be run in it"


def _drainable(row: MemberRow, facts: Facts) -> str | None:
    if row.state != "running":
        return f"it is {row.state}"
    away = next(
        (one for one in facts.rows(tables.NODES).values() if one.name != row.name and one.state != "running"), None
    )
    return f"{away.name} is {away.state}: one member at a time" if away else _in_a_pod(row, facts)


def _revivable(row: MemberRow, facts: Facts) -> str | None:
    return "it is not drained" if row.drained is False else _in_a_pod(row, facts)


ACTIONS: tuple[Action[MemberRow], ...] = (
    Action(
        "rebalance",
        "rebalance leaders",
        run("rebalance"),
        help="of all queues, over all members that run (3.8 and later)",
        when=lambda row, _facts: None if row.running else "it does not run",
    ),
    Action(
        "drain",
        "drain",
        run("drain"),
        help="maintenance: no clients, no leaders, until it is revived or restarted",
        when=_drainable,
        rights=exec_rights,
    ),
    Action("revive", "revive", run("revive"), help="end of maintenance", when=_revivable, rights=exec_rights),
    Action(
        "grow",
        "grow quorum queues onto it",
        run("grow"),
        help="a copy of quorum queues that have none here",
        when=_in_a_pod,
        rights=exec_rights,
        asks=lambda _row, _facts: (
            Ask("strategy", "which", default="even", choices=("even", "all"), help="even: those with an even number"),
        ),
    ),
    Action(
        "shrink",
        "take quorum replicas away",
        run("shrink"),
        help="all copies of quorum queues that are here",
        effect=Effect.DESTROY,
        when=_in_a_pod,
        rights=exec_rights,
    ),
    Action(
        "definitions",
        "export definitions",
        run("definitions"),
        help="users, vhosts, queues, exchanges, bindings, policies, into a new file here",
        effect=Effect.READ,
        asks=lambda _row, facts: (
            Ask("file", "file", default=f"~/{facts.instance.name.replace('/', '-')}-definitions.json"),
        ),
    ),
)

NODES: Pane[MemberRow] = Pane(
    name="rabbitmq.nodes",
    title="rabbitmq nodes",
    table=tables.NODES,
    columns=COLUMNS,
    ref=lambda row: Ref("member", row.name),
    aliases=("rabbits",),
    sort="NAME",
    facets=lambda row: {"member": row.name, "node": row.node, "state": row.state},
    fault=lambda row: row.state != "running",
    describe=describe,
    actions=ACTIONS,
    jumps=(
        Jump("queues it leads", "rabbitmq.queues", lambda row, _facts: {"leader": row.name}),
        Jump("its connections", "rabbitmq.connections", lambda row, _facts: {"member": row.name}),
        Jump("its pod", "pods", lambda row, _facts: {"namespace": row.namespace, "name": row.pod} if row.pod else None),
    ),
    help="The members of the cluster: state, memory against the watermark, disk, alarms, partitions, and their pods.",
)
