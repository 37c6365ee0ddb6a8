"""What the sandbox has beside the reference topology, so that a person can try all that the console does.

One worker on which only movable pods stand, so that a node can be drained there, and on request empty load.
"""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.clock import Clock, ManualClock
from plugins.kubernetes.simulator.cluster import Cluster
from plugins.kubernetes.simulator.reference.build import reference
from plugins.kubernetes.simulator.reference.load import crowd
from plugins.kubernetes.simulator.reference.nodes import Machine, node
from plugins.kubernetes.simulator.reference.shapes import budget, deployment, pod, service

Object = dict[str, Any]
SPARE = Machine("k8s-node4", "10.8.111.206", "", (), 8, 32, "10.244.24.0/26")
BECOMES_READY = 5.0
SPACE = "storefront"
MOVABLE = ("cart", "catalog", "web")
"""Deployments of two: one replica on the spare worker, the other elsewhere."""


def sandbox(clock: Clock, *, nodes: int = 0, pods: int = 0) -> Cluster:
    """The reference topology with the spare worker, and `nodes` empty nodes that bear `pods` pods of load."""

    def furnish(cluster: Cluster, past: ManualClock) -> None:
        cluster.scheduler.hints |= {f"{SPACE}/{name}": SPARE.name for name in MOVABLE}
        cluster.add(node(SPARE, cluster.world.version))
        past.advance(BECOMES_READY)
        for name in MOVABLE:
            for item in _movable(name):
                cluster.add(item)
        if nodes:
            crowd(cluster, past, nodes=nodes, pods=pods)

    made = reference(clock, furnish=furnish)
    made.attend()
    return made


def _movable(name: str) -> tuple[Object, ...]:
    labels = {"app": name}
    return (
        budget(SPACE, name, labels),
        service(SPACE, name, labels, {"http": 80}),
        deployment(SPACE, name, 2, pod(f"example/{name}:1.4.0", ports={"http": 8080})),
    )
