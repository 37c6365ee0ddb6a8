"""delete: preconditions, grace, finalizers and what happens to what the object owns."""

from __future__ import annotations

from typing import Any

import msgspec

from plugins.kubernetes.simulator.answers import Answer, json_answer
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.fields import child
from plugins.kubernetes.simulator.garbage import orphan, wait_for_dependents
from plugins.kubernetes.simulator.reading import page
from plugins.kubernetes.simulator.selectors import selection
from plugins.kubernetes.simulator.status import not_the_one, success
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World
from plugins.kubernetes.simulator.writing import current, kind_of, send

Object = dict[str, Any]
_RETURNED = ("pods", "services", "persistentvolumes", "persistentvolumeclaims", "serviceaccounts", "namespaces")


def delete(world: World, call: Call) -> Answer:
    """DELETE of one object, with its options from body and parameters."""
    entry, options = current(world, call), call.request.document()
    check_preconditions(entry, options)
    grace = options.get("gracePeriodSeconds", call.request.number("gracePeriodSeconds"))
    policy = options.get("propagationPolicy") or call.request.param("propagationPolicy")
    if call.dry_run or options.get("dryRun"):
        return _deleted(world, call, entry, entry)
    if policy == "Orphan":
        orphan(world, entry)
    elif policy == "Foreground":
        entry = wait_for_dependents(world, entry)
    return _deleted(world, call, entry, world.delete(entry, grace=grace))


def _deleted(world: World, call: Call, entry: Entry, left: Entry | None) -> Answer:
    if left is not None and (left.deleting or call.dry_run) and entry.kind.plural in _RETURNED:
        return send(world, call, left)
    if left is not None and left.deleting:
        return send(world, call, left)
    if entry.kind.plural in _RETURNED:
        return send(world, call, entry)
    details: Object = {"name": entry.name}
    if entry.kind.group:
        details["group"] = entry.kind.group
    return json_answer(success(details=details | {"kind": entry.kind.plural, "uid": entry.uid}))


def check_preconditions(entry: Entry, options: Object) -> None:
    """409 where the object is not the one that the client means."""
    wanted, version = child(options, "preconditions"), entry.meta["resourceVersion"]
    uid, at = wanted.get("uid"), wanted.get("resourceVersion")
    if uid and uid != entry.uid:
        guess = "The object might have been deleted and then recreated"
        raise not_the_one(entry.kind, entry.name, ("UID", guess), uid, entry.uid)
    if at and at != version:
        guess = "The object might have been modified"
        raise not_the_one(entry.kind, entry.name, ("ResourceVersion", guess), at, version)


def delete_collection(world: World, call: Call) -> Answer:
    """DELETE of all objects that the selectors choose."""
    kind, asked = kind_of(call), call.request
    options = asked.document()
    test = selection(kind, asked.param("labelSelector"), asked.param("fieldSelector"))
    chosen = page(world, call, kind=kind, test=test).entries
    grace = options.get("gracePeriodSeconds", asked.number("gracePeriodSeconds"))
    if not call.dry_run:
        for entry in chosen:
            world.delete(entry, grace=grace)
    head: Object = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version}
    meta = {"resourceVersion": str(world.store.version)}
    return json_answer(head | {"metadata": meta, "items": [msgspec.Raw(entry.raw) for entry in chosen]})
