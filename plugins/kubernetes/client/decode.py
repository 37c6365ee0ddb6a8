"""List pages and watch lines, straight from bytes into slim typed objects.

Generic over a msgspec Struct that names only the fields that are wanted; everything else is skipped in C. One malformed
object is marked and never costs the page. An answer that is not what the API promises raises BadAnswer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from console.errors import BadAnswer
from console.text import clean
from plugins.kubernetes.client.answers import Status

S = TypeVar("S", bound=msgspec.Struct)
_ENDED = "k8s.io/initial-events-end"
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class ListMeta(msgspec.Struct, frozen=True, gc=False):
    """Position of a list: the version to watch from, and the token of the next page."""

    resourceVersion: str | None = None  # noqa: N815 (the API's own spelling)
    next: str | None = msgspec.field(name="continue", default=None)


class _Items(msgspec.Struct, Generic[S]):
    kind: str
    metadata: ListMeta
    items: list[S] | None = None


class _RawItems(msgspec.Struct):
    kind: str
    metadata: ListMeta
    items: list[msgspec.Raw] | None = None


class _Meta(msgspec.Struct, gc=False):
    name: str | None = None
    namespace: str | None = None
    resourceVersion: str | None = None  # noqa: N815 (the API's own spelling)
    annotations: dict[str, str] | None = None


class _Object(msgspec.Struct, gc=False):
    metadata: _Meta | None = None


class _Event(msgspec.Struct, Generic[S]):
    type: str
    object: S


class _RawEvent(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Position(msgspec.Struct):
    object: _Object


class Broken(Struct, frozen=True):
    """An object that does not have the promised form; `name` is `namespace/name` as far as it can be read."""

    name: str
    reason: str


class Page(Struct, Generic[S], frozen=True):
    """One page of a list. `version` is where a watch goes on, `next` the token of the next page ("" at the last)."""

    items: list[S]
    version: str
    next: str
    broken: tuple[Broken, ...] = ()

    def parts(self, size: int = 125) -> Iterator[Page[S]]:
        """The same in parts of `size` objects: making rows of them takes as long as decoding did."""
        if len(self.items) <= size:
            yield self
            return
        for start in range(0, len(self.items), size):
            yield Page(self.items[start : start + size], self.version, self.next, () if start else self.broken)


class Change(Struct, Generic[S], frozen=True):
    """ADDED, MODIFIED or DELETED."""

    type: str
    object: S


class BrokenChange(Struct, frozen=True):
    """A change of an object that cannot be read."""

    type: str
    broken: Broken


class Bookmark(Struct, frozen=True):
    """Nothing changed up to `version`; `ended`: all initial events were sent."""

    version: str
    ended: bool


class Fault(Struct, frozen=True):
    """The server ends the watch with a Status."""

    status: Status


_RAW_ITEMS = msgspec.json.Decoder(_RawItems)
_RAW_EVENT = msgspec.json.Decoder(_RawEvent)
_OBJECT = msgspec.json.Decoder(_Object)
_POSITION = msgspec.json.Decoder(_Position)
_STATUS = msgspec.json.Decoder(Status)


class Decoder(Generic[S]):
    """Pages and watch lines of one kind; make one a follow, it is not cheap to use first."""

    def __init__(self, item: type[S]) -> None:
        self._kind = item

    # Each when it is first needed: making one costs 1 ms of the loop's time, and a start opens a dozen lists at once.

    @cached_property
    def _items(self) -> msgspec.json.Decoder[_Items[S]]:
        return msgspec.json.Decoder(_Items[self._kind])

    @cached_property
    def _event(self) -> msgspec.json.Decoder[_Event[S]]:
        return msgspec.json.Decoder(_Event[self._kind])

    @cached_property
    def _item(self) -> msgspec.json.Decoder[S]:
        return msgspec.json.Decoder(self._kind)

    def page(self, body: bytes, where: str = "") -> Page[S]:
        """A whole page; raises BadAnswer where it is not a list at all."""
        try:
            page = self._items.decode(body)
        except msgspec.ValidationError:
            return self._mended(body, where)
        except _FAULTS as error:
            raise _bad(error, body, where) from error
        return Page(page.items or [], _checked(page.kind, page.metadata, where), page.metadata.next or "")

    def split(self, body: bytes, where: str = "", *, size: int = 200) -> Iterator[Page[S]]:
        """A page in parts of `size` objects, for answers so large that decoding them at once would be felt."""
        raw = _raw_items(body, where)
        version, following = _checked(raw.kind, raw.metadata, where), raw.metadata.next or ""
        items = raw.items or []
        for start in range(0, max(len(items), 1), size):
            good, broken = self._each(items[start : start + size])
            yield Page(good, version, following, tuple(broken))

    def event(self, line: bytes, where: str = "") -> Change[S] | BrokenChange | Bookmark | Fault:
        """One line of a watch; raises BadAnswer where it is not an event."""
        try:
            event = self._event.decode(line)
            if event.type in _CHANGES:
                return Change(event.type, event.object)
        except msgspec.ValidationError:
            pass  # a bookmark or a Status has another form than the item, and so has a malformed one
        except _FAULTS as error:
            raise _bad(error, line, where) from error
        return self._other(line, where)

    def _other(self, line: bytes, where: str) -> Change[S] | BrokenChange | Bookmark | Fault:
        try:
            event = _RAW_EVENT.decode(line)
            if event.type == "BOOKMARK":
                meta = _OBJECT.decode(event.object).metadata or _Meta()
                return Bookmark(meta.resourceVersion or "", (meta.annotations or {}).get(_ENDED) == "true")
            if event.type == "ERROR":
                return Fault(_STATUS.decode(event.object))
        except _FAULTS as error:
            raise _bad(error, line, where) from error
        if event.type not in _CHANGES:
            raise BadAnswer(f"a watch sent an event of type {clean(event.type, 40)!r}", where=where)
        good, broken = self._each([event.object])
        return Change(event.type, good[0]) if good else BrokenChange(event.type, broken[0])

    def _mended(self, body: bytes, where: str) -> Page[S]:
        """Find the objects that spoil the page, and keep the others."""
        raw = _raw_items(body, where)
        good, broken = self._each(raw.items or [])
        return Page(good, _checked(raw.kind, raw.metadata, where), raw.metadata.next or "", tuple(broken))

    def _each(self, items: list[msgspec.Raw]) -> tuple[list[S], list[Broken]]:
        good: list[S] = []
        broken: list[Broken] = []
        for item in items:
            try:
                good.append(self._item.decode(item))
            except _FAULTS as error:
                broken.append(Broken(_name_of(item), clean(str(error), 200)))
        return good, broken


def version_of(line: bytes) -> str:
    """The resourceVersion of an event's object; "" where there is none."""
    try:
        meta = _POSITION.decode(line).object.metadata
    except _FAULTS:
        return ""
    return (meta.resourceVersion or "") if meta else ""


def _raw_items(body: bytes, where: str) -> _RawItems:
    try:
        return _RAW_ITEMS.decode(body)
    except _FAULTS as error:
        raise _bad(error, body, where) from error


def _checked(kind: str, meta: ListMeta, where: str) -> str:
    """An object that merely decodes must not pass for an empty list: it would wipe every row."""
    if not kind.endswith("List"):
        raise BadAnswer(f"the answer is no list but a {clean(kind, 40) or 'nameless thing'}", where=where)
    return meta.resourceVersion or ""  # what is computed for each answer (metrics) has none, and cannot be watched


def _name_of(item: msgspec.Raw) -> str:
    try:
        meta = _OBJECT.decode(item).metadata or _Meta()
    except _FAULTS:
        return "?"
    return clean("/".join(part for part in (meta.namespace, meta.name) if part) or "?", 253)


def _bad(error: Exception, body: bytes, where: str) -> BadAnswer:
    text = clean(str(error), 200)
    if not body.strip():
        return BadAnswer("the answer is empty", where=where)
    if isinstance(error, msgspec.ValidationError):
        return BadAnswer(f"the answer does not have the form of the Kubernetes API: {text}", where=where)
    what = "ends in the middle" if "truncated" in text else f"is not JSON ({text})"
    return BadAnswer(f"the answer {what}", where=where)
