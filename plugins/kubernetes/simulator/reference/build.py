"""Builds the reference cluster in no time.

Its past is run on a clock of its own before the present begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins.kubernetes.simulator.clock import Clock, ManualClock
from plugins.kubernetes.simulator.cluster import Cluster
from plugins.kubernetes.simulator.reference import platform, stateful
from plugins.kubernetes.simulator.reference.nodes import MACHINES, node

Object = dict[str, Any]
DAY = 86_400.0
AGES = (("nodes", 40 * DAY), ("systems", 12 * DAY), ("applications", 3 * DAY))
SETTLE = 30.0


def reference(
    clock: Clock,
    *,
    seed: int = 7,
    version: str = "v1.35.4",
    furnish: Callable[[Cluster, ManualClock], None] | None = None,
) -> Cluster:
    """The reference topology, settled: everything ready that can be, as old as it pretends to be.

    `furnish` adds to it, and may let its past go by, when all else stands: nothing changes its place for what is added.
    """
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
    if furnish is not None:
        furnish(cluster, past)
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
