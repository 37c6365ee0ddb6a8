"""The scale subresource of workloads."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.answers import Answer, json_answer
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.fields import child, texts
from plugins.kubernetes.simulator.kinds import Kind
from plugins.kubernetes.simulator.status import conflict, invalid, no_such_path, not_found
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
_SCALE = Kind("autoscaling", "v1", "Scale", "scales")


def _current(world: World, call: Call) -> Entry:
    if call.kind is None:
        raise no_such_path()
    entry = world.store.get(call.kind, call.key)
    if entry is None:
        raise not_found(call.kind, call.name)
    return entry


def scale_of(entry: Entry) -> Object:
    """The Scale of a workload."""
    labels = texts(child(entry.spec, "selector"), "matchLabels")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            key: entry.meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        },
        "spec": {"replicas": replicas} if (replicas := int(entry.spec.get("replicas", 0))) else {},
        "status": {
            "replicas": int(entry.status.get("replicas", 0)),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def put_scale(world: World, call: Call, body: Object) -> Answer:
    """Set the replicas of a workload through its Scale."""
    old = _current(world, call)
    asked = child(body, "metadata").get("resourceVersion")
    if asked and asked != old.meta["resourceVersion"]:
        raise conflict(old.kind, old.name)
    replicas = int(child(body, "spec").get("replicas", 0))
    if replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid(_SCALE, old.name, [("FieldValueInvalid", message, "spec.replicas")])
    draft = old.draft()
    draft["spec"]["replicas"] = replicas
    made = Entry(old.kind, old.key, draft, b"", old.version) if call.dry_run else world.replace(old, draft)
    return json_answer(scale_of(made))


def get_scale(world: World, call: Call) -> Answer:
    """The Scale subresource."""
    return json_answer(scale_of(_current(world, call)))
