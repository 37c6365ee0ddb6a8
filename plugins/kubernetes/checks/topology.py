"""Which pods stand where, for demands that are about other pods: (anti-)affinity and topology spread.

One `Topology` serves one placing: it counts matching pods on the nodes that stay, and those that are placed meanwhile.
Rules are the scheduler's filters: interpodaffinity (also that pods which are there refuse the newcomer) and
podtopologyspread, where a cordoned node counts as an empty place unless the pod honours taints: that is why a spread
over hosts may leave no room while a node is out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct, field

from console.plugin import Facts
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.placing import Apart, Spread, any_term, repelled
from plugins.kubernetes.model.podshape import PodShape
from plugins.kubernetes.model.selectors import Selector
from plugins.kubernetes.model.wire import Pairs

_Key = tuple[Selector, tuple[str, ...], str]


class Newcomer(Protocol):
    """A pod that looks for a place."""

    @property
    def namespace(self) -> str: ...
    @property
    def labels(self) -> Pairs: ...
    @property
    def shape(self) -> PodShape: ...


class Topology(Struct):
    """See the module. `without`: the nodes that go; what stands there is gone."""

    facts: Facts
    without: frozenset[str]
    nodes: Mapping[str, Node]
    _counts: dict[_Key, Counter[str]] = field(default_factory=dict[_Key, Counter[str]])
    _refusals: dict[tuple[str, Pairs], dict[str, set[str]]] = field(
        default_factory=dict[tuple[str, Pairs], dict[str, set[str]]]
    )
    """By the newcomer: the places where pods refuse it, by topology label."""
    _terms: dict[str, tuple[tuple[Apart, str, set[str]], ...]] = field(
        default_factory=dict[str, tuple[tuple[Apart, str, set[str]], ...]]
    )
    _guests: dict[str, list[tuple[Selector, str, str]]] = field(
        default_factory=dict[str, list[tuple[Selector, str, str]]]
    )
    """What pods that were placed refuse, by namespace: whom, and in which place."""
    _placed: list[tuple[Newcomer, Mapping[str, str]]] = field(
        default_factory=list[tuple["Newcomer", Mapping[str, str]]]
    )
    _domains: dict[tuple[int, Spread], dict[str, int]] = field(default_factory=dict[tuple[int, Spread], dict[str, int]])

    def refuses(self, one: Newcomer, labels: Mapping[str, str]) -> str:
        """Why a node with these labels cannot take the pod because of other pods; empty where it can."""
        shape = one.shape
        for term in shape.apart:
            if self._there(term, one, labels):
                return "one of its kind already (anti-affinity)"
        if self._unwelcome(one, labels):
            return "pods that refuse it (their anti-affinity)"
        for term in shape.beside:
            if not self._there(term, one, labels) and not self._first_of_its_kind(term, one, labels):
                return "none of the pods that it must stand beside (affinity)"
        for term in shape.spread:
            if self._skewed(term, one, labels):
                return f"too many of its kind for its spread over {term.topology}"
        return ""

    def put(self, one: Newcomer, labels: Mapping[str, str]) -> None:
        """A pod was placed on a node with these labels."""
        self._placed.append((one, labels))
        mine = dict(one.labels)
        for (chosen, spaces, topology), counts in self._counts.items():
            if one.namespace in spaces and topology in labels and chosen.matches(mine):
                counts[labels[topology]] += 1
        for term in one.shape.apart:
            for space in self._spaces(term, one.namespace) if term.topology in labels else ():
                refused = (term.selector, term.topology, labels[term.topology])
                self._guests.setdefault(space, []).append(refused)

    def minds(self, one: Newcomer) -> bool:
        """Whether other pods matter for it at all."""
        shape = one.shape
        return bool(shape.apart or shape.beside or shape.spread) or bool(self._strangers(one.namespace))

    # -- affinity

    def _there(self, term: Apart, one: Newcomer, labels: Mapping[str, str]) -> int:
        """How many pods that the term names stand in the node's place."""
        where = labels.get(term.topology)
        if where is None:
            return 0
        return self._counted(term.selector, self._spaces(term, one.namespace), term.topology)[where]

    def _first_of_its_kind(self, term: Apart, one: Newcomer, labels: Mapping[str, str]) -> bool:
        """A pod that names its own kind may be the first of it, where its kind is nowhere."""
        spaces = self._spaces(term, one.namespace)
        if one.namespace not in spaces or term.topology not in labels or not term.selector.matches(dict(one.labels)):
            return False
        return not any(self._counted(term.selector, spaces, term.topology).values())

    def _spaces(self, term: Apart, own: str) -> tuple[str, ...]:
        if term.among is None:
            return term.namespaces or (own,)
        among = term.among
        chosen = (name for name, row in self.facts.rows(tables.NAMESPACES).items() if among.matches(dict(row.labels)))
        return (*term.namespaces, *chosen)

    def _strangers(self, namespace: str) -> bool:
        facts = self.facts
        return bool(facts.by(tables.PODS_APART, namespace) or facts.by(tables.PODS_APART, "*"))

    def _unwelcome(self, one: Newcomer, labels: Mapping[str, str]) -> bool:
        """Pods that are there, or were put there, refuse it."""
        key = (one.namespace, one.labels)
        if key not in self._refusals:
            places = self._refusals[key] = {}
            for topology, where in self._refused_at(one):
                places.setdefault(topology, set()).add(where)
        if any(labels.get(topology) in places for topology, places in self._refusals[key].items()):
            return True
        guests = self._guests.get(one.namespace)
        if not guests:
            return False
        mine = dict(one.labels)
        return any(labels.get(topology) == where and chosen.matches(mine) for chosen, topology, where in guests)

    def _refused_at(self, one: Newcomer) -> Iterable[tuple[str, str]]:
        mine = dict(one.labels)
        for space in (one.namespace, "*"):
            for term, own, places in self._refusing(space):
                if term.selector.matches(mine) and one.namespace in self._spaces(term, own):
                    yield from ((term.topology, where) for where in places)

    def _refusing(self, space: str) -> Iterable[tuple[Apart, str, set[str]]]:
        """What pods that stand on the nodes that stay refuse: the term, their namespace, and where they stand."""
        known = self._terms.get(space)
        if known is None:
            found: dict[tuple[int, str], tuple[Apart, str, set[str]]] = {}
            for pod in self.facts.by(tables.PODS_APART, space):
                node = self.nodes.get(pod.node)
                if pod.finished or node is None or pod.node in self.without:
                    continue
                for term in pod.shape.apart:  # pods of one template share their terms
                    entry = found.setdefault((id(term), pod.namespace), (term, pod.namespace, set()))
                    entry[2].add(_label(node, term.topology))
            known = self._terms[space] = tuple(found.values())
        return known

    # -- spread

    def _skewed(self, term: Spread, one: Newcomer, labels: Mapping[str, str]) -> bool:
        where = labels.get(term.topology)
        if where is None:
            return True
        mine = dict(one.labels)
        chosen = term.selector
        if term.keys:
            chosen = Selector((*chosen.equal, *((key, mine[key]) for key in term.keys if key in mine)), chosen.rules)
        counts = self._counted(chosen, (one.namespace,), term.topology)
        places = self._places(term, one)
        fewest = 0 if len(places) < term.least else min((counts[place] for place in places), default=0)
        return counts[where] + chosen.matches(mine) - fewest > term.skew

    def _places(self, term: Spread, one: Newcomer) -> dict[str, int]:
        """The values of the label that count: of all nodes, also of those that go."""
        key = (id(one.shape), term)
        if key not in self._domains:
            shape = one.shape
            self._domains[key] = {
                labels[term.topology]: 1
                for node in self.nodes.values()
                if term.topology in (labels := dict(node.labels)) and self._counts_for(term, shape, node, labels)
            }
        return self._domains[key]

    def _counts_for(self, term: Spread, shape: PodShape, node: Node, labels: Mapping[str, str]) -> bool:
        if term.tolerated and (node.name in self.without or node.cordoned or repelled(node.taints, shape.tolerations)):
            return False
        if term.all_nodes:
            return True
        chosen = all(labels.get(key) == value for key, value in shape.node_selector)
        return chosen and any_term(shape.node_terms, node.name, labels)

    # -- counting

    def _counted(self, chosen: Selector, spaces: tuple[str, ...], topology: str) -> Counter[str]:
        """Matching pods by the value of the label, on the nodes that stay; looked up once and kept up to date."""
        key = (chosen, spaces, topology)
        if key not in self._counts:
            counts: Counter[str] = Counter()
            judged: dict[int, bool] = {}
            for space in spaces:
                for pod in self.facts.by(tables.PODS_BY_NAMESPACE, space):
                    mark = id(pod.labels)  # equal labels are one object
                    if mark not in judged:
                        judged[mark] = chosen.matches(dict(pod.labels))
                    if judged[mark] and not pod.finished and pod.node not in self.without and pod.node in self.nodes:
                        counts[_label(self.nodes[pod.node], topology)] += 1
            for one, labels in self._placed:
                if one.namespace in spaces and topology in labels and chosen.matches(dict(one.labels)):
                    counts[labels[topology]] += 1
            self._counts[key] = counts
        return self._counts[key]


def _label(node: Node, name: str) -> str:
    return next((value for key, value in node.labels if key == name), "")
