"""Control-plane nodes: static pods are not evicted, but what follows a drain stops them. etcd's quorum decides."""

from __future__ import annotations

from collections.abc import Iterator

from console.model import Answer, Reason
from console.plugin import Facts
from plugins.kubernetes.checks.fates import Fate
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed, pod_ref
from plugins.kubernetes.model import tables

_BY_PODS = "by their pods; a plan asks etcd itself"
_PARTS = ("kube-apiserver", "kube-scheduler", "kube-controller-manager")


def control_plane_reasons(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """Etcd's arithmetic by its pods (`quorums` asks etcd), and the parts of which one must be left."""
    static = stand.of(Fate.STATIC)
    if not static:
        return
    here = [pod for pod in static if pod.label("component") == "etcd"]
    if here:
        voters = facts.by(tables.STATIC_BY_COMPONENT, "etcd")
        left = sum(pod.healthy and pod.node not in stand.nodes for pod in voters)
        quorum = len(voters) // 2 + 1
        text = f"etcd: {left} of {len(voters)} members would be left, quorum {quorum}"
        text += "" if left < quorum else f" ({_BY_PODS})"
        yield Reason(Answer.NO if left < quorum else Answer.SAFE, "etcd", text, pod_ref(here[0]))
    for part in _PARTS:
        mine = [pod for pod in static if pod.label("component") == part]
        others = [
            pod for pod in facts.by(tables.STATIC_BY_COMPONENT, part) if pod.healthy and pod.node not in stand.nodes
        ]
        if mine and not others:
            text = f"{part}: {listed([pod.name for pod in mine])} is the only one ready"
            yield Reason(Answer.NO, "control plane", text, pod_ref(mine[0]))
