"""Where a pod may stand: taints, node selector, required (anti-)affinity to nodes and pods, topology spread.

The rules of the scheduler's filters, as far as a drain needs them. Preferred terms never forbid, so they are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plugins.kubernetes.model.selectors import (
    LabelSelector,
    Requirement,
    Selector,
    holds,
    requirements,
    selector,
)
from plugins.kubernetes.model.wire import Row, Wire, word


class Taint(Wire, frozen=True, gc=False):
    """corev1.Taint."""

    key: str = ""
    effect: str = ""
    value: str = ""

    def __str__(self) -> str:
        value = f"={self.value}" if self.value else ""
        return f"{self.key}{value}:{self.effect}"


class Toleration(Wire, frozen=True, gc=False):
    """corev1.Toleration; how long it lasts does not matter here."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""

    def bears(self, taint: Taint) -> bool:
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        return self.operator == "Exists" or (bool(self.key) and self.value == taint.value)


class NodeTerm(Wire, frozen=True, gc=False):
    """corev1.NodeSelectorTerm."""

    match_expressions: tuple[Requirement, ...] | None = None
    match_fields: tuple[Requirement, ...] | None = None


class NodeSelectorTerms(Wire, frozen=True, gc=False):
    """corev1.NodeSelector."""

    node_selector_terms: tuple[NodeTerm, ...] | None = None


class NodeAffinity(Wire, frozen=True, gc=False):
    """corev1.NodeAffinity, the required part."""

    required_during_scheduling_ignored_during_execution: NodeSelectorTerms | None = None


class PodTerm(Wire, frozen=True, gc=False):
    """corev1.PodAffinityTerm."""

    label_selector: LabelSelector | None = None
    topology_key: str = ""
    namespaces: tuple[str, ...] | None = None
    namespace_selector: LabelSelector | None = None


class PodTerms(Wire, frozen=True, gc=False):
    """corev1.PodAffinity and PodAntiAffinity, the required part."""

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] | None = None


class Affinity(Wire, frozen=True, gc=False):
    """corev1.Affinity."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodTerms | None = None
    pod_anti_affinity: PodTerms | None = None


class SpreadWire(Wire, frozen=True, gc=False):
    """corev1.TopologySpreadConstraint."""

    max_skew: int = 1
    topology_key: str = ""
    when_unsatisfiable: str = ""
    label_selector: LabelSelector | None = None
    match_label_keys: tuple[str, ...] | None = None
    min_domains: int | None = None
    node_affinity_policy: str = ""
    node_taints_policy: str = ""


class Term(Row, frozen=True, gc=False):
    """One alternative of a required node affinity: all of its rules must hold."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()

    def allows(self, name: str, labels: Mapping[str, str]) -> bool:
        if not self.labels and not self.fields:
            return False  # an empty term matches nothing
        here = {"metadata.name": name}
        return all(holds(rule, labels) for rule in self.labels) and all(holds(rule, here) for rule in self.fields)


class Apart(Row, frozen=True, gc=False):
    """A required (anti-)affinity: a (no) pod that `selector` matches within the same value of the label `topology`.

    It is about pods of `namespaces` and of those that `among` matches; of the pod's own where it has neither.
    """

    selector: Selector
    topology: str
    namespaces: tuple[str, ...] = ()
    among: Selector | None = None


class Spread(Row, frozen=True, gc=False):
    """A topology spread that forbids: counts of matching pods may differ by `skew` between values of `topology`.

    Nodes that the pod's own affinity leaves out are not counted, unless `all_nodes`; nodes whose taints it does not
    bear are, unless `tolerated`. `keys`: labels whose values on the pod narrow the selector.
    """

    selector: Selector
    topology: str
    skew: int
    least: int = 0
    keys: tuple[str, ...] = ()
    all_nodes: bool = False
    tolerated: bool = False


def terms(wire: NodeSelectorTerms | None) -> tuple[Term, ...] | None:
    """Alternatives of a node selector; None where there is no such demand."""
    if wire is None or wire.node_selector_terms is None:
        return None
    return tuple(
        Term(requirements(term.match_expressions), requirements(term.match_fields)) for term in wire.node_selector_terms
    )


def node_terms(affinity: Affinity | None) -> tuple[Term, ...] | None:
    """The required node affinity of a pod."""
    if affinity is None or affinity.node_affinity is None:
        return None
    return terms(affinity.node_affinity.required_during_scheduling_ignored_during_execution)


def apart(affinity: Affinity | None) -> tuple[Apart, ...]:
    """The required anti-affinities of a pod; a term without selector matches no pod and is left out."""
    return _pod_terms(affinity.pod_anti_affinity) if affinity is not None else ()


def beside(affinity: Affinity | None) -> tuple[Apart, ...]:
    """The required affinities of a pod to other pods."""
    return _pod_terms(affinity.pod_affinity) if affinity is not None else ()


def _pod_terms(wire: PodTerms | None) -> tuple[Apart, ...]:
    found: list[Apart] = []
    for term in (wire.required_during_scheduling_ignored_during_execution if wire is not None else None) or ():
        chosen = selector(term.label_selector)
        if chosen is not None:
            spaces = tuple(word(space) for space in term.namespaces or ())
            found.append(Apart(chosen, word(term.topology_key), spaces, selector(term.namespace_selector)))
    return tuple(found)


def spreads(wires: Iterable[SpreadWire] | None) -> tuple[Spread, ...]:
    """The constraints that forbid; `ScheduleAnyway` is a preference."""
    found: list[Spread] = []
    for one in wires or ():
        chosen = selector(one.label_selector)
        if one.when_unsatisfiable == "DoNotSchedule" and chosen is not None:
            keys = tuple(word(key) for key in one.match_label_keys or ())
            found.append(
                Spread(
                    chosen,
                    word(one.topology_key),
                    max(1, one.max_skew),
                    one.min_domains or 0,
                    keys,
                    one.node_affinity_policy == "Ignore",
                    one.node_taints_policy == "Honor",
                )
            )
    return tuple(found)


def repelled(taints: Iterable[Taint], tolerations: Iterable[Toleration]) -> Taint | None:
    """The first taint that keeps a pod with these tolerations from being placed."""
    bearers = tuple(tolerations)
    for taint in taints:
        if taint.effect in {"NoSchedule", "NoExecute"} and not any(one.bears(taint) for one in bearers):
            return taint
    return None


def any_term(alternatives: tuple[Term, ...] | None, name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node satisfies a required node affinity (no demand: yes; no alternatives: never)."""
    return alternatives is None or any(term.allows(name, labels) for term in alternatives)


def cleaned_taints(taints: Iterable[Taint] | None) -> tuple[Taint, ...]:
    """Taints with clean text."""
    return tuple(Taint(word(t.key), word(t.effect), word(t.value)) for t in taints or ())
