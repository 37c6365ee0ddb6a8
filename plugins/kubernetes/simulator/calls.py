"""A request as the API server understands it: verb, resource, namespace, name, subresource, parameters.

Parses paths and refuses nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from plugins.kubernetes.simulator.kinds import CREATE_ONLY, SERVED, Kind
from plugins.kubernetes.simulator.status import bad_request, encode, invalid

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: decoded path, parameters (all values), lower-case headers, body."""

    method: str
    target: str
    path: str
    params: dict[str, list[str]]
    headers: dict[str, str]
    raw_headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return self.params.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        """A boolean parameter, as the server's conversion reads it."""
        values = self.params.get(name)
        return values is not None and values[0].lower() not in ("0", "false")

    def number(self, name: str) -> int | None:
        """An integer parameter; 400 when it is none."""
        text = self.param(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    def json(self) -> Any:
        """The decoded body; 400 when it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            start = "the object provided is unrecognized"
            if self.method == "PATCH":
                raise bad_request(f"error decoding patch: {error}") from None
            raise bad_request(f"{start}: couldn't get version/kind; json parse error: {error}") from None

    def document(self) -> Object:
        """The body as a JSON object."""
        made: Any = self.json() if self.body else {}
        if not isinstance(made, dict):
            raise bad_request("the object provided is unrecognized (must be of type object)")
        return cast("Object", made)


def request(method: str, target: str, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> Request:
    """Parse the request line's target and the headers."""
    parts = urlsplit(target)
    params = parse_qs(parts.query, keep_blank_values=True)
    names = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in headers}
    return Request(method, target, unquote(parts.path), params, names, headers, body)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request means. `kind` is None for discovery, reviews and health."""

    request: Request
    verb: str
    kind: Kind | None
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    user: User | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """The store's key of the object that is meant."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be stored; 422 for a value that does not exist."""
        values = self.request.params.get("dryRun", [])
        if any(value != "All" for value in values):
            message = f'Unsupported value: {encode(values).decode()}: supported values: "All"'
            options = Kind("meta.k8s.io", "v1", f"{self.verb.capitalize()}Options", "options")
            raise invalid(options, "", [("FieldValueNotSupported", message, "dryRun")])
        return bool(values)


@dataclass(frozen=True, slots=True)
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, list[str]] = field(default_factory=dict, hash=False)


_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


def _verb(asked: Request, name: str) -> str:
    match asked.method:
        case "GET" | "HEAD":
            if asked.flag("watch"):
                return "watch"
            return "get" if name else "list"
        case "DELETE":
            return "delete" if name else "deletecollection"
        case method:
            return _VERBS.get(method, method.lower())


def read_call(asked: Request) -> Call | None:
    """What the request means, or None when its path is no resource that is served."""
    match [part for part in asked.path.split("/") if part]:
        case ["api", version, first, *rest]:
            group = ""
        case ["apis", group, version, first, *rest]:
            pass
        case _:
            return None
    namespace, plural = "", first
    match rest:
        case [space, inner, *tail] if first == "namespaces" and (tail or inner not in ("status", "finalize")):
            namespace, plural, rest = space, inner, tail
        case _:
            pass
    name = rest[0] if rest else ""
    subresource, beyond = (rest[1], rest[2:]) if rest[1:] else ("", [])
    kind = SERVED.get((group, version, plural))
    review = CREATE_ONLY.get((group, version, plural))
    if (kind is None and review is None) or (kind is not None and namespace and not kind.namespaced):
        return None
    return Call(
        request=asked,
        verb=_verb(asked, name),
        kind=kind,
        namespace=namespace,
        name=name,
        subresource=subresource,
        rest="/".join(beyond),
        group=group,
        version=version,
        resource=plural,
    )
