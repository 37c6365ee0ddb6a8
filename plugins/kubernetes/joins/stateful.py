"""Sets and their members as a tree: a set, and below it each member with its node, claims, volumes and revision."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Facts, Join, Table, Touch
from plugins.kubernetes.checks.fates import volumes
from plugins.kubernetes.joins.touching import pods_of_storage, set_key
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.sets import MemberSet
from plugins.kubernetes.model.volumes import Volume
from plugins.kubernetes.model.wire import Row

MISSING = "not made"


class StatefulRow(Row, frozen=True, gc=False):
    """A set (`member` empty) or one of its members; `pod` None: a member that should be there and is not."""

    of: MemberSet
    healthy: int
    member: str = ""
    ordinal: int = -1
    pod: Pod | None = None
    volumes: tuple[Volume, ...] = ()
    budgets: tuple[Budget, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.of.key}/{self.ordinal:06d}/{self.member}" if self.member else self.of.key

    @property
    def parent(self) -> str | None:
        return self.of.key if self.member else None

    @property
    def name(self) -> str:
        return self.member or self.of.name

    @property
    def status(self) -> str:
        """A member's STATUS; of a set how it is as a whole."""
        if self.member:
            return self.pod.status if self.pod else MISSING
        if self.healthy >= self.of.replicas:
            return "rolling" if self.of.rolling else "ok"
        return "down" if self.healthy == 0 else "degraded"

    @property
    def revision(self) -> str:
        """`old` where a member is not yet of the revision that the set wants."""
        if self.pod is None or not self.of.update_revision or not self.pod.revision:
            return ""
        return "new" if self.pod.revision == self.of.update_revision else "old"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The only hosts where the member can stand, for its volumes' sake."""
        return tuple(sorted({host for volume in self.volumes for host in volume.hosts}))


STATEFUL: Table[StatefulRow] = Table("stateful", lambda row: row.key)


def build(one: MemberSet, facts: Facts) -> Iterable[StatefulRow]:
    """The set, then its members in ordinal order, with those that are missing."""
    pods = sorted(facts.by(tables.PODS_BY_OWNER, one.key), key=lambda pod: (pod.ordinal, pod.name))
    healthy = sum(pod.healthy for pod in pods)
    yield StatefulRow(one, healthy, budgets=tuple(_budgets(one, pods, facts)))
    for pod in pods:
        yield StatefulRow(one, healthy, pod.name, max(0, pod.ordinal), pod, volumes(pod, facts))
    if one.kind == "StatefulSet":
        there = {pod.ordinal for pod in pods}
        for ordinal in range(min(one.replicas, 1000)):
            if ordinal not in there:
                yield StatefulRow(one, healthy, f"{one.name}-{ordinal}", ordinal)


def _budgets(one: MemberSet, pods: list[Pod], facts: Facts) -> list[Budget]:
    labels = dict(pods[0].labels) if pods else dict(one.selector.equal) if one.selector else {}
    found = [b for b in facts.by(tables.BUDGETS_BY_NAMESPACE, one.namespace) if b.selects(labels)]
    return sorted(found, key=lambda budget: budget.name)


def _sets_of(pods: Iterable[Pod]) -> set[str]:
    return {key for pod in pods for key in set_key(pod)}


STATEFUL_JOINS: tuple[Join[MemberSet, StatefulRow], ...] = (
    Join(
        STATEFUL,
        tables.SETS,
        build,
        (
            Touch(tables.PODS, lambda pod, _facts: set_key(pod)),
            Touch(
                tables.BUDGETS,
                lambda budget, facts: [row.key for row in facts.by(tables.SETS_BY_NAMESPACE, budget.namespace)],
            ),
            Touch(tables.STORAGE, lambda row, facts: _sets_of(pods_of_storage(row, facts))),
        ),
    ),
)
