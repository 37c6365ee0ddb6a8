"""create, update, patch, delete: versions, preconditions, finalizers, dry runs, and what may not be changed."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
import yaml

from plugins.kubernetes.simulator import kinds
from plugins.kubernetes.simulator.answers import Answer, json_answer
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.fields import child, texts
from plugins.kubernetes.simulator.garbage import orphan, wait_for_dependents
from plugins.kubernetes.simulator.kinds import NAMESPACES, PODS, SERVED, Kind
from plugins.kubernetes.simulator.patches import json_patch, merge, strategic
from plugins.kubernetes.simulator.reading import form_of, page, shown
from plugins.kubernetes.simulator.selectors import selection
from plugins.kubernetes.simulator.status import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    encode,
    forbidden,
    invalid,
    no_such_path,
    not_found,
    success,
)
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
_DNS_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_RFC_1123 = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName")
_RETURNED = ("pods", "services", "persistentvolumes", "persistentvolumeclaims", "serviceaccounts", "namespaces")
PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
    "application/strategic-merge-patch+json",
)


def _kind(call: Call) -> Kind:
    if call.kind is None:
        raise no_such_path()
    return call.kind


def _send(world: World, call: Call, entry: Entry, status: int = 200) -> Answer:
    return Answer(status, shown(world, entry, form_of(call.request)))


def _check_kind(kind: Kind, body: Object) -> None:
    named, version = body.get("kind", kind.kind), body.get("apiVersion", kind.api_version)
    if (named, version) != (kind.kind, kind.api_version):
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({kind.api_version})"
            if version != kind.api_version
            else f"{named} in version {version!r} cannot be handled as a {kind.kind}"
        )


def _meta(body: Object) -> Object:
    meta = body.get("metadata")
    if meta is None:
        meta = body["metadata"] = {}
    if not isinstance(meta, dict):
        raise bad_request("metadata must be an object")
    return cast("Object", meta)


def create(world: World, call: Call) -> Answer:
    """POST to a collection."""
    kind, body = _kind(call), call.request.document()
    _check_kind(kind, body)
    meta = _meta(body)
    if kind.namespaced:
        if meta.setdefault("namespace", call.namespace) != call.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        space = world.store.get(NAMESPACES, call.namespace)
        if space is None:
            raise not_found(NAMESPACES, call.namespace)
        if space.deleting:
            raise _terminating(kind, meta.get("name", ""), call.namespace)
    name = meta.get("name", "")
    if not name and not meta.get("generateName"):
        raise invalid(
            kind, "", [("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")]
        )
    if name and not _DNS_NAME.match(name):
        raise invalid(kind, name, [("FieldValueInvalid", f'Invalid value: "{name}": {_RFC_1123}', "metadata.name")])
    if name and world.store.get(kind, world.key(meta.get("namespace", ""), name)) is not None:
        raise already_exists(kind, name)
    if kind.has_status and kind is not kinds.NODES:
        body.pop("status", None)
    return _send(world, call, world.create(kind, body, store=not call.dry_run), 201)


def _terminating(kind: Kind, name: str, namespace: str) -> ApiError:
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    error = forbidden(kind, name, why)
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    if error.details is not None:
        error.details["causes"] = [cause]
    return error


def _current(world: World, call: Call) -> Entry:
    entry = world.store.get(_kind(call), call.key)
    if entry is None:
        raise not_found(_kind(call), call.name)
    return entry


def update(world: World, call: Call) -> Answer:
    """PUT of an object or one of its subresources."""
    body = call.request.document()
    if call.subresource == "scale":
        return put_scale(world, call, body)
    _check_kind(_kind(call), body)
    if _meta(body).get("name") != call.name:
        named = _meta(body).get("name", "")
        raise bad_request(f"the name of the object ({named}) does not match the name on the URL ({call.name})")
    return _store(world, call, _current(world, call), body)


def _store(world: World, call: Call, old: Entry, body: Object) -> Answer:
    """Store what a client made of an object: it may not touch what the server owns."""
    kind, meta = old.kind, body["metadata"]
    body.pop("kind", None)
    body.pop("apiVersion", None)
    asked = meta.get("resourceVersion")
    if asked and asked != old.meta["resourceVersion"]:
        raise conflict(kind, old.name)
    if meta.get("uid") and meta["uid"] != old.uid:
        why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {old.uid}"
        raise conflict(kind, old.name, why)
    for field in _KEPT:
        meta.pop(field, None)
        if field in old.meta:
            meta[field] = old.meta[field]
    meta["resourceVersion"] = old.meta["resourceVersion"]
    meta.pop("managedFields", None)
    if call.subresource == "status":
        body = old.draft() | {"status": body.get("status", {})}
    elif kind.has_status:
        body.pop("status", None)
        if "status" in old.body:
            body["status"] = old.body["status"]
    _guard_immutable(old, body)
    if call.dry_run:
        return _send(world, call, Entry(kind, old.key, body, encode(body), old.version))
    return _send(world, call, world.replace(old, body))


_POD_MAY_CHANGE = (
    "activeDeadlineSeconds",
    "terminationGracePeriodSeconds",
    "tolerations",
    "containers",
    "initContainers",
    "schedulingGates",
)


_POD_FIXED = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def _guard_immutable(old: Entry, body: Object) -> None:
    spec = child(body, "spec")
    if old.kind is PODS:
        changed = [field for field in {*spec, *old.spec} if spec.get(field) != old.spec.get(field)]
        if any(field not in _POD_MAY_CHANGE for field in changed):
            raise invalid(old.kind, old.name, [("FieldValueForbidden", _POD_FIXED, "spec")])
    elif old.kind in (kinds.DEPLOYMENTS, kinds.REPLICA_SETS, kinds.DAEMON_SETS) and spec.get(
        "selector"
    ) != old.spec.get("selector"):
        message = f"Invalid value: {encode(spec.get('selector')).decode()}: field is immutable"
        raise invalid(old.kind, old.name, [("FieldValueInvalid", message, "spec.selector")])
    elif old.kind is kinds.SECRETS and body.get("type") != old.body.get("type"):
        message = f'Invalid value: "{body.get("type")}": field is immutable'
        raise invalid(old.kind, old.name, [("FieldValueInvalid", message, "type")])


def patch(world: World, call: Call) -> Answer:
    """PATCH in any of the four forms."""
    kind = _kind(call)
    form = call.request.headers.get("content-type", "").partition(";")[0].strip()
    if form not in PATCH_TYPES or (kind.custom and form == PATCH_TYPES[3]):
        accepted = ", ".join(PATCH_TYPES[:3] if kind.custom else PATCH_TYPES)
        raise ApiError(
            415,
            "UnsupportedMediaType",
            f"the body of the request was in an unknown format - accepted media types include: {accepted}",
        )
    old = world.store.get(kind, call.key)
    if form == PATCH_TYPES[2]:
        return _apply(world, call, old)
    if old is None:
        raise not_found(kind, call.name)
    if call.subresource == "scale":
        scaled = merge(scale_of(old), call.request.document())
        return put_scale(world, call, scaled)
    base = old.draft()
    if form == PATCH_TYPES[0]:
        made = json_patch(base, call.request.json())
    else:
        made = (merge if form == PATCH_TYPES[1] else strategic)(base, call.request.document())
    if form != PATCH_TYPES[0] and "resourceVersion" not in child(call.request.document(), "metadata"):
        made["metadata"].pop("resourceVersion", None)
    return _store(world, call, old, made)


def _apply(world: World, call: Call, old: Entry | None) -> Answer:
    """Server-side apply without field ownership: what is named is merged, what is not stays."""
    if not call.request.param("fieldManager"):
        options = Kind("meta.k8s.io", "v1", "PatchOptions", "patchoptions")
        raise invalid(
            options, "", [("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")]
        )
    wanted = yaml.safe_load(call.request.body)
    if not isinstance(wanted, dict):
        raise bad_request("error decoding YAML: an object is expected")
    body = cast("Object", wanted)
    if old is not None:
        changes = {key: value for key, value in body.items() if key not in ("kind", "apiVersion")}
        return _store(world, call, old, strategic(old.draft(), changes))
    meta = _meta(body)
    meta["name"] = call.name
    if call.namespace:
        meta["namespace"] = call.namespace
        if world.store.get(NAMESPACES, call.namespace) is None:
            raise not_found(NAMESPACES, call.namespace)
    return _send(world, call, world.create(_kind(call), body, store=not call.dry_run), 201)


def scale_of(entry: Entry) -> Object:
    """The Scale of a workload."""
    labels = texts(child(entry.spec, "selector"), "matchLabels")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            key: entry.meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        },
        "spec": {"replicas": int(entry.spec.get("replicas", 0))},
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
        raise invalid(
            SERVED["apps", "v1", old.kind.plural], old.name, [("FieldValueInvalid", message, "spec.replicas")]
        )
    draft = old.draft()
    draft["spec"]["replicas"] = replicas
    made = Entry(old.kind, old.key, draft, b"", old.version) if call.dry_run else world.replace(old, draft)
    return json_answer(scale_of(made))


def get_scale(world: World, call: Call) -> Answer:
    """The Scale subresource."""
    return json_answer(scale_of(_current(world, call)))


def delete(world: World, call: Call) -> Answer:
    """DELETE of one object, with its options from body and parameters."""
    entry, options = _current(world, call), call.request.document()
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
        return _send(world, call, left)
    if left is not None and left.deleting:
        return _send(world, call, left)
    if entry.kind.plural in _RETURNED:
        return _send(world, call, entry)
    details: Object = {"name": entry.name}
    if entry.kind.group:
        details["group"] = entry.kind.group
    return json_answer(success(details=details | {"kind": entry.kind.plural, "uid": entry.uid}))


def check_preconditions(entry: Entry, options: Object) -> None:
    """409 where the object is not the one that the client means."""
    wanted = child(options, "preconditions")
    if wanted.get("uid") and wanted["uid"] != entry.uid:
        why = f"Precondition failed: UID in precondition: {wanted['uid']}, UID in object meta: {entry.uid}"
        raise conflict(entry.kind, entry.name, why)
    version = entry.meta["resourceVersion"]
    if wanted.get("resourceVersion") and wanted["resourceVersion"] != version:
        asked = f"ResourceVersion in precondition: {wanted['resourceVersion']}"
        why = f"Precondition failed: {asked}, ResourceVersion in object meta: {version}"
        raise conflict(entry.kind, entry.name, why)


def delete_collection(world: World, call: Call) -> Answer:
    """DELETE of all objects that the selectors choose."""
    kind, asked = _kind(call), call.request
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
