"""Pane `rabbitmq.queues`: what they hold, how it moves, where they are led and which copies are there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from console.format import size
from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Section
from console.rings import Seat, Stand, may_go, ring, spare_tone
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.panes.cells import counted, members, optional, rate, rated, sized, texts
from plugins.rabbitmq.panes.later import policy_asks, run

_TONES = {"running": Tone.OK, "idle": Tone.OK, "live": Tone.OK, "flow": Tone.WARN, "": Tone.WARN}


def ref(row: QueueRow) -> Ref:
    """The queue, in its vhost."""
    return Ref("queue", row.name, row.vhost)


def _state(row: QueueRow, _now: float) -> Cell:
    return Cell(row.state or "unknown", _TONES.get(row.state, Tone.BAD))


def copies(row: QueueRow, _now: float = 0.0) -> Cell:
    """`2/3` copies that serve; of a queue on one member alone `alone`; `-` where the server does not say."""
    if not row.members:
        return Cell("-", Tone.WARN)
    have, want = len(row.online), len(row.members)
    if want == 1:
        return Cell("alone" if have else "alone, down", Tone.MUTED if have else Tone.BAD)
    tone = Tone.OK if have == want else Tone.BAD if have < max(row.quorum, 2 if row.mirrored else 1) else Tone.WARN
    return Cell(f"{have}/{want}", tone)


COLUMNS: tuple[Column[QueueRow], ...] = (
    Column("NAME", lambda row: row.name, grow=True),
    Column("VHOST", lambda row: row.vhost, hide_below=70),
    Column("TYPE", lambda row: row.kind, hide_below=90),
    Column("STATE", lambda row: row.state or None, _state),
    members("LEADER", lambda row: row.leader, hide_below=110),
    Column(
        "COPIES",
        lambda row: len(row.online) - len(row.members),
        copies,
        help="members online (quorum, stream) or synchronised (mirrored), of all; alone: on one member only",
        export=lambda row: f"{len(row.online)}/{len(row.members)}" if row.members else None,
    ),
    replace(counted("READY", lambda row: row.ready, help="messages that wait for a consumer"), trend=True),
    counted("UNACKED", lambda row: row.unacked, help="messages that were given out and not acknowledged"),
    replace(rated("IN/S", lambda row: row.rate_in, help="published a second", hide_below=80), trend=True),
    replace(rated("OUT/S", lambda row: row.rate_out, help="delivered or fetched a second", hide_below=80), trend=True),
    counted("CONS", lambda row: row.consumers, help="consumers", hide_below=100),
    sized("MEM", lambda row: row.memory, hide_below=130),
    texts("POLICY", lambda row: row.policy, hide_below=110),
    Column("MEMBERS", lambda row: " ".join(row.members) or None, wide=True, export=lambda row: list(row.members)),
    Column("MISSING", lambda row: " ".join(row.missing) or None, wide=True, export=lambda row: list(row.missing)),
)


def describe(row: QueueRow, facts: Facts) -> Sequence[Section]:
    """Messages, every copy by member, arguments, and what is bound to it."""
    bound = facts.by(tables.BINDINGS_BY_TARGET, f"queue {tables.place(row.vhost, row.name)}")
    found = (
        Section(
            "queue",
            (
                ("state", _state(row, 0)),
                ("type", optional(", ".join(_kinds(row)))),
                ("messages", Cell(f"{_shown(row.ready)} ready, {_shown(row.unacked)} unacknowledged")),
                ("in", rate(row.rate_in)),
                ("out", rate(row.rate_out)),
                ("consumers", Cell(_shown(row.consumers))),
                ("memory", Cell(size(row.memory))),
                ("policy", optional(row.policy)),
            ),
        ),
        _held(row, facts),
        Section("arguments", tuple((key, Cell(value)) for key, value in row.arguments)),
        Section("bound to", tuple((one.source, Cell(one.key or "(no key)")) for one in bound[:50])),
    )
    return [section for section in found if section.lines]


def _held(row: QueueRow, facts: Facts) -> Section:
    """Every copy by member: a ring where a majority of them must serve, else a list."""
    seats = [_seat(row, name, facts) for name in row.members]
    if row.kind != "classic" and len(row.members) > 1:
        return ring(_spare(row), seats, title="ring of copies")
    lines = tuple((seat.name, Cell(seat.words, seat.stand.value[1])) for seat in seats)
    return Section("mirrors" if row.mirrored else "copies", lines)


def _seat(row: QueueRow, name: str, facts: Facts) -> Seat:
    member, short = facts.get(tables.NODES, name), name.partition(".")[0]
    state = f", the member is {member.state}" if member is not None and not member.running else ""
    if not row.told:
        return Seat(short, Stand.UNKNOWN, f"UNKNOWN: the server does not say{state}")
    if name not in row.online:
        return Seat(short, Stand.AWAY if state or not row.mirrored else Stand.LATE, f"not in sync{state}")
    return Seat(short, *((Stand.LEADS, "leader") if name == row.leader else (Stand.SERVES, "in sync")))


def _spare(row: QueueRow) -> Cell:
    """How many of its copies may go before it takes no messages."""
    spare = len(row.online) - row.quorum
    left = may_go(spare) if spare >= 0 else "it takes no messages"
    have = f"{len(row.members)} copies, quorum {row.quorum}, {len(row.online)} in sync: {left}"
    return Cell(have, spare_tone(spare))


def _kinds(row: QueueRow) -> list[str]:
    words = [row.kind, "durable" if row.durable else "not durable"]
    words += [word for word, on in (("exclusive", row.exclusive), ("auto-delete", row.auto_delete)) if on]
    return words


def _shown(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def facets(row: QueueRow) -> Mapping[str, str]:
    """By what other panes limit this one."""
    return {
        "vhost": row.vhost,
        "leader": row.leader,
        "type": row.kind,
        "policy": row.policy or "none",
        "copies": "alone" if row.alone else "missing" if row.missing else "all",
    }


def _mirrors_missing(row: QueueRow, _facts: Facts) -> str | None:
    if not row.mirrored:
        return "it is not a mirrored queue"
    return None if row.missing else "all of its mirrors are synchronised"


def _replicated(row: QueueRow, facts: Facts) -> str | None:
    if row.kind not in {"quorum", "stream"}:
        return f"a {row.kind} queue has no copies of this kind"
    leader = facts.get(tables.NODES, row.leader)
    return None if leader is not None and leader.pod else "the pod of its leader is not known, so tools cannot be run"


def _members(row: QueueRow, facts: Facts, *, having: bool) -> tuple[str, ...]:
    return tuple(sorted(name for name in facts.rows(tables.NODES) if (name in row.members) is having)) or ("none",)


def _new_policy(row: QueueRow, _facts: Facts) -> Sequence[Ask]:
    return (
        Ask("name", "name of the policy"),
        *policy_asks(pattern=f"^{re.escape(row.name)}$", applies_to="queues"),
        Ask("definition", "definition (JSON)", default="{}"),
        Ask("priority", "priority (the highest wins)", default="0", number=True),
        Ask("matches", "how many queues should it match (empty: any)", help="it is not set when it matches others"),
    )


ACTIONS: tuple[Action[QueueRow], ...] = (
    Action(
        "peek",
        "look at messages",
        run("peek"),
        help="the first ones; they stay, but are marked as delivered before",
        key="m",
        asks=lambda _row, _facts: (Ask("count", "how many", default="3", number=True),),
    ),
    Action(
        "publish",
        "publish a test message",
        run("publish_to_queue"),
        help="through the default exchange",
        asks=lambda _row, _facts: (Ask("payload", "text", default="test message of an operator"),),
    ),
    Action(
        "purge",
        "purge",
        run("purge"),
        help="throw away all messages that wait in it",
        effect=Effect.DESTROY,
        when=lambda row, _facts: "it is empty" if row.ready == 0 else None,
    ),
    Action(
        "delete", "delete", run("delete_queue"), help="the queue with its messages", key="ctrl+d", effect=Effect.DESTROY
    ),
    Action(
        "sync",
        "synchronise mirrors",
        run("sync"),
        help="the queue serves nobody until that is done",
        when=_mirrors_missing,
    ),
    Action(
        "try-policy",
        "try a policy",
        run("try_policy_of_queue"),
        help="which queues of this vhost a pattern would match",
        effect=Effect.READ,
        asks=lambda row, _facts: policy_asks(pattern=f"^{re.escape(row.name)}$", applies_to="queues"),
    ),
    Action(
        "set-policy", "set a policy", run("set_policy_of_queue"), help="in the vhost of this queue", asks=_new_policy
    ),
    Action(
        "add-replica",
        "add a replica",
        run("add_replica"),
        help="on a member that has none",
        when=_replicated,
        asks=lambda row, facts: (Ask("member", "member", choices=_members(row, facts, having=False)),),
    ),
    Action(
        "remove-replica",
        "remove a replica",
        run("remove_replica"),
        help="the copy of one member, as long as a majority of the others serves",
        effect=Effect.DESTROY,
        when=_replicated,
        asks=lambda row, facts: (Ask("member", "member", choices=_members(row, facts, having=True)),),
    ),
)

QUEUES: Pane[QueueRow] = Pane(
    name="rabbitmq.queues",
    title="rabbitmq queues",
    table=tables.QUEUES,
    columns=COLUMNS,
    ref=ref,
    aliases=("queues",),
    sort="NAME",
    facets=facets,
    fault=lambda row: row.fault,
    describe=describe,
    actions=ACTIONS,
    jumps=(
        Jump("its leader", "rabbitmq.nodes", lambda row, _facts: {"member": row.leader} if row.leader else None),
        Jump("its bindings", "rabbitmq.bindings", lambda row, _facts: {"vhost": row.vhost, "to": f"queue {row.name}"}),
        Jump("policies of its vhost", "rabbitmq.policies", lambda row, _facts: {"vhost": row.vhost}),
    ),
    reads=(tables.NODES, tables.BINDINGS),
    help="Every queue: messages, rates, consumers, the member that leads it, and how many of its copies are there.",
)
