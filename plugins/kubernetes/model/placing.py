"""Where a pod may stand: taints and tolerations, node selector, required node affinity, required anti-affinity.

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


class PodAntiAffinity(Wire, frozen=True, gc=False):
    """corev1.PodAntiAffinity, the required part."""

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] | None = None


class Affinity(Wire, frozen=True, gc=False):
    """corev1.Affinity."""

    node_affinity: NodeAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


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
    """A required anti-affinity: no pod that `selector` matches within the same value of the label `topology`."""

    selector: Selector
    topology: str
    namespaces: tuple[str, ...] = ()


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
    if affinity is None or affinity.pod_anti_affinity is None:
        return ()
    found: list[Apart] = []
    for term in affinity.pod_anti_affinity.required_during_scheduling_ignored_during_execution or ():
        chosen = selector(term.label_selector)
        if chosen is not None:
            spaces = tuple(word(space) for space in term.namespaces or ())
            found.append(Apart(chosen, word(term.topology_key), spaces))
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
