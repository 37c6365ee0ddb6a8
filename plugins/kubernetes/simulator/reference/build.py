"""Builds the reference cluster, or one of any size for load, in no time.

Its past is run on a clock of its own before the present begins.
"""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.clock import Clock, ManualClock
from plugins.kubernetes.simulator.cluster import Cluster
from plugins.kubernetes.simulator.reference import platform, stateful
from plugins.kubernetes.simulator.reference.nodes import MACHINES, Machine, node

Object = dict[str, Any]
DAY = 86_400.0
AGES = (("nodes", 40 * DAY), ("systems", 12 * DAY), ("applications", 3 * DAY))
SETTLE = 150.0


def reference(clock: Clock, *, seed: int = 7, version: str = "v1.35.4") -> Cluster:
    """The reference topology, settled: everything ready that can be, as old as it pretends to be."""
    past = ManualClock(clock.now() - AGES[0][1])
    cluster = Cluster(past, seed=seed, version=version)
    cluster.scheduler.hints = stateful.placements() | platform.PLACES
    cluster.kubelets.fixed_addresses = stateful.addresses()
    for item in platform.early(clock.now(), version):
        cluster.add(item)
    for machine in MACHINES:
        cluster.add(node(machine, version))
    for item in (*platform.definitions(), *stateful.storage()):
        cluster.add(item)
    past.advance(5)
    for item in platform.system(version):
        cluster.add(item)
    past.advance(SETTLE)
    skip(cluster, past, clock.now() - AGES[1][1])
    for item in (*stateful.systems(), *platform.around()):
        cluster.add(item)
    past.advance(SETTLE)
    skip(cluster, past, clock.now() - AGES[2][1])
    for item in platform.applications():
        cluster.add(item)
    past.advance(SETTLE)
    begin(cluster, past, clock)
    return cluster


def skip(cluster: Cluster, past: ManualClock, until: float) -> None:
    """Jump over quiet days: what was planned moves along, events of the past are forgotten."""
    past.jump(until)
    cluster.forget_events()


def begin(cluster: Cluster, past: ManualClock, clock: Clock) -> None:
    """The present: the world goes on by its real clock."""
    skip(cluster, past, clock.now())
    cluster.world.clock = clock
    clock.adopt(past)
    cluster.nodes.beat_now()
    cluster.world.store.forget_history()


def scale(clock: Clock, *, nodes: int, pods: int, version: str = "v1.35.4") -> Cluster:
    """Empty nodes and running pods in ten namespaces, for load. The pods belong to ReplicaSets of a hundred."""
    past = ManualClock(clock.now() - DAY)
    cluster = Cluster(past, version=version)
    for n in range(10):
        cluster.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"load-{n}"}})
    for n in range(nodes):
        address = f"10.9.{n // 250}.{n % 250 + 1}"
        machine = Machine(f"load-{n:04}", address, "", (("load", ""),), 64, 256, f"10.{n // 250 + 128}.{n % 250}.0/24")
        cluster.add(node(machine, version))
    past.advance(5)
    for n in range((pods + 99) // 100):
        cluster.add(_load_set(n, min(100, pods - n * 100)))
    past.advance(SETTLE)
    begin(cluster, past, clock)
    return cluster


def _load_set(n: int, replicas: int) -> Object:
    labels = {"app": f"load-{n:04}", "tier": "backend"}
    container: Object = {"name": "app", "image": "example/app:1.2.3"}
    container["env"] = [{"name": f"SETTING_{k}", "value": "x" * 40} for k in range(20)]
    container["resources"] = {"requests": {"cpu": "1m", "memory": "1Mi"}}
    spec: Object = {"tolerations": [{"key": "load", "operator": "Exists"}], "containers": [container]}
    template: Object = {"metadata": {"labels": labels}, "spec": spec}
    body: Object = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    meta = {"namespace": f"load-{n % 10}", "name": f"load-{n:04}"}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": body}
