"""Room elsewhere: whether the pods that must move find a node.

By requests (CPU, memory, pods, extended resources), host ports, taints, selectors, required affinities to nodes and
pods, and topology spread (checks.topology). First fit, largest first, as the scheduler's filters would let them;
preferences are not looked at. It errs on the safe side: what fits here fits in the cluster, and a "no" gives need and
have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from console.format import size
from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.topology import Topology
from plugins.kubernetes.checks.words import listed
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.placing import Term, any_term, repelled
from plugins.kubernetes.model.pods import FINISHED, Pod
from plugins.kubernetes.model.podshape import PodShape
from plugins.kubernetes.model.quantity import cores
from plugins.kubernetes.model.wire import Pairs, Row

GRAIN = 16
"""Rooms in joins are rounded down to this part of a node, so that few changes of pods change a room."""
_EXACT_BELOW = 2000
PENDING = "stays-pending"
"""The decision that members wait until their node is back."""


class Room(Row, frozen=True, gc=False):
    """What is free on a node: thousandths of a core, bytes, pods. `open`: new pods may be placed there.

    `extended` by the API's names; `ports` are the host ports that are taken, as `TCP/80`.
    """

    node: str
    open: bool
    cpu: int
    memory: int
    pods: int
    extended: tuple[tuple[str, int], ...] = ()
    ports: tuple[str, ...] = ()


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


class Taken(Struct):
    """What pods take of a node."""

    cpu: int = 0
    memory: int = 0
    pods: int = 0
    extended: dict[str, int] = field(default_factory=dict[str, int])
    ports: set[str] = field(default_factory=set[str])


def taken(pods: Iterable[Pod]) -> Taken:
    """Added up; finished pods need nothing. Called for every pod of the cluster, which is why it is written so flat."""
    cpu = memory = count = 0
    special: list[PodShape] = []
    for pod in pods:
        if pod.phase in FINISHED:
            continue
        shape = pod.shape
        cpu += shape.cpu
        memory += shape.memory
        count += 1
        if shape.extended or shape.host_ports:
            special.append(shape)
    found = Taken(cpu, memory, count)
    for shape in special:
        found.ports.update(shape.host_ports)
        for name, value in shape.extended:
            found.extended[name] = found.extended.get(name, 0) + value
    return found


def left_on(node: Node, used: Taken) -> Room:
    """What is free on a node of which this much is taken."""
    extended = tuple((name, value - used.extended.get(name, 0)) for name, value in node.extended)
    return Room(
        node.name,
        node.usable,
        node.cpu - used.cpu,
        node.memory - used.memory,
        node.pods - used.pods,
        extended,
        tuple(sorted(used.ports)),
    )


def room(node: Node, facts: Facts) -> Room:
    """What is free on a node, exactly."""
    return left_on(node, taken(facts.by(tables.PODS_BY_NODE, node.name)))


def rounded(exact: Room, node: Node) -> Room:
    """Down to a grain of the node's size."""
    return Room(
        exact.node,
        exact.open,
        _down(exact.cpu, node.cpu // GRAIN),
        _down(exact.memory, node.memory // GRAIN),
        _down(exact.pods, node.pods // GRAIN),
        exact.extended,
        exact.ports,
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
    extended: dict[str, int]
    ports: set[str]

    def takes(self, shape: PodShape) -> bool:
        """A pod that asks for nothing fits an overcommitted node as well, as it does in the cluster."""
        if self.pods <= 0 or shape.cpu > max(0, self.cpu) or shape.memory > max(0, self.memory):
            return False
        return not self.lacks(shape)

    def lacks(self, shape: PodShape) -> str:
        """The extended resource or host port that it cannot give."""
        taken = next((port for port in shape.host_ports if port in self.ports), "") if shape.host_ports else ""
        if taken:
            return f"host port {taken} taken"
        return next((f"too little {name}" for name, value in shape.extended if value > self.extended.get(name, 0)), "")

    def put(self, shape: PodShape) -> None:
        self.cpu -= shape.cpu
        self.memory -= shape.memory
        self.pods -= 1
        self.ports.update(shape.host_ports)
        for name, value in shape.extended:
            self.extended[name] = self.extended.get(name, 0) - value


def place(movers: Iterable[Mover], without: frozenset[str], rooms: Mapping[str, Room], facts: Facts) -> Fit:
    """Try to place all movers on nodes other than `without`."""
    nodes = facts.rows(tables.NODES)
    topology = Topology(facts, without, nodes)
    free = [
        _Free(
            nodes[name],
            dict(nodes[name].labels),
            one.cpu,
            one.memory,
            one.pods,
            dict(one.extended),
            set(one.ports),
        )
        for name, one in sorted(rooms.items())
        if one.open and name not in without and name in nodes
    ]
    before = {one.node.name: (max(0, one.cpu), max(0, one.memory)) for one in free}
    todo = sorted(movers, key=lambda m: (-m.shape.memory, -m.shape.cpu, m.example))
    left: list[Unplaced] = []
    useful: set[str] = set()
    for mover in todo:
        reasons: Counter[str] = Counter()
        fitting = [one for one in free if not _refused(one, mover, reasons)]
        minds = topology.minds(mover)
        if minds:
            useful.update(one.node.name for one in fitting if not topology.refuses(mover, one.labels))
            missing = mover.count - _minding(mover, fitting, topology, reasons)
        else:
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
        return Reason(Answer.DECIDE, "room elsewhere", text, subject, decision=PENDING)
    text = f"{count} of {mover.count} like {mover.namespace}/{mover.example} find no room: {why}"
    return Reason(Answer.NO, "room elsewhere", text, subject)


def _spread(mover: Mover, fitting: list[_Free]) -> int:
    """Place as many as fit, the emptiest node first; returns how many. Other pods do not matter for these."""
    shape = mover.shape
    placed = 0
    for one in sorted(fitting, key=lambda one: (-one.memory, -one.cpu)):
        while placed < mover.count and one.takes(shape):
            one.put(shape)
            placed += 1
        if placed == mover.count:
            break
    return placed


def _minding(mover: Mover, fitting: list[_Free], topology: Topology, reasons: Counter[str]) -> int:
    """The same one by one, for each pod that was placed may forbid a place, or open one, for the next.

    `fitting` keeps the nodes that could still take one but for their size; `reasons` counts why the others do not.
    """
    shape = mover.shape
    order = sorted(fitting, key=lambda one: (-one.memory, -one.cpu))
    for placed in range(mover.count):
        chosen = next((one for one in order if one.takes(shape) and not topology.refuses(mover, one.labels)), None)
        if chosen is None:
            refused = [(one, topology.refuses(mover, one.labels)) for one in order]
            reasons.update(why for _, why in refused if why)
            fitting[:] = [one for one, why in refused if not why]
            return placed
        chosen.put(shape)
        topology.put(mover, chosen.labels)
    return mover.count


def _refused(one: _Free, mover: Mover, reasons: Counter[str]) -> bool:
    """Whether this node can never take the mover, whatever other pods do; counts why."""
    shape, node = mover.shape, one.node
    why = ""
    taint = repelled(node.taints, shape.tolerations) if node.taints else None
    if taint is not None:
        why = f"taint {taint}"
    elif any(one.labels.get(key) != value for key, value in shape.node_selector):
        why = "another node selector"
    elif not any_term(shape.node_terms, node.name, one.labels):
        why = "another node affinity"
    elif not all(any_term(terms, node.name, one.labels) for terms in mover.terms):
        why = "no way to its volume"
    elif shape.extended or shape.host_ports:
        why = one.lacks(shape)
    if why:
        reasons[why] += 1
    return bool(why)


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
