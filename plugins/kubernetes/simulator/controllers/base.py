"""What every controller stands on: the world, the pod index, events, and the making of pods from templates."""

from __future__ import annotations

import hashlib
from typing import Any

from plugins.kubernetes.simulator.controllers.recorder import Recorder
from plugins.kubernetes.simulator.fields import child, texts
from plugins.kubernetes.simulator.index import PodIndex
from plugins.kubernetes.simulator.kinds import NODES, PODS, SERVICE_ACCOUNTS, Kind
from plugins.kubernetes.simulator.status import encode
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World, key_of, owner_of, reference_to

Object = dict[str, Any]
_HASH_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class Desk:
    """World and index together, with the verbs that controllers share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.pods = PodIndex(world.store)
        self.recorder = Recorder(world)

    def event(self, about: Entry, reason: str, message: str, *, source: str, warning: bool = False) -> None:
        """Record an event; the same one again raises its count."""
        self.recorder.record(about, reason, message, source=source, warning=warning)

    def pod_from(self, owner: Entry, name: str, template: Object, labels: dict[str, str]) -> Object:
        """A pod as its controller would post it."""
        meta = child(template, "metadata")
        made: Object = {"namespace": owner.namespace}
        made |= {"generateName": name} if name.endswith("-") else {"name": name}
        made["labels"] = (texts(meta, "labels")) | labels
        if meta.get("annotations"):
            made["annotations"] = dict(meta["annotations"])
        made["ownerReferences"] = [reference_to(owner)]
        return {"metadata": made, "spec": copy(template["spec"])}

    def start(self, owner: Entry, pod: Object, *, source: str) -> Entry:
        """Create a pod for its controller and tell it."""
        made = self.world.create(PODS, pod)
        self.event(owner, "SuccessfulCreate", _created(owner, made), source=source)
        return made

    def stop(self, owner: Entry, pod: Entry, *, source: str) -> None:
        """Delete a pod for its controller and tell it."""
        self.world.delete(pod)
        verb = f"delete Pod {pod.name} in StatefulSet {owner.name} successful"
        self.event(
            owner,
            "SuccessfulDelete",
            verb if owner.kind.kind == "StatefulSet" else f"Deleted pod: {pod.name}",
            source=source,
        )

    def controller(self, child: Entry, kind: Kind) -> Entry | None:
        """The controlling owner, if it is of this kind and still the same one."""
        ref = owner_of(child)
        if ref is None or ref["kind"] != kind.kind:
            return None
        owner = self.store.get(kind, key_of(child.namespace, ref["name"]))
        return owner if owner is not None and owner.uid == ref["uid"] else None

    def node(self, name: str) -> Entry | None:
        """A node by name."""
        return self.store.get(NODES, name)

    def default_account(self, namespace: str) -> None:
        """Make sure that a namespace has its default service account."""
        if self.store.get(SERVICE_ACCOUNTS, f"{namespace}/default") is None:
            self.world.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": namespace}})


def _created(owner: Entry, pod: Entry) -> str:
    if owner.kind.kind == "StatefulSet":
        return f"create Pod {pod.name} in StatefulSet {owner.name} successful"
    return f"Created pod: {pod.name}"


def copy(value: Any) -> Any:
    """A deep copy of JSON."""
    import msgspec

    return msgspec.json.decode(encode(value))


def template_hash(template: Object) -> str:
    """A short stable name for a pod template, in the alphabet of generated names."""
    number = int.from_bytes(hashlib.sha256(encode(template)).digest()[:8], "big")
    letters: list[str] = []
    for _ in range(10):
        number, rest = divmod(number, len(_HASH_ALPHABET))
        letters.append(_HASH_ALPHABET[rest])
    return "".join(letters)


def condition(conditions: list[Object], kind: str) -> Object | None:
    """The condition of a type."""
    return next((item for item in conditions if item["type"] == kind), None)


def with_condition(conditions: list[Object], made: Object, now: str) -> list[Object]:
    """The list with this condition set; its transition time moves only with its status."""
    old = condition(conditions, made["type"])
    moved = old is None or old["status"] != made["status"]
    since = now if moved else (old or {}).get("lastTransitionTime", now)
    fresh = made | {"lastTransitionTime": since}
    if old is None:
        return [*conditions, fresh]
    return [fresh if item is old else item for item in conditions]
