"""The ways to patch: JSON merge (RFC 7386), JSON patch (RFC 6902) and strategic merge. Pure.

Strategic merge joins lists by key.
"""

from __future__ import annotations

from typing import Any, cast

from plugins.kubernetes.simulator.fields import words
from plugins.kubernetes.simulator.status import ApiError, bad_request

Object = dict[str, Any]

# patchMergeKey by the name of the list field, as the API types declare it; other lists are replaced.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "conditions": "type",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "ownerReferences": "uid",
    "addresses": "type",
    "subsets": "",
    "secrets": "name",
    "webhooks": "name",
    "topologySpreadConstraints": "topologyKey",
    "podIPs": "ip",
    "hostIPs": "ip",
}
PORT_KEYS = ("containerPort", "port")
PRIMITIVE_MERGE = ("finalizers",)


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    made: Object = dict(cast("Object", target)) if isinstance(target, dict) else {}
    for key, value in cast("Object", patch).items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge(made.get(key), value)
    return made


def strategic(target: Any, patch: Any) -> Any:
    """Strategic merge with $patch (replace, delete) and $retainKeys; lists with a patchMergeKey merge by it."""
    if not isinstance(patch, dict):
        return patch
    changes = cast("Object", patch)
    if changes.get("$patch") == "replace":
        return {key: value for key, value in changes.items() if key != "$patch"}
    made: Object = dict(cast("Object", target)) if isinstance(target, dict) else {}
    if isinstance(retain := changes.get("$retainKeys"), list):
        made = {key: value for key, value in made.items() if key in retain}
    for key, value in changes.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            made[field] = [item for item in words(made, field) if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            made.pop(key, None)
        elif isinstance(value, list):
            made[key] = _merge_list(key, made.get(key) or [], cast("list[Any]", value))
        else:
            made[key] = strategic(made.get(key), value)
    return made


def _merge_list(field: str, target: list[Any], patch: list[Any]) -> list[Any]:
    if field in PRIMITIVE_MERGE:
        return [*target, *(item for item in patch if item not in target)]
    key = _merge_key(field, patch)
    if not key or any(not isinstance(item, dict) for item in patch):
        return patch
    if any(item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    made = list(target)
    for item in cast("list[Object]", patch):
        at = next((index for index, old in enumerate(made) if old.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del made[at]
        elif at is None:
            made.append(strategic({}, item))
        else:
            made[at] = strategic(made[at], item)
    return made


def _merge_key(field: str, items: list[Any]) -> str:
    if field == "ports" and items and isinstance(items[0], dict):
        first = cast("Object", items[0])
        return next((key for key in PORT_KEYS if key in first), "")
    return MERGE_KEYS.get(field, "")


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902 on a copy that the caller owns; a failed test or path is the server's 422."""
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    for operation in cast("list[Object]", operations):
        target = _apply(target, operation)
    return target


def _unprocessable() -> ApiError:
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", details={})


def _pointer(text: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _step(at: Any, part: str) -> Any:
    try:
        return at[int(part) if isinstance(at, list) else part]
    except (KeyError, IndexError, ValueError, TypeError):
        raise _unprocessable() from None


def _at(target: Any, parts: list[str]) -> Any:
    for part in parts:
        target = _step(target, part)
    return target


def _apply(target: Any, operation: Object) -> Any:
    op, parts = operation.get("op"), _pointer(operation.get("path", ""))
    if op == "test":
        if _at(target, parts) != operation.get("value"):
            raise _unprocessable()
        return target
    if op in ("copy", "move"):
        source = _pointer(operation["from"])
        value = _at(target, source)
        if op == "move":
            _put(target, source, "remove", None)
        _put(target, parts, "add", value)
        return target
    if not parts:
        return operation.get("value")
    if op not in ("add", "remove", "replace"):
        raise bad_request(f"Unexpected kind: {op}")
    _put(target, parts, op, operation.get("value"))
    return target


def _put(target: Any, parts: list[str], op: str, value: Any) -> None:
    parent, last = _at(target, parts[:-1]), parts[-1]
    if isinstance(parent, list):
        items = cast("list[Any]", parent)
        index = len(items) if last == "-" else int(last)
        if op == "add":
            items.insert(index, value)
        elif op == "remove":
            _step(items, last)
            del items[index]
        else:
            items[index] = value
        return
    if op != "add":
        _step(parent, last)
    if op == "remove":
        del parent[last]
    else:
        parent[last] = value
