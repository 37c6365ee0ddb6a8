"""Which rows a table shows, and in which place: sorted by typed value, filtered, kept up to date by small moves. Pure.

Every change is a generator that stops after a little work, so that its driver can let go of the event loop; between two
stops the order is whole: its list and its index say the same. Refuses to know columns, widgets and clocks.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Generic, TypeVar

R = TypeVar("R")
Rank = tuple[Any, ...]
"""A sort key that compares with every other one; its last element is the row's key."""

FEW_MOVES = 200
"""Up to so many moves are done one by one; more are merged in one pass."""
_RUN = 512
_STRIDE = 64
_SCAN = 4096


class Order(Generic[R]):
    """Row keys in the order in which they are shown.

    `rank(key, row)` gives the place of a row, None where it is not shown.
    """

    def __init__(self, rank: Callable[[str, R], Rank | None]) -> None:
        self._rank = rank
        self._list: list[Rank] = []
        self._places: dict[str, Rank] = {}

    def __len__(self) -> int:
        return len(self._list)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def key_at(self, index: int) -> str:
        """The row key in a place. Raises IndexError."""
        return self._list[index][-1]

    def __iter__(self) -> Iterator[str]:
        """All shown keys, first to last."""
        return (rank[-1] for rank in self._list)

    def index_of(self, key: str) -> int | None:
        """The place of a row, None where it is not shown."""
        rank = self._places.get(key)
        return None if rank is None else bisect_left(self._list, rank)

    def depth_at(self, index: int) -> int:
        """How deep in a tree the row stands; 0 for a root and in flat tables."""
        return 0

    def below(self, key: str) -> int:
        """How many rows stand beneath this one in a tree, shown or not; 0 in flat tables."""
        return 0

    def hidden(self, key: str) -> int:
        """How many rows are hidden beneath a collapsed one."""
        return 0

    def renew(self, rows: Mapping[str, R], touched: Iterable[str]) -> Iterator[None]:
        """Bring the rows with these keys to their places; what is not in `rows` goes."""
        moves: list[tuple[str, Rank | None]] = []
        for count, key in enumerate(touched):
            rank = self._rank(key, rows[key]) if key in rows else None
            if rank != self._places.get(key):
                moves.append((key, rank))
            if count % _STRIDE == _STRIDE - 1:
                yield
        if len(moves) > FEW_MOVES:
            yield from self._merge(moves)
            return
        for count, (key, rank) in enumerate(moves):
            self._move(key, rank)
            if count % _STRIDE == _STRIDE - 1:
                yield

    def rebuild(self, rows: Mapping[str, R]) -> Iterator[None]:
        """Place all rows anew: another sort column, another filter. The old order stays until the new one is whole."""
        ranks: list[Rank] = []
        for count, (key, row) in enumerate(rows.items()):
            rank = self._rank(key, row)
            if rank is not None:
                ranks.append(rank)
            if count % _STRIDE == _STRIDE - 1:
                yield
        yield from self._replace([], ranks)

    def _move(self, key: str, rank: Rank | None) -> None:
        old = self._places.pop(key, None)
        if old is not None:
            del self._list[bisect_left(self._list, old)]
        if rank is not None:
            insort(self._list, rank)
            self._places[key] = rank

    def _merge(self, moves: Sequence[tuple[str, Rank | None]]) -> Iterator[None]:
        moved = {key for key, _ in moves}
        stay: list[Rank] = []
        for start in range(0, len(self._list), _SCAN):
            stay += [rank for rank in self._list[start : start + _SCAN] if rank[-1] not in moved]
            yield
        yield from self._replace(stay, [rank for _, rank in moves if rank is not None])

    def _replace(self, ordered: list[Rank], others: Sequence[Rank]) -> Iterator[None]:
        """The union of an ordered list and others in any order becomes the order."""
        runs = [ordered] if ordered else []
        for start in range(0, len(others), _RUN):
            runs.append(sorted(others[start : start + _RUN]))
            yield
        merged: list[Rank] = []
        places: dict[str, Rank] = {}
        ranks = merge(*runs)
        while block := list(islice(ranks, _RUN)):
            merged += block
            places.update((rank[-1], rank) for rank in block)
            yield
        self._list, self._places = merged, places
