"""Owners and what they own: background collection, orphaning and foreground deletion.

Namespaces take their contents with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from plugins.kubernetes.simulator.fields import rows, words
from plugins.kubernetes.simulator.kinds import EVENTS, NAMESPACES, STORED
from plugins.kubernetes.simulator.store import Change, Entry, Store
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
FOREGROUND = "foregroundDeletion"


def dependents(store: Store, owner: Entry) -> list[Entry]:
    """The objects that name this one as an owner."""
    return [
        entry
        for kind in STORED
        if kind is not EVENTS
        for entry in store.each(kind, owner.namespace)
        if any(ref["uid"] == owner.uid for ref in rows(entry.meta, "ownerReferences"))
    ]


def orphan(world: World, owner: Entry) -> None:
    """Let the dependents stay without their owner."""
    for entry in dependents(world.store, owner):

        def edit(body: Object) -> None:
            refs = [ref for ref in rows(body["metadata"], "ownerReferences") if ref["uid"] != owner.uid]
            body["metadata"]["ownerReferences"] = refs
            if not refs:
                del body["metadata"]["ownerReferences"]

        world.change(entry.kind, entry.key, edit)


def wait_for_dependents(world: World, owner: Entry) -> Entry:
    """Mark an owner so that it goes after what it owns."""

    def edit(body: Object) -> None:
        finalizers = body["metadata"].setdefault("finalizers", [])
        if FOREGROUND not in finalizers:
            finalizers.append(FOREGROUND)

    return world.change(owner.kind, owner.key, edit) or owner


class Garbage:
    """Deletes what has lost its last owner, and ends foreground deletions and namespaces."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owned: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
        self.foreground: dict[str, Entry] = {}
        world.store.listen(self._changed)

    def _changed(self, change: Change) -> None:
        entry = change.new
        if entry.kind is EVENTS:
            return
        for ref in rows(entry.meta, "ownerReferences"):
            held = self.owned[ref["uid"]]
            if change.type == "DELETED":
                held.pop(f"{entry.kind.plural}/{entry.key}", None)
                self._soon_finish(ref)
            else:
                held[f"{entry.kind.plural}/{entry.key}"] = entry
        if change.type == "DELETED":
            self.foreground.pop(entry.uid, None)
            if self.owned.get(entry.uid):
                self._soon(lambda: self._collect(entry.uid))
            else:
                self.owned.pop(entry.uid, None)
            if entry.namespace and (space := self.world.store.get(NAMESPACES, entry.namespace)) and space.deleting:
                self._soon(lambda: self._end_namespace(entry.namespace))
        elif entry.deleting and FOREGROUND in words(entry.meta, "finalizers"):
            self.foreground[entry.uid] = entry
            self._soon(lambda: self._collect(entry.uid))
            self._soon(lambda: self._finish(entry))
        elif entry.kind is NAMESPACES and entry.deleting:
            self._soon(lambda: self._end_namespace(entry.name))

    def _soon(self, what: Callable[[], None]) -> None:
        self.world.clock.after(0.05, what)

    def _soon_finish(self, ref: Object) -> None:
        owner = self.foreground.get(ref["uid"])
        if owner is not None:
            self._soon(lambda: self._finish(owner))

    def _collect(self, uid: str) -> None:
        for known in tuple(self.owned.get(uid, {}).values()):
            entry = self.world.store.get(known.kind, known.key)
            if entry is None or entry.deleting or entry.uid != known.uid:
                continue
            refs = rows(entry.meta, "ownerReferences")
            if any(ref["uid"] == uid for ref in refs) and len(refs) == 1:
                self.world.delete(entry)

    def _finish(self, owner: Entry) -> None:
        entry = self.world.store.get(owner.kind, owner.key)
        if entry is None or entry.uid != owner.uid or self.owned.get(owner.uid):
            return

        def edit(body: Object) -> None:
            left = [name for name in words(body["metadata"], "finalizers") if name != FOREGROUND]
            body["metadata"]["finalizers"] = left

        self.world.change(entry.kind, entry.key, edit)

    def _end_namespace(self, name: str) -> None:
        space = self.world.store.get(NAMESPACES, name)
        if space is None:
            return
        left = False
        for kind in STORED:
            if kind.namespaced:
                for key in self.world.store.keys(kind, name):
                    entry = self.world.store.get(kind, key)
                    left = left or entry is not None
                    if entry is not None and not entry.deleting:
                        self.world.delete(entry)
        if not left:
            self.world.store.remove(NAMESPACES, name)
