"""A verdict must stay cheap in large clusters: what it looks at is counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.plugin import Facts, Index, Table, Target
from plugins.kubernetes.checks.room import Mover, Room, place, rounded
from plugins.kubernetes.checks.verdict import verdict
from tests.plugins.kubernetes.rows import World, node, replica, row


class Counting:
    """Facts that count how many rows are handed out."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.handed: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._facts, name)

    def rows(self, table: Table[Any]) -> Mapping[str, Any]:
        return self._facts.rows(table)

    def by(self, index: Index[Any], key: str) -> Sequence[Any]:
        found = self._facts.by(index, key)
        self.handed[f"{index.table.name} by {index.name}"] += len(found)
        return found


def test_a_verdict_looks_at_each_pod_of_the_cluster_once_and_at_no_namespace() -> None:
    world = World().put("nodes", *(node(f"n{n}", cpu="100", memory="100Gi") for n in range(20)))
    world.put("pods", *(replica(f"web{w}-{n}", f"n{n}", of=f"web{w}") for w in range(10) for n in range(20)))
    counting = Counting(world.facts)
    assert verdict(counting, Target("drain", ("n1",))).answer == "SAFE"  # type: ignore[arg-type]
    assert counting.handed["pods by node"] == 200
    assert counting.handed["pods by namespace"] == 0
    assert counting.handed["pods by owner"] == 10 * 20


@given(
    st.integers(1, 64_000),
    st.integers(1, 2**40),
    st.integers(-1000, 64_000),
    st.integers(-(2**30), 2**40),
    st.integers(0, 110),
)
def test_a_rounded_room_is_never_roomier_and_loses_less_than_a_grain(
    cpu: int, memory: int, free_cpu: int, free_memory: int, pods: int
) -> None:
    one = row("nodes", node("n", cpu=f"{cpu}m", memory=str(memory)))
    exact = Room("n", open=True, cpu=free_cpu, memory=free_memory, pods=pods)
    down = rounded(exact, one)
    assert down.cpu <= exact.cpu < down.cpu + max(1, cpu // 16)
    assert down.memory <= exact.memory < down.memory + max(1, memory // 16)
    assert down.pods <= exact.pods


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.lists(st.integers(0, 60), min_size=1, max_size=5))
def test_what_is_placed_fits_and_what_is_left_over_fits_nowhere(requests: list[int], free: list[int]) -> None:
    world = World().put("nodes", *(node(f"n{n}") for n in range(len(free))))
    rooms = {f"n{n}": Room(f"n{n}", open=True, cpu=cpu * 100, memory=2**40, pods=110) for n, cpu in enumerate(free)}
    movers: list[Mover] = []
    for number, cpu in enumerate(requests):
        containers = [{"name": "c", "resources": {"requests": {"cpu": f"{cpu * 100}m"}}}]
        shape = row("pods", replica(f"p{number}", spec={"containers": containers})).shape
        movers.append(Mover("ns", shape, (), 1, f"p{number}"))
    fit = place(movers, frozenset(), rooms, world.facts)
    left = sum(count for _, count, _ in fit.left)
    assert fit.placed + left == len(requests)
    placed = sum(requests) - sum(m.shape.cpu // 100 for m, _, _ in fit.left)
    assert placed <= sum(free)
    assert all(m.shape.cpu // 100 > 0 for m, _, _ in fit.left)
    assert fit.placed == len(requests) or sum(requests) > min(free)
