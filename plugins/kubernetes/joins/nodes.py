"""Nodes with everything that a person asks of them: what stands there, what is free, and whether they can go.

Three steps, so that little is computed anew: STANDINGS (what the pods of a node mean, touched by its own pods, sets and
budgets), ROOMS (what is free, rounded in large clusters so that it seldom changes), NODE_VIEWS (both together, with use
and heartbeat). A view's verdict is that of `checks.verdict` for this one node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.model import Reason, Verdict
from console.plugin import EVERY, Facts, Join, Table, Touch
from plugins.kubernetes.checks.fates import Fate
from plugins.kubernetes.checks.locks import holders
from plugins.kubernetes.checks.room import Mover, Room, Taken, left_on, rounded, small, taken
from plugins.kubernetes.checks.standing import movers, standing
from plugins.kubernetes.checks.verdict import reasons, room_for, unread
from plugins.kubernetes.joins.touching import (
    node_of,
    nodes_of_backends,
    nodes_of_budget,
    nodes_of_owner,
    pods_of_storage,
)
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.sets import STATEFUL_KINDS
from plugins.kubernetes.model.usage import ClaimFill, Fill
from plugins.kubernetes.model.volumes import Volume
from plugins.kubernetes.model.wire import Row


class StandingRow(Row, frozen=True, gc=False):
    """What stands on a node: pods that are not finished, their requests, members of sets, and what leaving means."""

    node: str
    pods: int
    cpu: int
    memory: int
    members: tuple[str, ...]
    reasons: tuple[Reason, ...]
    movers: tuple[Mover, ...]
    extended: tuple[tuple[str, int], ...] = ()
    ports: tuple[str, ...] = ()


class NodeView(Row, frozen=True, gc=False):
    """One line of the pane `nodes`. Use is None where nobody tells; `renewed` is the kubelet's own clock."""

    node: Node
    pods: int
    cpu: int
    memory: int
    members: tuple[str, ...]
    local: int
    local_size: int
    verdict: Verdict
    cpu_used: int | None = None
    memory_used: int | None = None
    disk: Fill | None = None
    fullest: ClaimFill | None = None
    renewed: float | None = None
    held: tuple[str, ...] = ()
    """Other tools that hold it (checks.locks)."""

    @property
    def name(self) -> str:
        return self.node.name


STANDINGS: Table[StandingRow] = Table("standings", lambda row: row.node)
ROOMS: Table[Room] = Table("rooms", lambda row: row.node)
NODE_VIEWS: Table[NodeView] = Table("nodeviews", lambda row: row.node.name)


def build_standing(node: Node, facts: Facts) -> Iterable[StandingRow]:
    """Sort the pods of one node."""
    stand = standing((node.name,), facts)
    active = [pod for pod, its in stand.pods if its is not Fate.FINISHED]
    used = taken(active)
    yield StandingRow(
        node=node.name,
        pods=used.pods,
        cpu=used.cpu,
        memory=used.memory,
        members=tuple(pod.name for pod in active if pod.owner is not None and pod.owner.kind in STATEFUL_KINDS),
        reasons=tuple(reasons(stand, facts)),
        movers=movers(stand.of(Fate.MOVES), facts),
        extended=tuple(sorted(used.extended.items())),
        ports=tuple(sorted(used.ports)),
    )


def build_room(node: Node, facts: Facts) -> Iterable[Room]:
    """What is free on a node."""
    stand = facts.get(STANDINGS, node.name)
    if stand is not None:
        used = Taken(stand.cpu, stand.memory, stand.pods, dict(stand.extended), set(stand.ports))
        exact = left_on(node, used)
        yield exact if small(facts) else rounded(exact, node)


def build_view(node: Node, facts: Facts) -> Iterable[NodeView]:
    """One node as people see it."""
    stand = facts.get(STANDINGS, node.name)
    local = tables.volumes_on(facts, node.name)
    metrics, summary = facts.get(tables.METRICS, node.name), facts.get(tables.SUMMARIES, node.name)
    beat = facts.get(tables.HEARTBEATS, node.name)
    claims = summary.claims if summary else ()
    yield NodeView(
        node=node,
        pods=stand.pods if stand else 0,
        cpu=stand.cpu if stand else 0,
        memory=stand.memory if stand else 0,
        members=stand.members if stand else (),
        local=len(local),
        local_size=sum(volume.size for volume in local),
        verdict=Verdict(tuple(_verdict(node, stand, facts))),
        cpu_used=metrics.cpu if metrics else summary.cpu if summary else None,
        memory_used=metrics.memory if metrics else summary.memory if summary else None,
        disk=summary.disk if summary else None,
        fullest=max(claims, key=lambda one: one.fill.share or 0.0, default=None),
        renewed=beat.renewed if beat else None,
        held=holders(node, facts),
    )


def _verdict(node: Node, stand: StandingRow | None, facts: Facts) -> Iterator[Reason]:
    missing = list(unread(facts))
    if missing or stand is None:
        yield from missing
        return
    yield from stand.reasons
    yield from room_for(stand.movers, frozenset({node.name}), facts.rows(ROOMS), facts)


NODE_JOINS: tuple[Join[Node, StandingRow] | Join[Node, Room] | Join[Node, NodeView], ...] = (
    Join(
        STANDINGS,
        tables.NODES,
        build_standing,
        (
            Touch(tables.NODES, lambda _node, _facts: (EVERY,)),
            Touch(tables.PODS, node_of),
            Touch(tables.SETS, nodes_of_owner),
            Touch(tables.WORKLOADS, nodes_of_owner),
            Touch(tables.BUDGETS, nodes_of_budget),
            Touch(tables.STORAGE, lambda row, facts: {pod.node for pod in pods_of_storage(row, facts)}),
            Touch(tables.WEBHOOKS, lambda _row, _facts: (EVERY,)),
            Touch(tables.LOCKS, lambda _row, _facts: (EVERY,)),
            Touch(tables.SLICES, nodes_of_backends),
            Touch(tables.NAMESPACES, lambda _row, _facts: ()),  # their labels hardly change: the next look has them
        ),
    ),
    Join(ROOMS, tables.NODES, build_room, (Touch(STANDINGS, lambda row, _facts: (row.node,)),)),
    Join(
        NODE_VIEWS,
        tables.NODES,
        build_view,
        (
            Touch(STANDINGS, lambda row, _facts: (row.node,)),
            Touch(ROOMS, lambda _row, _facts: (EVERY,)),
            Touch(tables.STORAGE, lambda row, _facts: row.hosts if isinstance(row, Volume) else ()),
            Touch(tables.METRICS, lambda row, _facts: (row.name,)),
            Touch(tables.SUMMARIES, lambda row, _facts: (row.name,)),
            Touch(tables.LOCKS, lambda row, _facts: (row.node,)),
            Touch(tables.HEARTBEATS, lambda row, _facts: (row.node,)),
        ),
    ),
)
