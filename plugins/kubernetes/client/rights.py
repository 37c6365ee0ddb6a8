"""Who the server takes us for and what we may do: reviews, kept for half a minute.

The answers are the server's; nothing here decides whether something is done.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from console.clock import Clock
from console.errors import BadAnswer, Forbidden, NotFound, Rejected
from console.plugin import Right
from console.text import clean
from plugins.kubernetes.client.connection import Connection
from plugins.kubernetes.client.listing import Selection

_KEPT = 30.0
_VERSION = 0xA0
_COMMON_NAME = bytes([0x55, 0x04, 0x03])
_MOST_NAMESPACES = 100
T = TypeVar("T")


class Identity(Struct, frozen=True):
    """Who we are. `certain` is False where the server cannot be asked and it was read from our own credentials."""

    user: str
    groups: tuple[str, ...] = ()
    certain: bool = True


class _Decision(msgspec.Struct):
    allowed: bool = False
    reason: str | None = None


class _Access(msgspec.Struct):
    status: _Decision


class _Rule(msgspec.Struct, rename="camel"):
    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None

    def grants(self, verb: str, group: str, resource: str) -> bool:
        """Whether it allows `verb` on every object of that kind."""
        return (
            not self.resource_names
            and _named(verb, self.verbs)
            and _named(group, self.api_groups)
            and _named(resource, self.resources)
        )


class _Rules(msgspec.Struct, rename="camel"):
    resource_rules: list[_Rule] | None = None
    incomplete: bool = False


class _RulesAnswer(msgspec.Struct):
    status: _Rules


class _UserInfo(msgspec.Struct):
    username: str = ""
    groups: list[str] | None = None


class _SelfStatus(msgspec.Struct, rename="camel"):
    user_info: _UserInfo


class _Self(msgspec.Struct):
    status: _SelfStatus


class _Meta(msgspec.Struct):
    name: str


class _Namespace(msgspec.Struct):
    metadata: _Meta


class _Namespaces(msgspec.Struct):
    items: list[_Namespace] | None = None


class _Claims(msgspec.Struct):
    sub: str = ""


class Rights:
    """Reviews of one connection."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._known: dict[Right, tuple[float, bool]] = {}
        self._rules: dict[str, tuple[float, asyncio.Task[_Rules]]] = {}

    def forget(self) -> None:
        """Ask again: something was granted or taken away."""
        self._known.clear()
        self._rules.clear()

    async def can(self, right: Right) -> bool:
        """Whether the server grants `right` (`pods/eviction` names a subresource); kept for 30 s."""
        known = self._known.get(right)
        if known is not None and self._clock.monotonic() - known[0] < _KEPT:
            return known[1]
        resource, _, subresource = right.resource.partition("/")
        attributes = {
            "verb": right.verb,
            "group": right.group,
            "resource": resource,
            "subresource": subresource,
            "namespace": right.namespace,
            "name": right.name,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        allowed = (await self._ask(path, review, _Access)).status.allowed
        self._known[right] = (self._clock.monotonic(), allowed)
        return allowed

    async def missing(self, rights: Sequence[Right]) -> tuple[Right, ...]:
        """Those of `rights` that are not granted, in their order."""
        granted = await asyncio.gather(*(self.can(right) for right in rights), return_exceptions=True)
        for answer in granted:  # all have ended: none goes on with a connection that is closed meanwhile
            if isinstance(answer, BaseException):
                raise answer
        return tuple(right for right, has in zip(rights, granted, strict=True) if not has)

    async def readable_namespaces(self, selection: Selection, candidates: Sequence[str]) -> list[str]:
        """The namespaces in which `selection` may be listed: `candidates` first, then all others that we can see."""
        names = dict.fromkeys(name for name in candidates if name)
        try:
            answer = await self._connection.request("GET", "/api/v1/namespaces", params={"limit": "500"})
            known = _read(answer.body, _Namespaces, "/api/v1/namespaces").items or []
            names |= dict.fromkeys(sorted(one.metadata.name for one in known))
        except Forbidden:
            pass
        asked = list(names)[:_MOST_NAMESPACES]
        granted = await asyncio.gather(*(self._lists(selection, name) for name in asked))
        return [name for name, has in zip(asked, granted, strict=True) if has]

    async def _lists(self, selection: Selection, namespace: str) -> bool:
        """Many kinds ask about the same namespaces at once, so its rules are read once for all of them."""
        try:
            rules = await self._rules_of(namespace)
        except (NotFound, Forbidden, Rejected):
            rules = None
        if rules is not None:
            if any(rule.grants("list", selection.group, selection.plural) for rule in rules.resource_rules or []):
                return True
            if not rules.incomplete:
                return False
        return await self.can(Right("list", selection.plural, selection.group, namespace))

    async def _rules_of(self, namespace: str) -> _Rules:
        now = self._clock.monotonic()
        known = self._rules.get(namespace)
        if known is None or now - known[0] >= _KEPT or (known[1].done() and _failed(known[1])):
            known = self._rules[namespace] = (now, asyncio.create_task(self._review_rules(namespace)))
        return await asyncio.shield(known[1])

    async def _review_rules(self, namespace: str) -> _Rules:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        return (await self._ask(path, review, _RulesAnswer)).status

    async def whoami(self) -> Identity:
        """Who the server says we are; where it does not say (before 1.28), what our credentials say."""
        for version in ("v1", "v1beta1"):
            review = {"apiVersion": f"authentication.k8s.io/{version}", "kind": "SelfSubjectReview"}
            path = f"/apis/authentication.k8s.io/{version}/selfsubjectreviews"
            try:
                found = (await self._ask(path, review, _Self)).status.user_info
            except (NotFound, Forbidden, Rejected):
                continue
            return Identity(clean(found.username, 253), tuple(clean(group, 253) for group in found.groups or ()))
        return Identity(await self._own_word(), certain=False)

    async def _own_word(self) -> str:
        user = self._connection.context.user
        if user.impersonation.user:
            return user.impersonation.user
        if user.certificate:
            return common_name(user.certificate) or user.name
        credentials = self._connection.credentials
        headers: Mapping[str, str] = await credentials.headers() if credentials else {}
        return user.username or _subject(headers.get("Authorization", "")) or user.name

    async def _ask(self, path: str, review: object, form: type[T]) -> T:
        answer = await self._connection.request(
            "POST", path, content=msgspec.json.encode(review), headers={"Content-Type": "application/json"}
        )
        return _read(answer.body, form, path)


def _failed(task: asyncio.Task[_Rules]) -> bool:
    return task.cancelled() or task.exception() is not None


def _named(word: str, words: list[str] | None) -> bool:
    return words is not None and (word in words or "*" in words)


def _read(body: bytes, form: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"the answer does not have the form of the API: {error}", where=path) from error


def _subject(authorization: str) -> str:
    """The `sub` of a token that says it; nothing is verified, it is our own token."""
    parts = authorization.removeprefix("Bearer ").split(".")
    if len(parts) != 3:  # noqa: PLR2004 (a JWT has three)
        return ""
    try:
        text = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return clean(msgspec.json.decode(text, type=_Claims).sub, 253)
    except (binascii.Error, ValueError):
        return ""


def common_name(certificate: bytes) -> str:
    """The common name in a PEM certificate, which is the user's name for Kubernetes; "" where it cannot be read."""
    try:
        der = ssl.PEM_cert_to_DER_cert(certificate.decode("ascii"))
        signed = _parts(_parts(der)[0][1])[0][1]
        fields = [content for tag, content in _parts(signed) if tag != _VERSION]
        subject = fields[4]  # serial, algorithm, issuer, validity, subject
        for _, group in _parts(subject):
            oid, value = _parts(_parts(group)[0][1])[:2]
            if oid[1] == _COMMON_NAME:
                return clean(value[1].decode("utf-8", "replace"), 253)
    except (ValueError, IndexError):
        pass
    return ""


def _parts(der: bytes) -> list[tuple[int, bytes]]:
    """The (tag, content) pairs that follow each other in `der`."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            width = length & 0x7F
            length, at = int.from_bytes(der[at : at + width], "big"), at + width
        found.append((tag, der[at : at + length]))
        at += length
    return found
