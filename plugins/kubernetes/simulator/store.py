"""The one in-memory truth: objects as immutable entries, one resourceVersion counter, and the history.

Watches and pages are served from the history, and each entry keeps its encoded bytes. A change makes a new entry and
never touches the old one, so readers keep what they have without copies. It knows no HTTP, no defaults and no
controller.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from plugins.kubernetes.simulator.fields import child, texts
from plugins.kubernetes.simulator.kinds import STORED, Kind

Object = dict[str, Any]
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
HISTORY = 20_000  # changes kept a kind
FIRST_VERSION = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One version of one object. `raw` is its JSON without kind and apiVersion; `forms` caches other encodings."""

    kind: Kind
    key: str
    body: Object
    raw: bytes
    version: int
    forms: dict[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def namespace(self) -> str:
        return self.key.rpartition("/")[0]

    @property
    def uid(self) -> str:
        return self.body["metadata"]["uid"]

    @property
    def meta(self) -> Object:
        return self.body["metadata"]

    @property
    def spec(self) -> Object:
        return child(self.body, "spec")

    @property
    def status(self) -> Object:
        return child(self.body, "status")

    @property
    def labels(self) -> dict[str, str]:
        return texts(self.body["metadata"], "labels")

    @property
    def annotations(self) -> dict[str, str]:
        return texts(self.body["metadata"], "annotations")

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.body["metadata"]

    @property
    def full(self) -> bytes:
        """The whole object as JSON, kind and apiVersion first."""
        made = self.forms.get("full")
        if made is None:
            made = self.forms["full"] = self.kind.prefix + self.raw[1:]
        return made

    def draft(self) -> Object:
        """A deep copy to be changed."""
        return msgspec.json.decode(self.raw)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What happened to one object at one resourceVersion; a deletion carries the last state in `new`."""

    version: int
    type: ChangeType
    new: Entry
    old: Entry | None


Listener = Callable[[Change], None]


class _Shelf:
    """All objects of one kind, sorted when asked, with their history."""

    __slots__ = ("entries", "floor", "history", "listeners", "sorted")

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.sorted: list[str] | None = None
        self.history: deque[Change] = deque()
        self.floor = FIRST_VERSION
        self.listeners: list[Listener] = []


class Store:
    """Objects by kind and key (`namespace/name`, or `name` for cluster-wide kinds)."""

    def __init__(self) -> None:
        self.version = FIRST_VERSION
        self._shelves = {kind: _Shelf() for kind in STORED}
        self._everywhere: list[Listener] = []

    def get(self, kind: Kind, key: str) -> Entry | None:
        """The current entry, or None."""
        return self._shelves[kind].entries.get(key)

    def each(self, kind: Kind, namespace: str = "") -> Iterator[Entry]:
        """The current entries of a kind in key order, of one namespace where named."""
        shelf = self._shelves[kind]
        for key in self.keys(kind, namespace):
            if entry := shelf.entries.get(key):
                yield entry

    def keys(self, kind: Kind, namespace: str = "") -> list[str]:
        """Sorted keys of a kind, of one namespace where named. Not to be changed."""
        shelf = self._shelves[kind]
        if shelf.sorted is None:
            shelf.sorted = sorted(shelf.entries)
        if not namespace:
            return shelf.sorted
        return shelf.sorted[
            bisect_left(shelf.sorted, f"{namespace}/") : bisect_left(shelf.sorted, f"{namespace}0")
        ]  # "0" follows "/"

    def entries(self, kind: Kind) -> dict[str, Entry]:
        """The current entries by key. Not to be changed."""
        return self._shelves[kind].entries

    def count(self, kind: Kind) -> int:
        """How many objects of a kind there are."""
        return len(self._shelves[kind].entries)

    def put(self, kind: Kind, key: str, body: Object) -> Entry:
        """Store a new state. One that differs in nothing keeps its resourceVersion and tells nobody."""
        shelf = self._shelves[kind]
        old = shelf.entries.get(key)
        if old is not None:
            body["metadata"]["resourceVersion"] = old.meta["resourceVersion"]
            if msgspec.json.encode(body) == old.raw:
                return old
        self.version += 1
        body["metadata"]["resourceVersion"] = str(self.version)
        entry = Entry(kind, key, body, msgspec.json.encode(body), self.version)
        shelf.entries[key] = entry
        if old is None:
            shelf.sorted = None
        self._tell(shelf, Change(self.version, "MODIFIED" if old else "ADDED", entry, old))
        return entry

    def remove(self, kind: Kind, key: str) -> Entry | None:
        """Take an object away; its last state gets the deletion's resourceVersion."""
        shelf = self._shelves[kind]
        old = shelf.entries.pop(key, None)
        if old is None:
            return None
        shelf.sorted = None
        self.version += 1
        body = old.draft()
        body["metadata"]["resourceVersion"] = str(self.version)
        last = Entry(kind, key, body, msgspec.json.encode(body), self.version)
        self._tell(shelf, Change(self.version, "DELETED", last, old))
        return last

    def _tell(self, shelf: _Shelf, change: Change) -> None:
        shelf.history.append(change)
        if len(shelf.history) > HISTORY:
            shelf.floor = shelf.history.popleft().version
        for listener in tuple(shelf.listeners):
            listener(change)
        for listener in tuple(self._everywhere):
            listener(change)

    def listen(self, listener: Listener, *kinds: Kind) -> Callable[[], None]:
        """Be told of every change of the kinds (of all when none is named); returns how to stop."""
        lists = [self._shelves[kind].listeners for kind in kinds] or [self._everywhere]
        for listeners in lists:
            listeners.append(listener)

        def stop() -> None:
            for listeners in lists:
                if listener in listeners:
                    listeners.remove(listener)

        return stop

    def forget_history(self, *kinds: Kind) -> None:
        """Drop what happened so far, as a compaction does: older versions can no longer be continued from."""
        for kind in kinds or STORED:
            shelf = self._shelves[kind]
            shelf.history.clear()
            shelf.floor = self.version

    def floor(self, kind: Kind) -> int:
        """The oldest version from which the changes of a kind are complete."""
        return self._shelves[kind].floor

    def since(self, kind: Kind, version: int) -> list[Change]:
        """The changes after a version, oldest first; ValueError when they are no longer all there."""
        shelf = self._shelves[kind]
        if version < shelf.floor:
            raise ValueError(f"changes of {kind.plural} before {shelf.floor} are dropped")
        history = shelf.history
        start = bisect_right(history, version, key=lambda change: change.version)
        return [history[index] for index in range(start, len(history))]

    def at_version(self, kind: Kind, version: int) -> dict[str, Entry]:
        """The entries as they were at a version; ValueError when the history does not reach so far."""
        changes = self.since(kind, version)
        if not changes:
            return self._shelves[kind].entries
        then = dict(self._shelves[kind].entries)
        for change in reversed(changes):
            if change.old is None:
                then.pop(change.new.key, None)
            else:
                then[change.new.key] = change.old
        return then

    def listeners(self, kind: Kind) -> int:
        """How many listen to a kind."""
        return len(self._shelves[kind].listeners)
