"""Label selectors: as the API carries them (metav1.LabelSelector), flat and hashable, and as people write them.

What an empty selector means differs by place (a budget: every pod; `None`: none), so `None` never gets here.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugins.kubernetes.model.wire import Pairs, Row, Wire, word


class Requirement(Wire, frozen=True, gc=False):
    """metav1.LabelSelectorRequirement; also a node selector term's expression (which knows Gt and Lt as well)."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class LabelSelector(Wire, frozen=True, gc=False):
    """metav1.LabelSelector."""

    match_labels: dict[str, str] | None = None
    match_expressions: tuple[Requirement, ...] | None = None


class Selector(Row, frozen=True, gc=False):
    """All of `equal` and `rules` must hold. Without any, everything matches."""

    equal: Pairs = ()
    rules: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        for key, value in self.equal:
            if labels.get(key) != value:
                return False
        return not self.rules or all(holds(rule, labels) for rule in self.rules)

    def __str__(self) -> str:
        return ",".join([*(f"{key}={value}" for key, value in self.equal), *map(_written, self.rules)])


def selector(wire: LabelSelector | None) -> Selector | None:
    """The flat form; None stays None."""
    if wire is None:
        return None
    equal = tuple(sorted((word(key), word(value)) for key, value in (wire.match_labels or {}).items()))
    return Selector(equal, requirements(wire.match_expressions))


def requirements(rules: tuple[Requirement, ...] | None) -> tuple[Requirement, ...]:
    """Cleaned copies."""
    return tuple(
        Requirement(word(rule.key), word(rule.operator), tuple(word(value) for value in rule.values or ()))
        for rule in rules or ()
    )


def holds(rule: Requirement, labels: Mapping[str, str]) -> bool:
    """One requirement; an operator that is not known holds never, so that nothing is promised by mistake."""
    have, values = labels.get(rule.key), rule.values or ()
    match rule.operator:
        case "In":
            return have is not None and have in values
        case "NotIn":
            return have is None or have not in values
        case "Exists":
            return have is not None
        case "DoesNotExist":
            return have is None
        case "Gt" | "Lt":
            return _compared(rule.operator, have, values)
        case _:
            return False


def _compared(operator: str, have: str | None, values: tuple[str, ...]) -> bool:
    try:
        left, right = int(have or ""), int(values[0] if values else "")
    except ValueError:
        return False
    return left > right if operator == "Gt" else left < right


def _written(rule: Requirement) -> str:
    values = ",".join(rule.values or ())
    match rule.operator:
        case "In":
            return f"{rule.key} in ({values})"
        case "NotIn":
            return f"{rule.key} notin ({values})"
        case "Exists":
            return rule.key
        case "DoesNotExist":
            return f"!{rule.key}"
        case _:
            return f"{rule.key} {rule.operator} {values}"
