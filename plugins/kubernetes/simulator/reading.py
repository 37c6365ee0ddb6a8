"""get, list in pages, and the forms an object can take on the way out: whole, metadata alone, or a table."""

from __future__ import annotations

import base64
from bisect import bisect_right
from typing import Any, Literal

import msgspec

from plugins.kubernetes.simulator import tables
from plugins.kubernetes.simulator.answers import Answer
from plugins.kubernetes.simulator.calls import Call, Request
from plugins.kubernetes.simulator.kinds import Kind
from plugins.kubernetes.simulator.selectors import EntryTest, selection
from plugins.kubernetes.simulator.status import ApiError, bad_request, encode, expired, invalid, not_found
from plugins.kubernetes.simulator.store import Entry, Store
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
Form = Literal["", "table", "partial"]
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)


def form_of(asked: Request) -> Form:
    """Which form the Accept header asks for first, among those that are served."""
    for choice in asked.headers.get("accept", "").split(","):
        parts = {part.strip() for part in choice.split(";")}
        if "application/json" not in parts and "*/*" not in parts:
            continue
        if "as=Table" in parts and parts & {"v=v1", "v=v1beta1"}:
            return "table"
        if parts & {"as=PartialObjectMetadata", "as=PartialObjectMetadataList"}:
            return "partial"
        return ""
    return ""


def shown(world: World, entry: Entry, form: Form, *, include: str = "Metadata") -> bytes:
    """One object in a form, as get answers it and as watches carry it."""
    if form == "":
        return entry.full
    if form == "partial":
        return _partial(entry)
    return tables.table(world, entry.kind, [entry], tables.Shape(include=include))


def _partial(entry: Entry) -> bytes:
    made = entry.forms.get("partial")
    if made is None:
        head: Object = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        made = entry.forms["partial"] = encode(head | {"metadata": entry.meta})
    return made


def get(world: World, call: Call) -> Answer:
    """One object by name."""
    kind = _kind(call)
    entry = world.store.get(kind, call.key)
    if entry is None:
        raise not_found(kind, call.name)
    include = call.request.param("includeObject", "Metadata")
    return Answer(200, shown(world, entry, form_of(call.request), include=include) + b"\n")


def _kind(call: Call) -> Kind:
    if call.kind is None:
        raise LookupError(call.resource)
    return call.kind


class Page:
    """One answer of a list: the entries, where the next page begins, and at which version."""

    __slots__ = ("entries", "remaining", "token", "version")

    def __init__(self, entries: list[Entry], version: int, token: str = "", remaining: int | None = None) -> None:
        self.entries, self.version, self.token, self.remaining = entries, version, token, remaining


def _token(version: int, key: str) -> str:
    made = {"v": "meta.k8s.io/v1", "rv": version, "start": f"{key}\u0000"}
    return base64.urlsafe_b64encode(encode(made)).rstrip(b"=").decode()


def _read_token(text: str) -> tuple[int, str]:
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return int(found["rv"]), str(found["start"]).rstrip("\u0000")
    except (ValueError, KeyError, TypeError):
        raise bad_request(f"invalid continue token: continue key is not valid: {text}") from None


def _version_asked(store: Store, call: Call) -> int | None:
    """The exact version a list is pinned to, None for the newest; 410 and 504 where it cannot be had."""
    asked, match = call.request.param("resourceVersion"), call.request.param("resourceVersionMatch")
    if "sendInitialEvents" in call.request.params:
        why = "sendInitialEvents is forbidden for list"
        raise _options(("FieldValueForbidden", f"Forbidden: {why}", "sendInitialEvents"))
    if match and not asked:
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise _options(("FieldValueForbidden", f"Forbidden: {why}", "resourceVersionMatch"))
    if not asked or asked == "0":
        return None
    if not asked.isdigit():
        raise bad_request(f"invalid resource version: {not_a_version(asked)}")
    if int(asked) > store.version:
        raise too_large(int(asked), store.version)
    return int(asked) if match == "Exact" else None


def not_a_version(text: str) -> str:
    """What the server says of a resourceVersion that is no number."""
    return f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'


def too_large(asked: int, current: int) -> ApiError:
    """504: the version has not happened yet."""
    return ApiError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        details={
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        },
    )


def _options(cause: tuple[str, str, str]) -> ApiError:
    options = Kind("meta.k8s.io", "v1", "ListOptions", "listoptions")
    return invalid(options, "", [cause])


def page(world: World, call: Call, *, kind: Kind, test: EntryTest | None) -> Page:
    """The page that a list asks for."""
    store, limit, token = world.store, call.request.number("limit") or 0, call.request.param("continue")
    start = ""
    if token:
        version, start = _read_token(token)
    else:
        version = _version_asked(store, call) or store.version
    keys, entries = _at(store, kind, version, call.namespace, token=token)
    chosen: list[Entry] = []
    first = bisect_right(keys, start) if start else 0
    for index in range(first, len(keys)):
        entry = entries[keys[index]]
        if test is not None and not test(entry):
            continue
        if limit and len(chosen) == limit:
            left = len(keys) - index if test is None else None
            return Page(chosen, version, _token(version, chosen[-1].key), left)
        chosen.append(entry)
    return Page(chosen, version)


def _at(store: Store, kind: Kind, version: int, namespace: str, *, token: str) -> tuple[list[str], dict[str, Entry]]:
    try:
        entries = store.at_version(kind, version) if version < store.version else store.entries(kind)
    except ValueError:
        raise expired(
            _TOO_OLD if token else f"The resourceVersion for the provided list is too old: {version}"
        ) from None
    if entries is store.entries(kind):
        return store.keys(kind, namespace), entries
    keys = sorted(key for key in entries if not namespace or key.startswith(f"{namespace}/"))
    return keys, entries


def list_all(world: World, call: Call) -> Answer:
    """A list or a page of one, in the form that is asked for."""
    kind = _kind(call)
    test = selection(kind, call.request.param("labelSelector"), call.request.param("fieldSelector"))
    if call.name:
        raise LookupError(call.name)
    found = page(world, call, kind=kind, test=test)
    meta: Object = {"resourceVersion": str(found.version)}
    if found.token:
        meta["continue"] = found.token
        if found.remaining is not None:
            meta["remainingItemCount"] = found.remaining
    form = form_of(call.request)
    if form == "table":
        include = call.request.param("includeObject", "Metadata")
        return Answer(200, tables.table(world, kind, found.entries, tables.Shape(meta, include)))
    if form == "partial":
        head: Object = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        return Answer(200, _with_items(head, [_partial(entry) for entry in found.entries]))
    head = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": meta}
    return Answer(200, _with_items(head, [entry.full if kind.custom else entry.raw for entry in found.entries]))


def _with_items(head: Object, items: list[bytes]) -> bytes:
    return b"".join((encode(head)[:-1], b',"items":[', b",".join(items), b"]}\n"))
