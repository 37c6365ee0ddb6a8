"""Budgets over all pods that leave together: the eviction API's arithmetic, simulated (its dry run counts each alone).

Rules (Kubernetes, registry/core/pod/storage/eviction.go): a pod that is pending, finished or being deleted is not
counted; two budgets on one pod are an error; an unready pod goes if the policy is AlwaysAllow, or if at least the
desired number is healthy without it. Pods that come back elsewhere give their budget back, so they go one after
another; pods that wait for the node do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.fates import EVICTED, Fate
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed, pod_ref, pods
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.budgets import ALWAYS_ALLOW, Budget
from plugins.kubernetes.model.pods import Pod

_TOPIC = "budgets"


@dataclass(slots=True)
class Load:
    """What the leaving pods ask of one budget: healthy ones that stay away, that come back elsewhere, and sick ones."""

    budget: Budget
    away: list[Pod] = field(default_factory=list[Pod])
    moving: list[Pod] = field(default_factory=list[Pod])
    sick: list[Pod] = field(default_factory=list[Pod])


def budgets_of(pod: Pod, facts: Facts) -> list[Budget]:
    """The budgets that select the pod."""
    candidates = facts.by(tables.BUDGETS_BY_NAMESPACE, pod.namespace)
    if not candidates:
        return []
    labels = dict(pod.labels)
    return [budget for budget in candidates if budget.selects(labels)]


class Finder:
    """`budgets_of` for many pods: budgets are looked up by one label that they demand, not tried one by one."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[str, dict[tuple[str, str] | None, list[Budget]]] = {}

    def of(self, pod: Pod) -> list[Budget]:
        """The budgets that select the pod."""
        there = self._known.get(pod.namespace)
        if there is None:
            there = self._known[pod.namespace] = self._sorted(pod.namespace)
        if not there:
            return []
        candidates = [*there.get(None, ()), *(one for pair in pod.labels for one in there.get(pair, ()))]
        labels = dict(pod.labels) if candidates else {}
        return [budget for budget in candidates if budget.selects(labels)]

    def _sorted(self, namespace: str) -> dict[tuple[str, str] | None, list[Budget]]:
        found: dict[tuple[str, str] | None, list[Budget]] = {}
        for budget in self._facts.by(tables.BUDGETS_BY_NAMESPACE, namespace):
            demand = budget.selector.equal[0] if budget.selector is not None and budget.selector.equal else None
            found.setdefault(demand, []).append(budget)
        return found


def budget_reasons(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """One line a budget that is touched, and one for pods that two budgets select."""
    loads: dict[str, Load] = {}
    finder = Finder(facts)
    twice: list[tuple[Pod, list[Budget]]] = []
    for pod, its in stand.pods:
        if its not in EVICTED or pod.phase == "Pending":
            continue
        found = finder.of(pod)
        if len(found) > 1:
            twice.append((pod, found))
        elif found:
            load = loads.setdefault(found[0].key, Load(found[0]))
            side = load.sick if not pod.ready else load.away if its is not Fate.MOVES else load.moving
            side.append(pod)
    for pod, found in twice:
        names = " and ".join(sorted(budget.name for budget in found))
        text = f"{pod.key} is under two budgets, {names}: the server refuses every eviction of it"
        yield Reason(Answer.NO, _TOPIC, text, pod_ref(pod))
    for load in loads.values():
        yield judge(load)


def judge(load: Load) -> Reason:
    """Need and have of one budget."""
    budget, subject = load.budget, Ref("budget", load.budget.name, load.budget.namespace, load.budget.uid)
    need = len(load.away) + len(load.moving)
    stuck = [] if _sick_may_go(budget) else load.sick
    if not budget.settled:
        text = f"{budget.key} is not judged yet: its controller has not seen its newest version"
        return Reason(Answer.UNKNOWN, _TOPIC, text, subject)
    if stuck:
        text = (
            f"{budget.key} holds {listed([pod.name for pod in stuck])}, which is not ready: "
            f"{budget.healthy} of {budget.desired} needed are healthy, and its policy is {budget.unhealthy}"
        )
        return Reason(Answer.NO, _TOPIC, text, subject)
    must = len(load.away) + (1 if load.moving else 0)
    have = f"needs {budget.desired} healthy, has {budget.healthy}, allows {budget.allowed}"
    if must > budget.allowed:
        because = " for good" if budget.unsatisfiable else ""
        text = f"{budget.key} {have}{because}; {pods(need)} of it must go ({_names(load)})"
        return Reason(Answer.NO, _TOPIC, text, subject)
    turns = ", one after another" if need > budget.allowed else ""
    return Reason(Answer.SAFE, _TOPIC, f"{budget.key} allows {budget.allowed}, needs {need}{turns}", subject)


def allowance(found: Iterable[Budget]) -> str:
    """What budgets say of a set, in words for another line."""
    texts = [f"budget {budget.name} allows {budget.allowed}" for budget in found]
    return ", ".join(texts) if texts else "no budget protects it"


def _sick_may_go(budget: Budget) -> bool:
    return budget.unhealthy == ALWAYS_ALLOW or budget.healthy >= budget.desired > 0


def _names(load: Load) -> str:
    return listed([pod.name for pod in [*load.away, *load.moving]])
