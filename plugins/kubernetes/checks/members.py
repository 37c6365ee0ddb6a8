"""Sets: what is left of them while nodes are out, which members wait, and whether another one is missing already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.budgeting import allowance, budgets_of
from plugins.kubernetes.checks.fates import Fate, pinned
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed, pod_ref
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.sets import MemberSet


class _Case(Struct, frozen=True):
    """One set, its members on the nodes that go, and all of its members."""

    one: MemberSet
    here: list[Pod]
    members: Sequence[Pod]
    stand: Standing
    facts: Facts

    @property
    def name(self) -> str:
        return f"{self.one.namespace}/{self.one.name}"

    @property
    def left(self) -> int:
        """Ready members elsewhere."""
        return sum(pod.healthy and pod.node not in self.stand.nodes for pod in self.members)

    @property
    def subject(self) -> Ref:
        return Ref(self.one.kind.lower(), self.one.name, self.one.namespace, self.one.uid)


def set_reasons(stand: Standing, facts: Facts, vouched: frozenset[str]) -> Iterator[Reason]:
    """Lines for each set with members on these nodes."""
    for key, group in sorted(stand.by_owner(stateful=True).items()):
        one = facts.get(tables.SETS, key)
        here = [pod for pod, _ in group]
        if one is None:
            namespace, kind, name = key.split("/", 2)
            text = f"{kind} {namespace}/{name} is not there, but its pods are"
            yield Reason(Answer.UNKNOWN, name, text, pod_ref(here[0]))
            continue
        case = _Case(one, here, facts.by(tables.PODS_BY_OWNER, key), stand, facts)
        yield from _absent(case)
        yield from _upgraded(case)
        waiting = [pod for pod, its in group if its is Fate.RETURNS]
        if waiting:
            yield _waits(case, waiting)
        if key not in vouched:
            yield _unvouched(case)


def _unvouched(case: _Case) -> Reason:
    """No plugin asked the members. A budget is their owner's word for how many may be away: a person may go by it.

    One member alone has no quorum: what its going costs is an outage, which a person may accept.
    """
    one, budgets = case.one, budgets_of(case.here[0], case.facts)
    if one.replicas == 1:
        text = f"outage of {one.kind} {case.name}: its only member is here"
        return Reason(Answer.DECIDE, one.name, text, case.subject, decision="outage")
    text = (
        f"no plugin knows the quorum of {case.name}: {case.left} of {one.replicas} would be ready; {allowance(budgets)}"
    )
    if budgets:
        return Reason(Answer.DECIDE, one.name, text, case.subject, decision="unknown-quorum")
    return Reason(Answer.UNKNOWN, one.name, text, case.subject)


def _absent(case: _Case) -> Iterator[Reason]:
    """Members that are missing already, elsewhere: a second one must not go."""
    one, known = case.one, case.facts.rows(tables.NODES)
    gone = [pod for pod in case.members if not pod.healthy and pod.node not in case.stand.nodes]
    unmade = max(0, one.replicas - len(case.members))
    if not gone and not unmade:
        return
    parts = [f"{pod.name} {_state(pod, case.facts)}" for pod in gone]
    if unmade:
        parts.append(f"{unmade} not made")
    for name in sorted({pod.node for pod in gone}):
        node = known.get(name)
        if node is not None and not node.usable:
            parts.append(f"{node.name} is {node.state}")
    have = sum(pod.healthy for pod in case.members)
    text = (
        f"{case.name}: {have} of {one.replicas} are ready already ({listed(parts)}); "
        f"without {listed([pod.name for pod in case.here])} it would be {case.left}"
    )
    yield Reason(Answer.NO, one.name, text, case.subject)


def _waits(case: _Case, waiting: list[Pod]) -> Reason:
    """Members whose volumes lie here: they stay pending until the node is back."""
    one = case.one
    size = len({volume.name for pod in waiting for volume in pinned(pod, case.facts)})
    lies = "its volume lies" if size == 1 else f"{size} volumes lie"
    where, names = listed(sorted(case.stand.nodes)), listed([pod.name for pod in waiting])
    stay = "stays" if len(waiting) == 1 else "stay"
    text = f"{one.name} {case.left} of {one.replicas} while {where} is out: {names} {stay} pending, for {lies} there"
    if one.policy == "OrderedReady" and min(pod.ordinal for pod in waiting) < one.replicas - 1:
        text += "; higher ordinals that fail meanwhile are not made again (OrderedReady)"
    return Reason(Answer.DECIDE, one.name, text, pod_ref(waiting[0]), decision="stays-pending")


def _upgraded(case: _Case) -> Iterator[Reason]:
    """With `OnDelete` a pending revision is rolled out by whatever deletes a pod, so also by a drain."""
    one = case.one
    old = [pod for pod in case.here if pod.revision and one.update_revision and pod.revision != one.update_revision]
    if one.strategy == "OnDelete" and old:
        names = listed([pod.name for pod in old])
        text = f"{names} would be made again from the pending revision {one.update_revision}: a silent upgrade"
        yield Reason(Answer.DECIDE, one.name, text, pod_ref(old[0]), decision="new-revision")


def _state(pod: Pod, facts: Facts) -> str:
    """Why a member is away, in a few words."""
    if pod.node:
        return pod.status
    hosts = sorted({host for volume in pinned(pod, facts) for host in volume.hosts})
    return f"waits for {listed(hosts)}" if hosts else pod.status
