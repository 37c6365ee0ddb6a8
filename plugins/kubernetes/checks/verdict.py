"""Can these nodes go? The one function behind the *can go?* column, plans, guards and "what if".

What this version of the console knows is Kubernetes: owners, budgets, volumes, room, static pods. It does not know the
quorums of message systems. A node with members of a set therefore gets UNKNOWN for each set, with everything that can
be said (members left, budget, what waits for the node), until a plugin that knows the system vouches for the set (its
key in the option `vouched` of the target). Unknown is unsafe: a plan that meets it refuses. So a thin run drains only
nodes whose pods can move.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from console.model import Answer, Prospect, Reason, SourceState, Verdict
from console.plugin import Facts, Table, Target
from plugins.kubernetes.checks.admission import webhook_reasons
from plugins.kubernetes.checks.budgeting import budget_reasons
from plugins.kubernetes.checks.control_plane import control_plane_reasons
from plugins.kubernetes.checks.fates import Fate
from plugins.kubernetes.checks.locks import lock_reasons
from plugins.kubernetes.checks.losses import loss_reasons
from plugins.kubernetes.checks.members import set_reasons
from plugins.kubernetes.checks.prospects import prospects
from plugins.kubernetes.checks.room import Mover, Room, place, room, unplaced
from plugins.kubernetes.checks.standing import Standing, movers, standing
from plugins.kubernetes.checks.unheard import node_reasons
from plugins.kubernetes.checks.wishes import harsh, unasked, unreadable, wishes
from plugins.kubernetes.model import tables

READS: tuple[Table[Any], ...] = (
    tables.NODES,
    tables.PODS,
    tables.SETS,
    tables.WORKLOADS,
    tables.BUDGETS,
    tables.STORAGE,
    tables.WEBHOOKS,
    tables.SLICES,
    tables.NAMESPACES,
    tables.LOCKS,
)
VOUCHED = "vouched"


def verdict(facts: Facts, target: Target) -> Verdict:
    """What a drain of all these nodes together would meet; the worst reason decides.

    Rooms are computed exactly, from the pods of every other node.
    """
    missing = (*unread(facts), *unreadable(target))
    if missing:
        return Verdict(missing)
    asked = wishes(target)
    stand = standing(target.nodes, facts, asked.selector)
    found = [*reasons(stand, facts, vouched(target)), *room_reasons(stand, rooms_beside(stand, facts), facts)]
    if asked.disable_eviction:
        found = [unasked(reason) for reason in found]
    return Verdict((*found, *harsh(asked, stand.evicted)))


def pods(facts: Facts, target: Target) -> tuple[Prospect, ...]:
    """What becomes of each pod of these nodes; nothing where it cannot be judged."""
    if any(unread(facts)) or any(unreadable(target)):
        return ()
    asked = wishes(target)
    stand = standing(target.nodes, facts, asked.selector)
    found = prospects(stand, rooms_beside(stand, facts), facts)
    if not asked.disable_eviction:
        return found
    return tuple(
        Prospect(each.subject, each.node, each.what, each.text, each.several, tuple(map(unasked, each.reasons)))
        for each in found
    )


def rooms_beside(stand: Standing, facts: Facts) -> dict[str, Room]:
    """What is free on every other node, exactly."""
    return {name: room(node, facts) for name, node in facts.rows(tables.NODES).items() if name not in stand.nodes}


def unread(facts: Facts) -> Iterator[Reason]:
    """Tables that cannot be judged by: not read completely, old, or forbidden."""
    for table in READS:
        snapshot = facts.snapshot(table)
        if snapshot.complete and snapshot.state is SourceState.LIVE and not snapshot.note:
            continue
        why = snapshot.error or snapshot.note or "not read completely yet"
        yield Reason(Answer.UNKNOWN, table.name, f"{table.name} cannot be judged: {why}")


def vouched(target: Target) -> frozenset[str]:
    """Sets for whose quorum another plugin answers."""
    given = target.options.get(VOUCHED)
    return frozenset(str(one) for one in given) if isinstance(given, list | tuple) else frozenset()


def reasons(stand: Standing, facts: Facts, known: frozenset[str] = frozenset()) -> Iterator[Reason]:
    """Everything but the room elsewhere."""
    yield from node_reasons(stand, facts)
    yield from lock_reasons(stand, facts)
    yield from control_plane_reasons(stand, facts)
    yield from budget_reasons(stand, facts)
    yield from set_reasons(stand, facts, known)
    yield from webhook_reasons(stand, facts)
    yield from loss_reasons(stand, facts)


def room_reasons(stand: Standing, rooms: Mapping[str, Room], facts: Facts) -> Iterator[Reason]:
    """Whether what moves fits elsewhere."""
    yield from room_for(movers(stand.of(Fate.MOVES), facts), stand.nodes, rooms, facts)


def room_for(
    leaving: Iterable[Mover], without: frozenset[str], rooms: Mapping[str, Room], facts: Facts
) -> Iterator[Reason]:
    """The same for pods that were sorted before."""
    todo = tuple(leaving)
    if not todo:
        return
    fit = place(todo, without, rooms, facts)
    yield from (unplaced(left, without) for left in fit.left)
    if fit.placed:
        yield Reason(Answer.SAFE, "room elsewhere", str(fit))
