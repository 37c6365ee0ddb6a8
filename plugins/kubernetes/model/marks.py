"""Marks that people and tools leave on nodes: who cordoned it, who holds it, why. Ours and those of others.

`kubectl cordon` leaves none. Others' marks are shown and respected, never written.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from plugins.kubernetes.model.placing import Taint
from plugins.kubernetes.model.wire import Row, line

PREFIX = "pilothouse/"
CORDONED_BY = "pilothouse/cordoned-by"
CORDONED_AT = "pilothouse/cordoned-at"
REASON = "pilothouse/reason"
RUN = "pilothouse/run"
OUT_SINCE = "pilothouse/out-since"
OUT_UNTIL = "pilothouse/out-until"

_FOREIGN = {
    "weave.works/kured-node-lock": "kured",
    "weave.works/kured-reboot-in-progress": "kured",
    "kured.dev/reboot-in-progress": "kured",
    "nodemaintenance.medik8s.io/reason": "medik8s",
    "remediation.medik8s.io/node-unhealthy": "medik8s",
    "cluster.x-k8s.io/delete-machine": "cluster-api",
    "upgrade.cattle.io/plan": "system-upgrade-controller",
    "machineconfiguration.openshift.io/desiredDrain": "machine-config",
    "cluster-autoscaler.kubernetes.io/scale-down-disabled": "cluster-autoscaler",
    "karpenter.sh/do-not-disrupt": "karpenter",
}
AT_WORK = frozenset({"weave.works/kured-reboot-in-progress", "kured.dev/reboot-in-progress"})
"""Marks that are there only while the tool works on the node."""
HARMLESS: Mapping[str, str] = {
    "cluster-autoscaler.kubernetes.io/scale-down-disabled": "the autoscaler leaves the node alone",
    "karpenter.sh/do-not-disrupt": "Karpenter leaves the node alone",
}
"""Marks that keep a tool away: what they mean. They do not ask people to stay away."""
_TAINTS = {
    "ToBeDeletedByClusterAutoscaler": ("cluster-autoscaler", "it is about to delete the node"),
    "DeletionCandidateOfClusterAutoscaler": ("cluster-autoscaler", "it may delete the node soon"),
    "karpenter.sh/disrupted": ("karpenter", "it drains and deletes the node"),
    "karpenter.sh/disruption": ("karpenter", "it drains and deletes the node"),
    "medik8s.io/drain": ("medik8s", "it drains the node"),
}


class Mark(Row, frozen=True, gc=False):
    """One annotation that matters; `by`: `pilothouse` or the name of the tool."""

    name: str
    value: str
    by: str


def marks(annotations: Mapping[str, str]) -> tuple[Mark, ...]:
    """The marks among a node's annotations, ours first."""
    own = [Mark(line(k), line(v), "pilothouse") for k, v in sorted(annotations.items()) if k.startswith(PREFIX)]
    foreign = [Mark(line(k), line(v), _FOREIGN[k]) for k, v in sorted(annotations.items()) if k in _FOREIGN]
    return (*own, *foreign)


def taint_marks(taints: Iterable[Taint]) -> list[tuple[str, Taint, str]]:
    """Taints by which tools claim a node: the tool, the taint, and what it means."""
    return [(_TAINTS[one.key][0], one, _TAINTS[one.key][1]) for one in taints if one.key in _TAINTS]


def mark(held: tuple[Mark, ...], name: str) -> str:
    """The value of one mark, empty where it is not there."""
    return next((one.value for one in held if one.name == name), "")


def stamp(held: tuple[Mark, ...], name: str) -> float | None:
    """The time (epoch s) that a mark holds; None where it is not there, or is none."""
    try:
        return datetime.datetime.fromisoformat(mark(held, name)).timestamp()
    except ValueError:
        return None


def holder(held: tuple[Mark, ...]) -> str:
    """Who a cordon belongs to, as far as marks tell."""
    person = mark(held, CORDONED_BY)
    others = (one.by for one in held if one.by != "pilothouse" and one.name not in HARMLESS)
    return person or next(others, "")
