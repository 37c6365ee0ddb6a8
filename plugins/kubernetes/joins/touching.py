"""Which subjects of a join a changed row concerns, where several joins ask the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.plugin import EVERY, Facts
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.services import EndpointSlice
from plugins.kubernetes.model.sets import STATEFUL_KINDS, MemberSet
from plugins.kubernetes.model.volumes import Claim, Volume
from plugins.kubernetes.model.workloads import Workload

SMALL = 16
"""Up to so many pods a workload's state concerns the nodes of all of them; one pod more or less of a larger one does
not make an outage."""


def node_of(pod: Pod, _facts: Facts) -> Iterable[str]:
    """The node of a pod."""
    return (pod.node,) if pod.node else ()


def nodes_of_owner(row: MemberSet | Workload, facts: Facts) -> set[str]:
    """The nodes under the pods of a set, or of a small workload; a lock on a workload concerns all nodes."""
    if isinstance(row, Workload) and row.locks:
        return {EVERY}
    if isinstance(row, Workload) and row.desired > SMALL:
        return set()
    return {pod.node for pod in facts.by(tables.PODS_BY_OWNER, row.key) if pod.node}


def nodes_of_budget(budget: Budget, facts: Facts) -> set[str]:
    """The nodes under the pods of a budget."""
    return {pod.node for pod in pods_of_budget(budget, facts) if pod.node}


def pods_of_budget(budget: Budget, facts: Facts) -> Iterator[Pod]:
    """The pods that a budget selects."""
    judged: dict[int, bool] = {}
    for pod in facts.by(tables.PODS_BY_NAMESPACE, budget.namespace):
        mark = id(pod.labels)  # equal labels are one object
        if mark not in judged:
            judged[mark] = budget.selects(dict(pod.labels))
        if judged[mark]:
            yield pod


def nodes_of_backends(row: EndpointSlice, facts: Facts) -> Iterable[str]:
    """The nodes under the backends of a webhook; no other service concerns a verdict."""
    if not facts.by(tables.HOOKS_BY_SERVICE, row.service):
        return ()
    slices = (row, *facts.by(tables.SLICES_BY_SERVICE, row.service))  # what was there before counts as well
    return {one.node for each in slices for one in each.endpoints if one.node}


def pods_of_storage(row: Volume | Claim, facts: Facts) -> Iterable[Pod]:
    """The pods that use a claim, or a volume through its claim."""
    claim = tables.claim_of(row)
    return facts.by(tables.PODS_BY_CLAIM, claim) if claim else ()


def set_key(pod: Pod) -> Iterable[str]:
    """The key of the set that the pod is a member of."""
    owner = pod.owner
    if owner is None or owner.kind not in STATEFUL_KINDS:
        return ()
    return (f"{pod.namespace}/{owner.kind}/{owner.name}",)
