"""Where the pods are: by node, by owner and without a node, and what they ask of each node.

Kept by listening, never by scanning.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.kinds import PODS
from plugins.kubernetes.simulator.quantity import requests
from plugins.kubernetes.simulator.store import Change, Entry, Store

Object = dict[str, Any]
DONE = ("Succeeded", "Failed")


def is_done(pod: Entry) -> bool:
    """Whether a pod has run to its end."""
    return pod.status.get("phase") in DONE


def is_ready(pod: Entry) -> bool:
    """Whether the Ready condition is true."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in rows(pod.status, "conditions"))


def anti_terms(pod_spec: Object) -> list[Object]:
    """Required pod anti-affinity terms."""
    found = child(child(pod_spec, "affinity"), "podAntiAffinity")
    return rows(found, "requiredDuringSchedulingIgnoredDuringExecution")


class PodIndex:
    """Keys of pods by node and by the UID of the controlling owner."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.by_node: defaultdict[str, set[str]] = defaultdict(set)
        self.by_owner: defaultdict[str, set[str]] = defaultdict(set)
        self.waiting: set[str] = set()
        self.repelling: defaultdict[str, set[str]] = defaultdict(set)
        self.asked: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        store.listen(self._changed, PODS)

    def _changed(self, change: Change) -> None:
        if change.old is not None:
            self._count(change.old, -1)
        if change.type != "DELETED":
            self._count(change.new, 1)

    def _count(self, pod: Entry, sign: int) -> None:
        node = pod.spec.get("nodeName", "")
        places = [self.by_node[node] if node else self.waiting]
        if node and "affinity" in pod.spec and anti_terms(pod.spec):
            places.append(self.repelling[node])
        places += [self.by_owner[ref["uid"]] for ref in rows(pod.meta, "ownerReferences") if ref.get("controller")]
        for place in places:
            if sign > 0:
                place.add(pod.key)
            else:
                place.discard(pod.key)
        if node and not is_done(pod):
            asked = self.asked[node]
            asked["pods"] += sign
            for name, value in requests(pod.spec).items():
                asked[name] += sign * value

    def on_node(self, node: str) -> list[Entry]:
        """The pods bound to a node, by key."""
        return self._entries(self.by_node.get(node, set()))

    def owned_by(self, uid: str) -> list[Entry]:
        """The pods whose controller has this UID, by key."""
        return self._entries(self.by_owner.get(uid, set()))

    def unassigned(self) -> list[Entry]:
        """The pods without a node, by key."""
        return self._entries(self.waiting)

    def _entries(self, keys: set[str]) -> list[Entry]:
        entries = self.store.entries(PODS)
        return [entries[key] for key in sorted(keys) if key in entries]
