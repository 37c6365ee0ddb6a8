"""create, update, patch: versions, dry runs, and what may not be changed."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml

from plugins.kubernetes.simulator import kinds
from plugins.kubernetes.simulator.answers import Answer
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.defaults import fold_strings
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.kinds import NAMESPACES, PODS, Kind
from plugins.kubernetes.simulator.patches import json_patch, merge, strategic
from plugins.kubernetes.simulator.reading import form_of, shown
from plugins.kubernetes.simulator.scaling import put_scale, scale_of
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
PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
    "application/strategic-merge-patch+json",
)


def kind_of(call: Call) -> Kind:
    """The kind that a call means; 404 where it means none."""
    if call.kind is None:
        raise no_such_path()
    return call.kind


def send(world: World, call: Call, entry: Entry, status: int = 200) -> Answer:
    """One object as the answer, in the form that is asked for."""
    return Answer(status, shown(world, entry, form_of(call.request)) + b"\n")


def _check_kind(kind: Kind, body: Object) -> None:
    named, version = body.get("kind", kind.kind), body.get("apiVersion", kind.api_version)
    if (named, version) != (kind.kind, kind.api_version):
        why = f'no kind "{named}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        if version == kind.api_version:
            why = f"converting (v1.{named}) to (core.{kind.kind}): unknown conversion"
        raise bad_request(f'{named} in version "{version}" cannot be handled as a {kind.kind}: {why}')


def _meta(body: Object) -> Object:
    meta = body.get("metadata")
    if meta is None:
        meta = body["metadata"] = {}
    if not isinstance(meta, dict):
        raise bad_request("metadata must be an object")
    return cast("Object", meta)


def create(world: World, call: Call) -> Answer:
    """POST to a collection."""
    kind, body = kind_of(call), call.request.document()
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
    if kind is PODS and not rows(child(body, "spec"), "containers"):
        raise invalid(kind, name, [("FieldValueRequired", "Required value", "spec.containers")])
    return send(world, call, world.create(kind, body, store=not call.dry_run), 201)


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


def current(world: World, call: Call) -> Entry:
    """The object that a call names; 404 where there is none."""
    entry = world.store.get(kind_of(call), call.key)
    if entry is None:
        raise not_found(kind_of(call), call.name)
    return entry


def update(world: World, call: Call) -> Answer:
    """PUT of an object or one of its subresources."""
    body = call.request.document()
    if call.subresource == "scale":
        return put_scale(world, call, body)
    _check_kind(kind_of(call), body)
    if _meta(body).get("name") != call.name:
        named = _meta(body).get("name", "")
        raise bad_request(f"the name of the object ({named}) does not match the name on the URL ({call.name})")
    return _store(world, call, current(world, call), body)


def _store(world: World, call: Call, old: Entry, body: Object) -> Answer:
    """Store what a client made of an object: it may not touch what the server owns."""
    kind, meta = old.kind, body["metadata"]
    body.pop("kind", None)
    body.pop("apiVersion", None)
    fold_strings(kind, body)
    asked = meta.get("resourceVersion")
    if asked and asked != old.meta["resourceVersion"]:
        raise conflict(kind, old.name)
    if meta.get("uid") and meta["uid"] != old.uid:
        path = f"/registry/{kind.plural}/{old.key}"
        why = f"StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, AdditionalErrorMsg: "
        why += f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {old.uid}"
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
        return send(world, call, Entry(kind, old.key, body, encode(body), old.version))
    return send(world, call, world.replace(old, body))


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
    kind = kind_of(call)
    form = call.request.headers.get("content-type", "").partition(";")[0].strip()
    if form not in PATCH_TYPES or (kind.custom and form == PATCH_TYPES[3]):
        raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})
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
    return send(world, call, world.create(kind_of(call), body, store=not call.dry_run), 201)
