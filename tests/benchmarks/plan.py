"""A drain's plan in a large cluster, once its rows are there: no network, no screen, one thread."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

from console.model import NodeName
from console.plugin import Target
from plugins.kubernetes.maintenance import HOOKS
from tests.benchmarks.figure import Figure, median
from tests.benchmarks.stage import Stage
from tests.plugins.kubernetes.rows import World, budget, local_volume, member, node, replica, stateful_set, using

_HERE = 250
_OWNED = 20
"""Pods of one Deployment."""
_SETS = 5


def plan(stage: Stage) -> Iterator[Figure]:
    """Everything that a plan asks of the hooks, for a node with 250 pods: the first time, and again."""
    total = stage.pods
    target = Target("drain", (NodeName("n0"),))
    first: list[float] = []
    again: list[float] = []
    here = 0
    for _ in range(3 if stage.short else 7):
        world = crowded(total)
        gc.collect()
        first.append(_took(world, target))
        again.append(_took(world, target))
        here = len(HOOKS.prospects(world.facts, target))
    note = f"{here} of {total:,} pods here; again {median(again) * 1000:.0f} ms; median of {len(first)} fresh clusters"
    yield Figure("plan of a node with 250 pods", median(first) * 1000, 200.0, "ms", note)


def _took(world: World, target: Target) -> float:
    before = time.perf_counter()
    found = HOOKS.verdict(world.facts, target)
    steps = HOOKS.steps(world.facts, target)
    told = HOOKS.prospects(world.facts, target)
    HOOKS.proof(world.facts, target)
    took = time.perf_counter() - before
    if len(steps) < _HERE or len(told) < _HERE or not found.reasons:
        raise AssertionError(f"{len(steps)} steps and {len(told)} pods are not the plan that was to be measured")
    return took


def crowded(total: int) -> World:
    """A cluster of `total` pods, 250 a node: Deployments under budgets, every tenth kept apart, and sets on disks."""
    nodes = max(4, total // _HERE)
    world = World()
    world.put("nodes", *(node(f"n{n}", cpu="128", memory="1Ti", max_pods=str(2 * _HERE)) for n in range(nodes)))
    number = 0
    for owner in range((total - _SETS * nodes) // _OWNED):
        name = f"web{owner}"
        spec = _apart(name) if owner % 10 == 0 else {}
        meta = {"namespace": f"team{owner % 40}"}
        pods = [_spaced(replica(f"{name}-{n}", f"n{(number + n) % nodes}", of=name, spec=dict(spec)), meta)
                for n in range(_OWNED)]  # fmt: skip
        number += _OWNED
        numbers = {"expectedPods": _OWNED}
        held = _spaced(budget(name, name, healthy=_OWNED, desired=_OWNED - 1, allowed=1, status=numbers), meta)
        world.put("pods", *pods).put("poddisruptionbudgets", held)
    for one in range(_SETS):
        _pinned(world, f"set{one}", nodes)
    return world


def _pinned(world: World, name: str, nodes: int) -> None:
    """A set with a member and its disk on every node."""
    world.put("statefulsets", stateful_set(name, replicas=nodes, ready=nodes))
    for n in range(nodes):
        volume, claim = local_volume(f"{name}-{n}", f"n{n}")
        world.put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
        world.put("pods", member(n, f"n{n}", of=name, spec=using(f"{name}-{n}")))


def _apart(name: str) -> dict[str, Any]:
    """The part of a spec that keeps pods of one application on different nodes."""
    term = {"labelSelector": {"matchLabels": {"app": name}}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _spaced(thing: dict[str, Any], meta: dict[str, str]) -> dict[str, Any]:
    thing["metadata"] |= meta
    return thing
