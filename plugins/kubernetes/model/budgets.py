"""Budgets (PodDisruptionBudget) as rows, with the arithmetic of the eviction API in words."""

from __future__ import annotations

from plugins.kubernetes.model.selectors import LabelSelector, Selector, selector
from plugins.kubernetes.model.wire import Condition, Meta, Pairs, Row, Wire, condition, epoch, line, pairs, word

_PERCENT = 100
ALWAYS_ALLOW = "AlwaysAllow"


class BudgetSpec(Wire, frozen=True, gc=False):
    """BudgetSpec of the API, the fields that are read."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: LabelSelector | None = None
    unhealthy_pod_eviction_policy: str | None = None


class BudgetStatus(Wire, frozen=True, gc=False):
    """BudgetStatus of the API, the fields that are read."""

    current_healthy: int = 0
    desired_healthy: int = 0
    disruptions_allowed: int = 0
    expected_pods: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] | None = None


class BudgetWire(Wire, frozen=True, gc=False):
    """BudgetWire of the API, the fields that are read."""

    metadata: Meta
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class Budget(Row, frozen=True, gc=False):
    """One budget. `allowed`: how many of its healthy pods the server would let go now."""

    namespace: str
    name: str
    uid: str
    created: float
    min_available: int | str | None
    max_unavailable: int | str | None
    selector: Selector | None
    unhealthy: str
    healthy: int
    desired: int
    allowed: int
    expected: int
    settled: bool
    labels: Pairs
    message: str = ""

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def demand(self) -> str:
        """Its rule in words: `at least 2`, `at most 1 away`."""
        if self.max_unavailable is not None:
            return f"at most {self.max_unavailable} away"
        return f"at least {1 if self.min_available is None else self.min_available}"

    @property
    def unsatisfiable(self) -> bool:
        """No pod of it may ever go, even with all of them healthy."""
        return self.expected > 0 and wanted(self, self.expected) >= self.expected

    @property
    def blocked(self) -> str:
        """Why nothing may go now, empty when something may."""
        if not self.settled:
            return "not judged yet by the disruption controller"
        if self.expected == 0:
            return ""
        if self.unsatisfiable:
            return f"{self.demand} of {self.expected}: it never lets one go"
        if self.allowed > 0:
            return ""
        if self.message:
            return self.message
        return f"needs {self.desired} healthy, has {self.healthy}"

    def selects(self, labels: dict[str, str]) -> bool:
        """In policy/v1 an empty selector selects every pod of the namespace, none selects nothing."""
        return self.selector is not None and self.selector.matches(labels)


def wanted(budget: Budget, expected: int) -> int:
    """How many of `expected` pods must be healthy; percentages are rounded up, as the controller does."""
    if budget.max_unavailable is not None:
        return max(0, expected - scaled(budget.max_unavailable, expected))
    if budget.min_available is None:
        return min(1, expected)
    return scaled(budget.min_available, expected)


def scaled(value: int | str, total: int) -> int:
    """A whole number or a percentage (`30%`, rounded up) of `total`; text that is neither counts as the total."""
    if isinstance(value, int):
        return value
    digits = value.removesuffix("%")
    if not value.endswith("%") or not digits.isdecimal():
        return total
    return -(-int(digits) * total // _PERCENT)


def budget_row(wire: BudgetWire) -> Budget:
    """A PodDisruptionBudget."""
    meta, spec, status = wire.metadata, wire.spec, wire.status
    allowed = condition(status.conditions, "DisruptionAllowed")
    failed = allowed is not None and allowed.reason == "SyncFailed"
    return Budget(
        namespace=word(meta.namespace),
        name=line(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        min_available=_amount(spec.min_available),
        max_unavailable=_amount(spec.max_unavailable),
        selector=selector(spec.selector),
        unhealthy=word(spec.unhealthy_pod_eviction_policy) or "IfHealthyBudget",
        healthy=status.current_healthy,
        desired=status.desired_healthy,
        allowed=status.disruptions_allowed,
        expected=status.expected_pods,
        settled=status.observed_generation >= meta.generation,
        labels=pairs(meta.labels),
        message=line(allowed.message) if allowed and failed else "",
    )


def _amount(value: int | str | None) -> int | str | None:
    return line(value, 16) if isinstance(value, str) else value
