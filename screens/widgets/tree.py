"""The order of a table that is a tree: roots by the sort, children in the order of their keys beneath their parent.

A row is shown when it, one of its descendants or one of its ancestors passes the filter. Small trees: a change that
moves anything places all rows anew, in slices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from screens.widgets.order import Order, Rank
from screens.widgets.ranking import natural

R = TypeVar("R")
_STRIDE = 64
_DEEPEST = 8
_Own = tuple[str | None, Rank, bool]


class TreeOrder(Order[R]):
    """Row keys as an indented tree. `own(key, row)` gives the parent's key, the row's own rank, and if it passes."""

    def __init__(self, own: Callable[[str, R], _Own]) -> None:
        super().__init__(lambda _key, _row: None)
        self._own = own
        self._nodes: dict[str, _Own] = {}
        self._depths: dict[str, int] = {}
        self._below: dict[str, int] = {}
        self.folded: frozenset[str] = frozenset()
        """Rows beneath which nothing is shown; `rebuild` after a change."""

    def below(self, key: str) -> int:
        return self._below.get(key, 0)

    def hidden(self, key: str) -> int:
        return self._below.get(key, 0) if key in self.folded else 0

    def depth_at(self, index: int) -> int:
        return self._depths.get(self.key_at(index), 0)

    def renew(self, rows: Mapping[str, R], touched: Iterable[str]) -> Iterator[None]:
        moved = False
        for count, key in enumerate(touched):
            node = self._own(key, rows[key]) if key in rows else None
            if node != self._nodes.get(key):
                moved = True
                if node is None:
                    del self._nodes[key]
                else:
                    self._nodes[key] = node
            if count % _STRIDE == _STRIDE - 1:
                yield
        if moved:
            yield from self._plant()

    def rebuild(self, rows: Mapping[str, R]) -> Iterator[None]:
        nodes: dict[str, _Own] = {}
        for count, (key, row) in enumerate(rows.items()):
            nodes[key] = self._own(key, row)
            if count % _STRIDE == _STRIDE - 1:
                yield
        self._nodes = nodes
        yield from self._plant()

    def _plant(self) -> Iterator[None]:
        nodes = dict(self._nodes)
        chains: dict[str, tuple[str, ...]] = {}
        shown: set[str] = set()
        for count, key in enumerate(nodes):
            chain = chains[key] = self._chain(nodes, key)
            if nodes[key][2]:
                shown.update(chain)
            if count % _STRIDE == _STRIDE - 1:
                yield
        passing = {key for key, node in nodes.items() if node[2]}
        ranks: list[Rank] = []
        depths: dict[str, int] = {}
        below: Counter[str] = Counter()
        for count, (key, chain) in enumerate(chains.items()):
            if key in shown or not passing.isdisjoint(chain):
                below.update(chain[:-1])
                if self.folded.isdisjoint(chain[:-1]):
                    root = nodes[chain[0]][1]
                    ranks.append((root, *((natural(part), part) for part in chain[1:]), key))
                    depths[key] = len(chain) - 1
            if count % _STRIDE == _STRIDE - 1:
                yield
        yield from self._replace([], [_comparable(rank) for rank in ranks])
        self._depths, self._below = depths, below

    @staticmethod
    def _chain(nodes: Mapping[str, _Own], key: str) -> tuple[str, ...]:
        """The row's ancestors, root first, and itself; a parent that is not there, or a circle, ends it."""
        chain = [key]
        while len(chain) < _DEEPEST:
            parent = nodes[chain[-1]][0]
            if parent is None or parent not in nodes or parent in chain:
                break
            chain.append(parent)
        return tuple(reversed(chain))


def _comparable(rank: Rank) -> Rank:
    """A root sorts before its children: the path is one element, and a shorter path comes first."""
    return (rank[:-1], rank[-1])
