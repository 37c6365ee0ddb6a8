"""Budgets over all pods that leave together: the eviction API's arithmetic, simulated (its dry run counts each alone).

Rules (Kubernetes, registry/core/pod/storage/eviction.go): a pod that is pending, finished or being deleted is not
counted; two budgets on one pod are an error; an unready pod goes if the policy is AlwaysAllow, or if at least the
desired number is healthy without it. Pods that come back elsewhere give their budget back, so they go one after
another; pods that wait for the node do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.fates import EVICTED, Fate, pinned
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed, pod_ref, pods
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.budgets import ALWAYS_ALLOW, Budget
from plugins.kubernetes.model.pods import Pod

BUDGETS = "budgets"
"""The topic of its reasons."""
_SICK = 2
"""Pods that are named as why a budget lets none go."""
_SCALED = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})


class Load(Struct):
    """What the leaving pods ask of one budget: healthy ones that stay away, that come back elsewhere, and sick ones."""

    budget: Budget
    away: list[Pod] = field(default_factory=list[Pod])
    moving: list[Pod] = field(default_factory=list[Pod])
    sick: list[Pod] = field(default_factory=list[Pod])

    @property
    def pods(self) -> list[Pod]:
        """All of them."""
        return [*self.away, *self.moving, *self.sick]


class Weighed(Struct):
    """The loads of all budgets by the budget's key, and the pods that two budgets select."""

    loads: dict[str, Load] = field(default_factory=dict[str, Load])
    twice: list[tuple[Pod, list[Budget]]] = field(default_factory=list[tuple[Pod, list[Budget]]])


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


def weigh(stand: Standing, facts: Facts) -> Weighed:
    """Add up what the leaving pods of all nodes ask of every budget."""
    found, finder = Weighed(), Finder(facts)
    for pod, its in stand.pods:
        if its not in EVICTED or pod.phase == "Pending":
            continue
        held = finder.of(pod)
        if len(held) > 1:
            found.twice.append((pod, held))
        elif held:
            load = found.loads.setdefault(held[0].key, Load(held[0]))
            side = load.sick if not pod.ready else load.away if its is not Fate.MOVES else load.moving
            side.append(pod)
    return found


def budget_reasons(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """One line a budget that is touched, and one for each pod that two budgets select."""
    weighed = weigh(stand, facts)
    yield from (doubled(pod, held) for pod, held in weighed.twice)
    yield from map(judge, weighed.loads.values())


def doubled(pod: Pod, held: list[Budget]) -> Reason:
    """Two budgets on one pod."""
    names = " and ".join(sorted(budget.name for budget in held))
    text = (
        f"{pod.key} is under two budgets, {names}: the server refuses every eviction of it; leave one that selects it"
    )
    return Reason(Answer.NO, BUDGETS, text, pod_ref(pod))


def judge(load: Load) -> Reason:
    """Need and have of one budget."""
    budget, subject = load.budget, Ref("budget", load.budget.name, load.budget.namespace, load.budget.uid)
    need = len(load.away) + len(load.moving)
    stuck = [] if _sick_may_go(budget) else load.sick
    if not budget.settled:
        text = f"{budget.key} is not judged yet: its controller has not seen its newest version"
        return Reason(Answer.UNKNOWN, BUDGETS, text, subject)
    if stuck:
        text = (
            f"{budget.key} holds {listed([pod.name for pod in stuck])}, which is not ready: "
            f"{budget.healthy} of {budget.desired} needed are healthy, and its policy is {budget.unhealthy}"
        )
        return Reason(Answer.NO, BUDGETS, text, subject)
    must = len(load.away) + (1 if load.moving else 0)
    have = f"needs {budget.desired} healthy, has {budget.healthy}, allows {budget.allowed}"
    if must > budget.allowed:
        ever = budget.unsatisfiable
        text = f"{budget.key} {have}{' for good' if ever else ''}; {pods(need)} of it must go ({_names(load)})"
        return Reason(Answer.NO, BUDGETS, f"{text}{f': {way_out(load)}' if ever else ''}", subject)
    turns = ", one after another" if need > budget.allowed else ""
    return Reason(Answer.SAFE, BUDGETS, f"{budget.key} allows {budget.allowed}, needs {need}{turns}", subject)


def way_out(load: Load) -> str:
    """What a person can do about a budget that never lets a pod go, however long one waits.

    More replicas help against a number (`minAvailable: 1` of 1), not against `maxUnavailable: 0` or `100%`.
    """
    budget = load.budget
    patch = '{"spec":{"minAvailable":null,"maxUnavailable":1}}'
    allow = f"allow one to be away (kubectl -n {budget.namespace} patch pdb {budget.name} --type merge -p '{patch}')"
    least = budget.min_available
    owner = next((pod.workload for pod in load.pods if pod.workload is not None), None)
    if isinstance(least, int) and budget.max_unavailable is None and owner is not None and owner.kind in _SCALED:
        name, more = f"{owner.kind.lower()}/{owner.name}", max(least, budget.expected) + 1
        scale = f"kubectl -n {budget.namespace} scale {name} --replicas={more}"
        scale += "), by minReplicas where an autoscaler counts"  # which would take the replica away again
        return f"evicting never works; add a replica first ({scale}, or {allow}"
    return f"evicting never works; {allow}"


def allowance(found: Iterable[Budget]) -> str:
    """What budgets say of a set, in words for another line."""
    texts = [f"budget {budget.name} allows {budget.allowed}" for budget in found]
    return ", ".join(texts) if texts else "no budget protects it"


def allows(budget: Budget, pod: Pod) -> bool:
    """Whether the server would let this pod go now, by the same numbers that the server uses."""
    if not budget.settled:
        return False
    return budget.allowed > 0 or (not pod.ready and _sick_may_go(budget))


def unhealthy(facts: Facts, namespace: str) -> list[Pod]:
    """The pods of a namespace that no budget counts."""
    return [pod for pod in facts.by(tables.PODS_BY_NAMESPACE, namespace) if not pod.healthy and not pod.finished]


def blocked(budget: Budget, facts: Facts, among: Iterable[Pod] | None = None) -> str:
    """Need and have of a budget that lets none go, and which of its pods is why.

    `among`: the pods of its namespace that are not healthy, where somebody asks for many budgets.
    """
    if not budget.settled:
        return f"{budget.key} is not judged yet: its controller has not seen its newest version"
    if budget.unsatisfiable:
        return f"{budget.key} lets none go for good: {budget.demand} of {budget.expected}"
    ill = unhealthy(facts, budget.namespace) if among is None else among
    sick = sorted(_ill(pod, facts) for pod in ill if budget.selects(dict(pod.labels)))
    why = f", because {listed(sick, _SICK)}" if sick else ""
    return f"{budget.key} needs {budget.desired} healthy, has {budget.healthy}{why}"


def _ill(pod: Pod, facts: Facts) -> str:
    """A pod that does not count, and what it waits for where that is known."""
    if not pod.node and (hosts := {host for volume in pinned(pod, facts) for host in volume.hosts}):
        return f"{pod.name} waits for {', '.join(sorted(hosts))}"
    return f"{pod.name} is {pod.status}{' but not ready' if pod.status == 'Running' else ''}"


def _sick_may_go(budget: Budget) -> bool:
    return budget.unhealthy == ALWAYS_ALLOW or budget.healthy >= budget.desired > 0


def _names(load: Load) -> str:
    return listed([pod.name for pod in [*load.away, *load.moving]])
