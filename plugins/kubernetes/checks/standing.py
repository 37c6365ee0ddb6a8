"""What stands on nodes, and what its leaving means: everything of a verdict but the room elsewhere.

Pure. `standing` sorts the pods of the nodes once; `reasons` turns them into a verdict's lines. Both are used by the
*can go?* column (a node at a time, kept up to date by a join), by plans and by guards (several nodes, computed anew).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from console.plugin import Facts
from console.selector import Selector
from plugins.kubernetes.checks.fates import EVICTED, Fate, fate, volumes
from plugins.kubernetes.checks.room import Mover
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.placing import Term
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.podshape import PodShape
from plugins.kubernetes.model.sets import STATEFUL_KINDS
from plugins.kubernetes.model.wire import Pairs

_REMADE = frozenset({Fate.MOVES, Fate.RETURNS})


class Standing(Struct, frozen=True):
    """The pods of some nodes by what becomes of them; `by_set` those of sets (key `namespace/Kind/name`)."""

    nodes: frozenset[str]
    pods: tuple[tuple[Pod, Fate], ...]

    def of(self, *fates: Fate) -> list[Pod]:
        return [pod for pod, its in self.pods if its in fates]

    @property
    def evicted(self) -> list[Pod]:
        """Those that a drain sends away."""
        return [pod for pod, its in self.pods if its in EVICTED]

    def by_owner(self, *, stateful: bool) -> dict[str, list[tuple[Pod, Fate]]]:
        """Evicted pods by owner key, of sets or of everything else that makes its pods again."""
        found: dict[str, list[tuple[Pod, Fate]]] = defaultdict(list)
        for pod, its in self.pods:
            direct = pod.owner
            if direct is None or its not in _REMADE or (direct.kind in STATEFUL_KINDS) is not stateful:
                continue
            owner = pod.workload or direct
            found[f"{pod.namespace}/{owner.kind}/{owner.name}"].append((pod, its))
        return found


def standing(nodes: Iterable[str], facts: Facts, only: Selector | None = None) -> Standing:
    """Sort the pods of these nodes; with `only`, those that it selects."""
    names = frozenset(nodes)
    pods = [pod for name in sorted(names) for pod in facts.by(tables.PODS_BY_NODE, name)]
    if only is not None:
        pods = [pod for pod in pods if only.matches(dict(pod.labels))]
    pods.sort(key=lambda pod: (pod.namespace, pod.name))
    return Standing(names, tuple((pod, fate(pod, facts)) for pod in pods))


def grouped(pods: Sequence[Pod], facts: Facts) -> list[tuple[Mover, list[Pod]]]:
    """Pods that must find another node, alike ones together."""
    groups: dict[tuple[str, PodShape, Pairs, tuple[tuple[Term, ...], ...], bool], list[Pod]] = {}
    for pod in pods:
        reach = tuple(volume.terms for volume in volumes(pod, facts) if volume.terms) if pod.claims else ()
        labels = pod.labels if minding(pod, facts) else ()
        member = pod.owner is not None and pod.owner.kind in STATEFUL_KINDS
        groups.setdefault((pod.namespace, pod.shape, labels, reach, member), []).append(pod)
    return [
        (Mover(namespace, shape, labels, len(group), group[0].name, reach, member), group)
        for (namespace, shape, labels, reach, member), group in groups.items()
    ]


def minding(pod: Pod, facts: Facts) -> bool:
    """Whether other pods matter for where it may stand, so that its labels do."""
    shape = pod.shape
    if shape.apart or shape.beside or shape.spread:
        return True
    return bool(facts.by(tables.PODS_APART, pod.namespace) or facts.by(tables.PODS_APART, "*"))


def movers(pods: Sequence[Pod], facts: Facts) -> tuple[Mover, ...]:
    """The same without the pods."""
    return tuple(mover for mover, _ in grouped(pods, facts))
