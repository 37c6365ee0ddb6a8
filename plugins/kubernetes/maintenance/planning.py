"""The steps of a drain and of a rejoin, from the rows as they are now. Pure.

The options of a drain are plugins.kubernetes.checks.wishes'; what they ask for stands in each step's parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from console.plugin import Effect, Facts, Json, Right, Target
from console.workflow.steps import Phase, Step
from plugins.kubernetes.checks.admission import first
from plugins.kubernetes.checks.fates import EVICTED, Fate
from plugins.kubernetes.checks.standing import standing
from plugins.kubernetes.checks.wishes import Wishes, wishes
from plugins.kubernetes.maintenance import quorum, replacing
from plugins.kubernetes.maintenance.verifying import PINNED
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.sets import STATEFUL_KINDS

_PREFLIGHT_TIME = 300.0
_VERIFY_TIME = 300.0
_ANSWERED_TIME = 300.0
_LEAVES = EVICTED | {Fate.FINISHED, Fate.LEAVING}


def steps(facts: Facts, target: Target) -> Sequence[Step]:
    """The graph of this run's steps."""
    if target.run == "drain":
        return _drain(facts, target)
    return _rejoin(facts, target) if target.run == "rejoin" else ()


def _drain(facts: Facts, target: Target) -> list[Step]:
    make = _Maker(facts)
    found = [make.step("preflight", "pre-flight", Phase.PREPARE, effect=Effect.READ, timeout=_PREFLIGHT_TIME)]
    found += quorum.steps(facts, target, found[0].id)
    found += [make.of_node("cordon", node, Phase.CORDON, rights=_NODE_RIGHTS, timeout=120.0) for node in target.nodes]
    asked = wishes(target)
    stand = standing(target.nodes, facts, asked.selector)
    before: dict[str, str] = {}
    leaving = _in_order([pod for pod, its in stand.pods if its in _LEAVES and not asked.leaves_behind(pod, facts.now)])
    evictions = {pod.key: make.evict(pod, asked, before) for pod in leaving}
    found += _backends_first(make, evictions, first(stand, facts))
    return found + [_verify(make, node, stand.of(Fate.RETURNS)) for node in target.nodes]


def _backends_first(make: _Maker, evictions: Mapping[str, Step], leading: Mapping[str, str]) -> list[Step]:
    """Backends of webhooks go first; all others go when what they answer is answered elsewhere."""
    leading = {pod: service for pod, service in leading.items() if pod in evictions}
    gates: list[Step] = []
    for service in sorted(set(leading.values())):
        after = tuple(sorted(evictions[pod].id for pod in leading if leading[pod] == service))
        step = make.step("answered", f"{service} answers elsewhere", Phase.EVICT, name=f"answered/{service}",
                         effect=Effect.READ, params={"service": service}, timeout=_ANSWERED_TIME)  # fmt: skip
        gates.append(replace(step, after=after))
    done = tuple(gate.id for gate in gates)
    others = [replace(step, after=(*step.after, *done)) for pod, step in evictions.items() if pod not in leading]
    return [*(evictions[pod] for pod in evictions if pod in leading), *gates, *others]


def _verify(make: _Maker, node: str, returning: Sequence[Pod]) -> Step:
    made = make.of_node("verify", node, Phase.VERIFY, effect=Effect.READ, timeout=_VERIFY_TIME)
    pinned = sorted(pod.key for pod in returning if pod.node == node)
    return replace(made, params={**made.params, PINNED: pinned}) if pinned else made


def _rejoin(facts: Facts, target: Target) -> list[Step]:
    if replacing.replaced(target):
        return replacing.steps(facts, target)
    make = _Maker(facts)
    found: list[Step] = []
    for node in target.nodes:
        found += [
            make.of_node("ready", node, Phase.RETURN),
            make.of_node("uncordon", node, Phase.UNCORDON, rights=_NODE_RIGHTS, timeout=120.0),
            make.of_node("whole", node, Phase.CATCH_UP, effect=Effect.READ),
        ]
    return found


_NODE_RIGHTS = (Right("get", "nodes"), Right("patch", "nodes"))


_TITLES = {"whole": "sets with pods on {node} are whole", "ready": "{node} is Ready"}
"""Titles of steps that wait for something: what is then so; the others name what is done."""


class _Maker:
    """Steps of this instance."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def step(  # noqa: PLR0913
        self,
        kind: str,
        title: str,
        phase: Phase,
        *,
        name: str = "",
        effect: Effect = Effect.CHANGE,
        params: dict[str, Json] | None = None,
        after: tuple[str, ...] = (),
        rights: tuple[Right, ...] = (),
        timeout: float = 0.0,
    ) -> Step:
        instance = self._facts.instance
        return Step(
            id=f"{instance.system}/{name or kind}",
            title=title,
            system=instance.system,
            instance=instance.name,
            kind=kind,
            phase=phase,
            params=params or {},
            after=after,
            effect=effect,
            timeout=timeout,
            every=0.2,  # rows are watched: a look costs nothing, and a change should be seen at once
            rights=rights,
        )

    def of_node(  # noqa: PLR0913
        self,
        kind: str,
        node: str,
        phase: Phase,
        *,
        effect: Effect = Effect.CHANGE,
        rights: tuple[Right, ...] = (),
        timeout: float = 0.0,
    ) -> Step:
        row = self._facts.get(tables.NODES, node)
        params: dict[str, Json] = {"node": node, "uid": row.uid if row else ""}
        name, title = f"{kind}/{node}", _TITLES.get(kind, "{kind} {node}").format(kind=kind, node=node)
        return self.step(kind, title, phase, name=name, effect=effect, params=params, rights=rights, timeout=timeout)

    def evict(self, pod: Pod, asked: Wishes, before: dict[str, str]) -> Step:
        """One pod; members of one set come one after another, each when the one before is gone."""
        owner = f"{pod.namespace}/{pod.owner.kind}/{pod.owner.name}" if pod.owner else ""
        in_row = pod.owner is not None and pod.owner.kind in STATEFUL_KINDS
        name = f"evict/{pod.key}"
        made = self.step(
            "evict",
            pod.key,
            Phase.EVICT,
            name=name,
            params={
                "pod": pod.name,
                "namespace": pod.namespace,
                "uid": pod.uid,
                "node": pod.node,
                "owner": owner,
                "grace": asked.grace,
                **({"delete": True} if asked.disable_eviction else {}),
                **({"skip": asked.skip_wait} if asked.skip_wait else {}),
            },
            after=(before[owner],) if in_row and owner in before else (),
            rights=(
                Right("get", "pods", namespace=pod.namespace),
                Right("delete", "pods", namespace=pod.namespace)
                if asked.disable_eviction
                else Right("create", "pods/eviction", namespace=pod.namespace),
            ),
            timeout=asked.timeout,
        )
        if in_row:
            before[owner] = made.id
        return made


def _in_order(pods: list[Pod]) -> list[Pod]:
    """Members of a set from the highest ordinal down, as its controller would."""
    return sorted(pods, key=lambda pod: (pod.namespace, pod.owner.name if pod.owner else pod.name, -pod.ordinal))
