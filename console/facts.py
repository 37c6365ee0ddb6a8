"""`plugin.Facts` over the store: what rules, hooks, joins and actions may read of an instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from console.model import InstanceId, Snapshot
from console.plugin import Facts, Index, Table
from console.rows import Keeper

R = TypeVar("R")


class StoreFacts:
    """`plugin.Facts` over the store's live rows."""

    def __init__(self, store: Keeper, instance: InstanceId) -> None:
        self._store = store
        self._instance = instance

    @property
    def instance(self) -> InstanceId:
        return self._instance

    @property
    def now(self) -> float:
        return self._store.clock.now()

    def snapshot(self, table: Table[R]) -> Snapshot[R]:
        return self._store.rows(self._instance, table).snapshot

    def rows(self, table: Table[R]) -> Mapping[str, R]:
        return MappingProxyType(self._store.rows(self._instance, table).live)

    def get(self, table: Table[R], key: str) -> R | None:
        return self._store.rows(self._instance, table).live.get(key)

    def by(self, index: Index[R], key: str) -> Sequence[R]:
        return self._store.rows(self._instance, index.table).by(index, key)

    def others(self, system: str) -> Sequence[Facts]:
        return [self._store.facts(instance) for instance in self._store.instances if instance.system == system]
