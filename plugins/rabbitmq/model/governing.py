"""Policies, users with their permissions, and links to other brokers (shovels and federation)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from console.text import clean, in_address
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.model.wire import Number, Row, Wire, line, pairs, whole, word

_KINDS = {
    "queues": None,
    "all": None,
    "classic_queues": "classic",
    "quorum_queues": "quorum",
    "streams": "stream",
}
"""Which queues `apply-to` speaks of; exchanges alone have no entry."""


class PolicyWire(Wire, frozen=True, gc=False, rename={"apply_to": "apply-to"}):
    """One entry of /api/policies or /api/operator-policies."""

    vhost: str
    name: str
    pattern: str = ""
    apply_to: str = "all"
    definition: dict[str, Any] | list[Any] | None = None
    priority: Number = 0


class Policy(Row, frozen=True, gc=False):
    """One policy. `definition` are cleaned pairs for people, `text` is the whole as JSON for editing."""

    at: str
    vhost: str
    name: str
    pattern: str
    applies_to: str
    priority: int
    definition: tuple[tuple[str, str], ...]
    text: str
    operator: bool = False


class PolicyRow(Row, frozen=True, gc=False):
    """A policy and how many queues the server says it rules; None while they are not all known."""

    policy: Policy
    queues: int | None = None


class UserWire(Wire, frozen=True, gc=False):
    """One entry of /api/users; tags are a text with commas before 3.9."""

    name: str
    tags: list[str] | str | None = None


class PermissionWire(Wire, frozen=True, gc=False):
    """One entry of /api/permissions."""

    user: str
    vhost: str
    configure: str = ""
    write: str = ""
    read: str = ""


class UserRow(Row, frozen=True, gc=False):
    """A user with its rights in every vhost: (vhost, configure, write, read)."""

    at: str
    name: str
    tags: tuple[str, ...] = ()
    permissions: tuple[tuple[str, str, str, str], ...] = ()


POLICIES = msgspec.json.Decoder(list[PolicyWire])
USERS = msgspec.json.Decoder(list[UserWire])
PERMISSIONS = msgspec.json.Decoder(list[PermissionWire])


def policy(wire: PolicyWire, *, operator: bool = False) -> Policy:
    """The row of one entry."""
    definition: dict[str, Any] = wire.definition if isinstance(wire.definition, dict) else {}
    return Policy(
        at=("operator/" if operator else "") + in_address(wire.vhost, wire.name),
        vhost=word(wire.vhost),
        name=line(wire.name, 255),
        pattern=line(wire.pattern, 500),
        applies_to=word(wire.apply_to),
        priority=whole(wire.priority) or 0,
        definition=pairs(definition),
        text=clean(msgspec.json.encode(definition).decode("utf-8", "replace"), 4000),
        operator=operator,
    )


def users(listed: Iterable[UserWire], permissions: Iterable[PermissionWire]) -> list[UserRow]:
    """Every user with its permissions."""
    rights: dict[str, list[tuple[str, str, str, str]]] = {}
    for one in permissions:
        seen = (word(one.vhost), line(one.configure, 200), line(one.write, 200), line(one.read, 200))
        rights.setdefault(one.user, []).append(seen)
    rows: list[UserRow] = []
    for wire in listed:
        tags = wire.tags.split(",") if isinstance(wire.tags, str) else wire.tags or []
        named = tuple(sorted(word(tag.strip()) for tag in tags if tag.strip()))
        rows.append(
            UserRow(in_address(wire.name), line(wire.name, 255), named, tuple(sorted(rights.get(wire.name, ()))))
        )
    return rows


def matching(pattern: str, applies_to: str, queues: Iterable[QueueRow]) -> list[QueueRow]:
    """The queues (of one vhost) that a pattern would match, as the server matches: anywhere in the name.

    Raises ValueError for a pattern that is no regular expression.
    """
    if applies_to not in _KINDS:
        return []
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    kind = _KINDS[applies_to]
    return [one for one in queues if (kind is None or one.kind == kind) and compiled.search(one.name)]


class LinkRow(Row, frozen=True, gc=False):
    """A shovel or a federation link: messages that another broker gets or gives."""

    at: str
    kind: str
    vhost: str
    name: str
    state: str
    member: str = ""
    source: str = ""
    target: str = ""
    error: str = ""


class ShovelWire(Wire, frozen=True, gc=False):
    """One entry of /api/shovels."""

    name: str = ""
    vhost: str | None = None
    node: str | None = None
    state: str | None = None
    type: str | None = None
    src_queue: Any = None
    src_exchange: Any = None
    src_uri: Any = None
    dest_queue: Any = None
    dest_exchange: Any = None
    dest_uri: Any = None
    reason: Any = None


class FederationWire(Wire, frozen=True, gc=False):
    """One entry of /api/federation-links."""

    upstream: str = ""
    vhost: str | None = None
    node: str | None = None
    status: str | None = None
    type: str | None = None
    queue: Any = None
    exchange: Any = None
    uri: Any = None
    error: Any = None


SHOVELS = msgspec.json.Decoder(list[ShovelWire])
FEDERATION = msgspec.json.Decoder(list[FederationWire])
_SECRET = re.compile(r"(//[^:/@\s]*):[^@/\s]*@")


def _uri(value: object) -> str:
    """An address without its password; the server hides most of them itself."""
    return _SECRET.sub(r"\1:***@", line(value, 200))


def shovel(wire: ShovelWire) -> LinkRow:
    """The row of one shovel."""
    return LinkRow(
        at=f"shovel/{in_address(wire.vhost or '', wire.name)}",
        kind=f"shovel ({word(wire.type)})" if wire.type else "shovel",
        vhost=word(wire.vhost),
        name=line(wire.name, 255),
        state=word(wire.state),
        member=word(wire.node),
        source=" ".join(filter(None, (_uri(wire.src_uri), line(wire.src_queue or wire.src_exchange, 255)))),
        target=" ".join(filter(None, (_uri(wire.dest_uri), line(wire.dest_queue or wire.dest_exchange, 255)))),
        error=_uri(wire.reason),
    )


def federation(wire: FederationWire) -> LinkRow:
    """The row of one federation link."""
    what = line(wire.queue or wire.exchange, 255)
    return LinkRow(
        at=f"federation/{in_address(wire.vhost or '', wire.upstream, what)}",
        kind=f"federation ({word(wire.type)})" if wire.type else "federation",
        vhost=word(wire.vhost),
        name=line(wire.upstream, 255),
        state=word(wire.status),
        member=word(wire.node),
        source=_uri(wire.uri),
        target=what,
        error=_uri(wire.error),
    )
