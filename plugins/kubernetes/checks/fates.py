"""What becomes of one pod when its node is drained. Pure; the filters are kubectl's, the volumes are ours.

DAEMON, STATIC   stay: the node's own
FINISHED         done already: goes without loss
LEAVING          being deleted anyway
MOVES            made again elsewhere, if there is room
RETURNS          made again, but its volume lies here: it waits for this node
LOST             nobody makes it again
UNKNOWN          its owner is of a kind that we do not know
"""

from __future__ import annotations

from enum import StrEnum

from console.plugin import Facts
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod, claim_keys
from plugins.kubernetes.model.sets import STATEFUL_KINDS
from plugins.kubernetes.model.volumes import Volume

_MAKERS = STATEFUL_KINDS | {"ReplicaSet", "ReplicationController", "Job", "Deployment"}


class Fate(StrEnum):
    """See the module."""

    DAEMON = "stays: DaemonSet"
    STATIC = "stays: static pod"
    FINISHED = "finished"
    LEAVING = "leaving already"
    MOVES = "moves"
    RETURNS = "waits for this node"
    LOST = "is lost"
    UNKNOWN = "unknown owner"


EVICTED = frozenset({Fate.MOVES, Fate.RETURNS, Fate.LOST, Fate.UNKNOWN})


def fate(pod: Pod, facts: Facts) -> Fate:
    """What becomes of the pod when the node under it is drained."""
    owner = pod.owner
    if pod.mirror or (owner is not None and owner.kind == "Node"):
        return Fate.STATIC
    if pod.finished:
        return Fate.FINISHED
    if owner is not None and owner.kind == "DaemonSet":
        return Fate.DAEMON if _exists(pod, facts) else Fate.LOST
    if pod.deleted is not None:
        return Fate.LEAVING
    if owner is None:
        return Fate.LOST
    if owner.kind not in _MAKERS:
        return Fate.UNKNOWN
    return Fate.RETURNS if pod.claims and pinned(pod, facts) else Fate.MOVES


def pinned(pod: Pod, facts: Facts) -> tuple[Volume, ...]:
    """The volumes of the pod that lie on one host."""
    if not pod.claims:
        return ()
    return tuple(volume for volume in volumes(pod, facts) if volume.local)


def waiting_for(facts: Facts, node: str) -> list[Pod]:
    """Pods without a node whose volumes lie on this one."""
    row = facts.get(tables.NODES, node)
    host = dict(row.labels).get("kubernetes.io/hostname", node) if row else node
    found = [
        pod
        for pod in facts.by(tables.PODS_UNPLACED, "")
        if pod.claims and any(host in volume.hosts for volume in pinned(pod, facts))
    ]
    return sorted(found, key=lambda pod: pod.key)


def volumes(pod: Pod, facts: Facts) -> tuple[Volume, ...]:
    """The volumes behind the pod's claims, as far as they are bound."""
    found: list[Volume] = []
    for key in claim_keys(pod):
        claim = tables.claim(facts, key)
        volume = tables.volume(facts, claim.volume) if claim is not None and claim.volume else None
        if volume is not None:
            found.append(volume)
    return tuple(found)


def _exists(pod: Pod, facts: Facts) -> bool:
    """Whether its DaemonSet is there; taken for granted where the workloads were not read."""
    owner = pod.owner
    if owner is None or not facts.snapshot(tables.WORKLOADS).complete:
        return True
    return facts.get(tables.WORKLOADS, f"{pod.namespace}/{owner.kind}/{owner.name}") is not None
