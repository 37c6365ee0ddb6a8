"""Events: recorded once, counted when they come again, and gone an hour after the last time."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.clock import micro_stamp
from plugins.kubernetes.simulator.kinds import EVENTS
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
LIFE = 3600.0
ACTIONS = {"default-scheduler": {"Scheduled": "Binding", "FailedScheduling": "Scheduling"}}
"""Components that write by the events.k8s.io way: with an action, an eventTime and a series instead of a count."""


class Recorder:
    """Writes events for every component of the world."""

    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store
        self._told: dict[tuple[str, ...], str] = {}

    def record(self, about: Entry, reason: str, message: str, *, source: str, warning: bool) -> None:
        """Record an event about an object, or count it."""
        told = (about.uid, reason, message, source)
        old = self.store.get(EVENTS, self._told.get(told, ""))
        if old is not None:
            self._again(old)
            return
        kind = about.kind
        involved: Object = {"kind": kind.kind}
        if about.namespace:
            involved["namespace"] = about.namespace
        involved |= {"name": about.name, "uid": about.uid, "apiVersion": kind.api_version}
        involved["resourceVersion"] = about.meta["resourceVersion"]
        name = f"{about.name}.{self.world.random.getrandbits(60):015x}"
        meta = {"name": name, "namespace": about.namespace or "default"}
        body: Object = {"metadata": meta, "involvedObject": involved, "reason": reason, "message": message}
        action = ACTIONS.get(source, {}).get(reason, "")
        made = self.world.create(EVENTS, body | self._when(source, action, warning=warning))
        self._told[told] = made.key
        self._expire(made, told)

    def _when(self, source: str, action: str, *, warning: bool) -> Object:
        now, kind = self.world.now(), "Warning" if warning else "Normal"
        if action:
            return {
                "source": {},
                "firstTimestamp": None,
                "lastTimestamp": None,
                "type": kind,
                "eventTime": micro_stamp(self.world.clock.now()),
                "action": action,
                "reportingComponent": source,
                "reportingInstance": f"{source}-k8s-master1",
            }
        return {
            "source": {"component": source},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": source,
            "reportingInstance": "",
        }

    def _again(self, old: Entry) -> None:
        body = old.draft()
        if old.body.get("eventTime"):
            count = (old.body.get("series") or {"count": 1})["count"] + 1
            body["series"] = {"count": count, "lastObservedTime": micro_stamp(self.world.clock.now())}
        else:
            body["count"] += 1
            body["lastTimestamp"] = self.world.now()
        self.world.replace(old, body)

    def _expire(self, entry: Entry, told: tuple[str, ...]) -> None:
        def forget() -> None:
            newest = self.store.get(EVENTS, entry.key)
            if newest is not None and newest.version != entry.version:
                self._expire(newest, told)
                return
            self._told.pop(told, None)
            self.store.remove(EVENTS, entry.key)

        self.world.clock.after(LIFE, forget)
