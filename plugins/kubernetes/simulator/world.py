"""The shared world: store, clock, chance, faults, and the few verbs by which all in it act on objects.

Controllers, kubelets and the API's handlers all go through `create`, `change`, `delete`, so that defaults,
generations, finalizers and grace hold for everyone. It knows no HTTP.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from plugins.kubernetes.simulator.clock import Clock, ManualClock, stamp
from plugins.kubernetes.simulator.defaults import fill, prepare
from plugins.kubernetes.simulator.faults import Faults
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.kinds import NAMESPACES, PODS, Kind
from plugins.kubernetes.simulator.neighbours import Neighbours
from plugins.kubernetes.simulator.store import Entry, Store

if TYPE_CHECKING:
    from plugins.kubernetes.simulator.streams import Door

Object = dict[str, Any]
Edit = Callable[[Object], None]
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_FIELDS = ("metadata", "spec", "status")


def key_of(namespace: str, name: str) -> str:
    """The store's key."""
    return f"{namespace}/{name}" if namespace else name


def owner_of(entry: Entry) -> Object | None:
    """The controlling owner reference, if any."""
    return next((ref for ref in rows(entry.meta, "ownerReferences") if ref.get("controller")), None)


def reference_to(entry: Entry, *, controller: bool = True) -> Object:
    """An owner reference to this object."""
    return {
        "apiVersion": entry.kind.api_version,
        "kind": entry.kind.kind,
        "name": entry.name,
        "uid": entry.uid,
        "controller": controller,
        "blockOwnerDeletion": controller,
    }


class World:
    """One cluster. `version` is the server's, such as `v1.35.4`."""

    def __init__(self, clock: Clock | None = None, *, seed: int = 7, version: str = "v1.35.4") -> None:
        self.clock = clock or ManualClock()
        self.store = Store()
        self.random = random.Random(seed)
        self.faults = Faults()
        self.version = version
        self.unexpected: list[str] = []
        self.doors: dict[tuple[str, str, int], Door] = {}
        self.neighbours = Neighbours()
        self.watches: set[Callable[[], None]] = set()
        self.created = self.clock.now()

    def door(self, pod: Entry, port: int) -> Door | None:
        """What was put behind a port of a pod: by a test, or by another system's simulator."""
        return self.doors.get((pod.namespace, pod.name, port)) or self.neighbours.door(pod.namespace, pod.name, port)

    @property
    def minor(self) -> int:
        """35 for v1.35.4."""
        return int(self.version.split(".")[1])

    def now(self) -> str:
        """The world's time as objects carry it."""
        return stamp(self.clock.now())

    def uid(self) -> str:
        """A new UID, the same in every run of the same seed."""
        digits = f"{self.random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def suffix(self, length: int = 5) -> str:
        """The end of a generated name."""
        return "".join(self.random.choices(_ALPHABET, k=length))

    def create(self, kind: Kind, body: Object, *, store: bool = True) -> Entry:
        """Store a new object after defaulting; its metadata names it. The caller made sure that the name is free."""
        meta: Object = dict(child(body, "metadata"))
        if not meta.get("name"):
            meta["name"] = f"{meta.get('generateName', '')}{self.suffix()}"
        head: Object = {"name": meta["name"]}
        for field in ("generateName", "namespace"):
            if meta.get(field):
                head[field] = meta[field]
        head |= {"uid": self.uid(), "resourceVersion": ""}
        if kind.generation:
            head["generation"] = 1
        head["creationTimestamp"] = meta.get("creationTimestamp") or self.now()
        for field in ("labels", "annotations", "ownerReferences", "finalizers"):
            if meta.get(field):
                head[field] = meta[field]
        rest = {field: value for field, value in body.items() if field not in ("apiVersion", "kind", "metadata")}
        made: Object = {"metadata": head} | rest
        fill(kind, made)
        prepare(self, kind, made)
        key = key_of(head.get("namespace", ""), head["name"])
        if store:
            return self.store.put(kind, key, _ordered(made))
        del head["resourceVersion"]
        return Entry(kind, key, made, _encode(made), 0)

    def change(self, kind: Kind, key: str, edit: Edit) -> Entry | None:
        """Edit a copy of the object and store it; None when it is gone."""
        old = self.store.get(kind, key)
        if old is None:
            return None
        body = old.draft()
        edit(body)
        return self.replace(old, body)

    def replace(self, old: Entry, body: Object) -> Entry:
        """Store a new state of an object: generation follows the spec, and the last finalizer's end removes it."""
        meta = body["metadata"]
        bound = old.kind is not PODS or bool(old.spec.get("nodeName"))  # a binding is no new generation
        if old.kind.generation and bound and body.get("spec") != old.body.get("spec"):
            meta["generation"] = old.meta.get("generation", 0) + 1
        entry = self.store.put(old.kind, old.key, _ordered(body))
        if entry.deleting and not meta.get("finalizers") and old.kind is not PODS:
            self.store.remove(old.kind, old.key)
        return entry

    def set_status(self, entry: Entry, status: Object) -> Entry | None:
        """Store a new status of an object."""
        if entry.body.get("status") == status:
            return entry

        def edit(body: Object) -> None:
            body["status"] = status

        return self.change(entry.kind, entry.key, edit)

    def delete(self, entry: Entry, *, grace: int | None = None) -> Entry | None:
        """Begin or finish a deletion as the API does: grace for pods, finalizers first. The object, if it stays."""
        seconds = _grace(entry, grace)
        finalizers = entry.meta.get("finalizers") or entry.kind is NAMESPACES
        if not finalizers and seconds == 0:
            self.store.remove(entry.kind, entry.key)
            return None
        until = self.clock.now() + seconds
        if entry.deleting and entry.meta.get("deletionGracePeriodSeconds", 0) <= seconds:
            return entry

        def edit(body: Object) -> None:
            body["metadata"]["deletionTimestamp"] = stamp(until)
            body["metadata"]["deletionGracePeriodSeconds"] = seconds
            if "generation" in body["metadata"]:
                body["metadata"]["generation"] += 1
            if entry.kind is NAMESPACES:
                del body["metadata"]["deletionGracePeriodSeconds"]
                body["status"] = {"phase": "Terminating"}

        body = entry.draft()
        edit(body)
        return self.store.put(entry.kind, entry.key, _ordered(body))

    def end_watches(self) -> None:
        """End every open watch, as a server does when it restarts."""
        for end in tuple(self.watches):
            end()

    def key(self, namespace: str, name: str) -> str:
        """The store's key."""
        return key_of(namespace, name)


def _encode(body: Object) -> bytes:
    from plugins.kubernetes.simulator.status import encode

    return encode(body)


def _grace(entry: Entry, grace: int | None) -> int:
    if entry.kind is not PODS:
        return 0
    if not entry.spec.get("nodeName") or entry.status.get("phase") in ("Succeeded", "Failed"):
        return 0
    if grace is not None:
        return max(0, grace)
    return int(entry.spec.get("terminationGracePeriodSeconds", 30))


_META = (
    "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
)  # fmt: skip


def _ordered(body: Object) -> Object:
    meta = body["metadata"]
    named = {field: meta[field] for field in _META if field in meta}
    made: Object = {"metadata": named | {key: value for key, value in meta.items() if key not in named}}
    for field in ("spec", "status"):
        if field in body:
            made[field] = body[field]
    return made | {key: value for key, value in body.items() if key not in _FIELDS}
