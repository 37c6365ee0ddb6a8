"""Room elsewhere: whether the pods that must move find a node, by requests, taints, selectors and required affinities.

First fit, largest first, as the scheduler's filters would let them; preferences are not looked at. It errs on the safe
side: what fits here fits in the cluster, and a "no" gives need and have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from console.format import size
from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.words import listed
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.placing import Apart, Term, any_term, repelled
from plugins.kubernetes.model.podshape import PodShape
from plugins.kubernetes.model.quantity import cores
from plugins.kubernetes.model.wire import Pairs, Row

GRAIN = 16
"""Rooms in joins are rounded down to this part of a node, so that few changes of pods change a room."""
_EXACT_BELOW = 2000


class Room(Row, frozen=True, gc=False):
    """What is free on a node: thousandths of a core, bytes, pods. `open`: new pods may be placed there."""

    node: str
    open: bool
    cpu: int
    memory: int
    pods: int


class Mover(Row, frozen=True, gc=False):
    """Pods that are alike for the scheduler: `count` of them. `terms`: where their network volumes can be used.

    `member`: they belong to a set, whose controller waits with them until there is room.
    """

    namespace: str
    shape: PodShape
    labels: Pairs
    count: int
    example: str
    terms: tuple[tuple[Term, ...], ...] = ()
    member: bool = False


Unplaced = tuple[Mover, int, str]
"""Pods for which there is no room: which, how many of them, and why."""


class Fit(Struct, frozen=True):
    """How the placing ended: pods placed, pods left over and why, what all ask for, and what is free for them.

    `nodes` could take at least one of them; `free_*` is what was free there before.
    """

    placed: int
    left: tuple[Unplaced, ...]
    cpu: int
    memory: int
    free_cpu: int
    free_memory: int
    nodes: int

    def __str__(self) -> str:
        return (
            f"{cores(self.cpu)} of {cores(self.free_cpu)} cores, {size(self.memory)} of {size(self.free_memory)}"
            f" free on {self.nodes} node{'' if self.nodes == 1 else 's'}"
        )


def room(node: Node, facts: Facts) -> Room:
    """What is free on a node, exactly. Finished pods need nothing."""
    cpu, memory, pods = node.cpu, node.memory, node.pods
    for pod in facts.by(tables.PODS_BY_NODE, node.name):
        if not pod.finished:
            shape = pod.shape
            cpu -= shape.cpu
            memory -= shape.memory
            pods -= 1
    return Room(node.name, node.usable, cpu, memory, pods)


def rounded(exact: Room, node: Node) -> Room:
    """Down to a grain of the node's size."""
    return Room(
        exact.node,
        exact.open,
        _down(exact.cpu, node.cpu // GRAIN),
        _down(exact.memory, node.memory // GRAIN),
        _down(exact.pods, node.pods // GRAIN),
    )


def small(facts: Facts) -> bool:
    """A cluster small enough to keep rooms exact."""
    return len(facts.rows(tables.PODS)) <= _EXACT_BELOW


def _down(value: int, grain: int) -> int:
    return value // grain * grain if grain > 0 else value


class _Free(Struct):
    """A node on which pods are being placed."""

    node: Node
    labels: Mapping[str, str]
    cpu: int
    memory: int
    pods: int
    placed: list[Mover] = field(default_factory=list[Mover])

    def takes(self, shape: PodShape) -> bool:
        """A pod that asks for nothing fits an overcommitted node as well, as it does in the cluster."""
        return self.pods > 0 and shape.cpu <= max(0, self.cpu) and shape.memory <= max(0, self.memory)


class _Present(Struct, frozen=True):
    """Where pods stand that others refuse to stand beside; looked up once a term."""

    facts: Facts
    without: frozenset[str]
    known: dict[tuple[Apart, tuple[str, ...]], frozenset[str]] = field(
        default_factory=dict[tuple[Apart, tuple[str, ...]], frozenset[str]]
    )

    def places(self, term: Apart, spaces: tuple[str, ...]) -> frozenset[str]:
        """Values of the term's topology label where a pod stands that the term names."""
        key = (term, spaces)
        if key not in self.known:
            self.known[key] = frozenset(self._look(term, spaces))
        return self.known[key]

    def _look(self, term: Apart, spaces: tuple[str, ...]) -> Iterator[str]:
        nodes, judged = self.facts.rows(tables.NODES), dict[int, bool]()
        for space in spaces:
            for pod in self.facts.by(tables.PODS_BY_NAMESPACE, space):
                if pod.finished or pod.node in self.without or pod.node not in nodes:
                    continue
                mark = id(pod.labels)  # equal labels are one object
                if mark not in judged:
                    judged[mark] = term.selector.matches(dict(pod.labels))
                if judged[mark]:
                    yield _label(nodes[pod.node], term.topology)


def place(movers: Iterable[Mover], without: frozenset[str], rooms: Mapping[str, Room], facts: Facts) -> Fit:
    """Try to place all movers on nodes other than `without`."""
    nodes, present = facts.rows(tables.NODES), _Present(facts, without)
    free = [
        _Free(nodes[name], dict(nodes[name].labels), one.cpu, one.memory, one.pods)
        for name, one in sorted(rooms.items())
        if one.open and name not in without and name in nodes
    ]
    before = {one.node.name: (max(0, one.cpu), max(0, one.memory)) for one in free}
    todo = sorted(movers, key=lambda m: (-m.shape.memory, -m.shape.cpu, m.example))
    left: list[Unplaced] = []
    useful: set[str] = set()
    for mover in todo:
        reasons: Counter[str] = Counter()
        fitting = [one for one in free if not _refused(one, mover, present, reasons)]
        useful.update(one.node.name for one in fitting)
        missing = mover.count - _spread(mover, fitting)
        if missing:
            left.append((mover, missing, _why(mover, fitting, reasons)))
    return Fit(
        placed=sum(m.count for m in todo) - sum(missing for _, missing, _ in left),
        left=tuple(left),
        cpu=sum(m.shape.cpu * m.count for m in todo),
        memory=sum(m.shape.memory * m.count for m in todo),
        free_cpu=sum(before[name][0] for name in useful),
        free_memory=sum(before[name][1] for name in useful),
        nodes=len(useful),
    )


def unplaced(left: Unplaced, without: frozenset[str]) -> Reason:
    """What no other node takes: a member waits for the nodes that go, everything else is a no."""
    mover, count, why = left
    subject = Ref("pod", mover.example, mover.namespace)
    if mover.member:
        text = f"{mover.namespace}/{mover.example} waits for {listed(sorted(without))}, {why}"
        return Reason(Answer.DECIDE, "room elsewhere", text, subject, decision="stays-pending")
    text = f"{count} of {mover.count} like {mover.namespace}/{mover.example} find no room: {why}"
    return Reason(Answer.NO, "room elsewhere", text, subject)


def _spread(mover: Mover, fitting: list[_Free]) -> int:
    """Place as many as fit, the emptiest node first; returns how many."""
    shape, alone = mover.shape, _own_apart(mover)
    placed = 0
    for one in sorted(fitting, key=lambda one: (-one.memory, -one.cpu)):
        while placed < mover.count and one.takes(shape):
            one.cpu -= shape.cpu
            one.memory -= shape.memory
            one.pods -= 1
            one.placed.append(mover)
            placed += 1
            if alone:
                break
        if placed == mover.count:
            break
    return placed


def _own_apart(mover: Mover) -> bool:
    """Its own kind may not stand together."""
    labels = dict(mover.labels)
    return any(term.selector.matches(labels) for term in mover.shape.apart)


def _refused(one: _Free, mover: Mover, present: _Present, reasons: Counter[str]) -> bool:
    """Whether this node can never take the mover; counts why."""
    shape, node = mover.shape, one.node
    taint = repelled(node.taints, shape.tolerations)
    if taint is not None:
        reasons[f"taint {taint}"] += 1
    elif any(one.labels.get(key) != value for key, value in shape.node_selector):
        reasons["another node selector"] += 1
    elif not any_term(shape.node_terms, node.name, one.labels):
        reasons["another node affinity"] += 1
    elif not all(any_term(terms, node.name, one.labels) for terms in mover.terms):
        reasons["no way to its volume"] += 1
    elif any(_occupied(one, term, mover, present) for term in shape.apart):
        reasons["one of its kind already (anti-affinity)"] += 1
    else:
        return False
    return True


def _occupied(one: _Free, term: Apart, mover: Mover, present: _Present) -> bool:
    """A pod that the anti-affinity names is in the same place, or was put there just now."""
    where = one.labels.get(term.topology)
    if where is None:
        return False
    spaces = term.namespaces or (mover.namespace,)
    if any(m.namespace in spaces and term.selector.matches(dict(m.labels)) for m in one.placed):
        return True
    return where in present.places(term, spaces)


def _label(node: Node, name: str) -> str:
    return next((value for key, value in node.labels if key == name), "")


def _why(mover: Mover, fitting: list[_Free], reasons: Counter[str]) -> str:
    """Need and have, and what keeps it from the other nodes."""
    shape = mover.shape
    parts = [f"{number} with {reason}" for reason, number in reasons.most_common()]
    if fitting:
        cpu, memory = max(one.cpu for one in fitting), max(one.memory for one in fitting)
        need = f"needs {cores(shape.cpu)} cores and {size(shape.memory)}"
        have = f"the roomiest of {len(fitting)} has {cores(max(0, cpu))} and {size(max(0, memory))} left"
        return "; ".join([f"{need}, {have}", *parts])
    return "no node can take it: " + (", ".join(parts) if parts else "there is no other open node")
