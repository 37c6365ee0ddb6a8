"""What must be the same before a drain and after the rejoin, as words: nodes, sets, workloads, budgets, volumes.

Owns the keys and how many there are at most, for they are kept in a run's journal, which is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from console.plugin import Facts, Target
from plugins.kubernetes.model import tables

R = TypeVar("R")
MOST = 200
"""Most sets, and most budgets, that are told one by one; totals always count all."""
_PER_NODE = 100
_LIFECYCLE = "node.kubernetes.io/"
"""Taints that the node controller sets and takes away by itself; the node's state tells what they tell."""


def proof(facts: Facts, target: Target) -> Mapping[str, str]:
    """The values; the same keys come before and after as long as the objects are there."""
    sets, nodes = facts.rows(tables.SETS), facts.rows(tables.NODES).values()
    budgets = facts.rows(tables.BUDGETS)
    work = [row for row in facts.rows(tables.WORKLOADS).values() if not row.owned and row.kind != "Job"]
    return {
        "nodes ready": f"{sum(node.ready is True for node in nodes)}/{len(nodes)}",
        "members ready": f"{sum(one.ready for one in sets.values())}/{sum(one.replicas for one in sets.values())}",
        "pods of workloads ready": f"{sum(row.ready for row in work)}/{sum(row.desired for row in work)}",
        "budgets that hold": str(sum(bool(row.blocked) for row in budgets.values())),
        **{f"set {key}": f"{one.ready}/{one.replicas} ready" for key, one in _first(sets)},
        **{
            f"budget {key}": f"{one.healthy} healthy of {one.expected}, allows {one.allowed}"
            for key, one in _first(budgets)
        },
        **dict(line for node in target.nodes for line in _of_node(facts, node)),
    }


def _first(rows: Mapping[str, R]) -> Iterable[tuple[str, R]]:
    return islice(sorted(rows.items(), key=lambda item: item[0]), MOST)


def _of_node(facts: Facts, name: str) -> Iterator[tuple[str, str]]:
    """The node itself, what stands on it, and the volumes that lie on it."""
    node = facts.get(tables.NODES, name)
    yield f"node {name}", node.state if node is not None else "not there"
    if node is not None:
        taints = sorted(str(taint) for taint in node.taints if not taint.key.startswith(_LIFECYCLE))
        yield f"node {name} taints", ", ".join(taints) or "none"
    host = dict(node.labels).get("kubernetes.io/hostname", name) if node is not None else name
    for volume in sorted(tables.volumes_on(facts, host), key=lambda row: row.name)[:_PER_NODE]:
        yield f"volume {volume.name}", f"{volume.phase}{f' to {volume.claim}' if volume.claim else ''}"
