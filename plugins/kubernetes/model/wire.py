"""The parts that all kinds share on the wire, decoded by msgspec straight from the server's bytes.

Wire structs name only the fields that rows are made of; everything else is skipped while decoding. They live for the
moment of one page and are never kept. Foreign text is cleaned when a row is made of them (`word`, `line`).
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from console.text import clean

Pairs = tuple[tuple[str, str], ...]
_POOL_LIMIT = 20_000
_pairs: dict[Pairs, Pairs] = {}
NOTHING = msgspec.Raw(b"")
"""What a field that is left as it came holds where it was not sent."""
WORDS: dict[str, str] = {}
"""Cleaned words by how they came; only `word` writes it, and what is called for every pod looks here first."""


class Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of wire structs: camelCase names, unknown fields skipped."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """Base of rows: flat, immutable, not tracked by the garbage collector (no cycle can be built of them)."""


class OwnerReference(Wire, frozen=True, gc=False):
    """metav1.OwnerReference."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Identity(Wire, frozen=True, gc=False):
    """metav1.ObjectMeta, what each object has of its own."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime.datetime | None = None
    deletion_timestamp: datetime.datetime | None = None
    deletion_grace_period_seconds: int | None = None
    finalizers: tuple[str, ...] | None = None


class Meta(Identity, frozen=True, gc=False):
    """metav1.ObjectMeta, without managed fields and annotations."""

    labels: dict[str, str] | None = None
    owner_references: tuple[OwnerReference, ...] | None = None


class NamedWire(Wire, frozen=True, gc=False):
    """Any object of which only the name matters."""

    metadata: Meta


class MetaAnnotated(Meta, frozen=True, gc=False):
    """ObjectMeta of kinds whose annotations matter (nodes, workloads): few objects, so memory is no concern."""

    annotations: dict[str, str] | None = None


class Condition(Wire, frozen=True, gc=False):
    """A condition of any kind."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: datetime.datetime | None = None


class ObjectReference(Wire, frozen=True, gc=False):
    """corev1.ObjectReference."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


def word(text: str | None) -> str:
    """A short foreign text that many rows share (names of namespaces, nodes, reasons): cleaned; equal ones are one."""
    if not text:
        return ""
    known = WORDS.get(text)
    if known is None:
        if len(WORDS) >= _POOL_LIMIT:
            WORDS.clear()
        known = WORDS[text] = sys.intern(clean(text, 253))
    return known


def line(text: str | None, limit: int = 512) -> str:
    """A foreign text of its own (names, messages): cleaned, cut to `limit` characters."""
    if not text:
        return ""
    return text if text.isprintable() and len(text) <= limit else clean(text, limit)


def pairs(mapping: Mapping[str, str] | None) -> Pairs:
    """Labels or annotations as cleaned pairs in key order; equal ones are one object."""
    if not mapping:
        return ()
    raw = tuple(mapping.items())
    known = _pairs.get(raw)
    if known is None:
        known = tuple(sorted((word(key), word(value)) for key, value in raw))
        if len(_pairs) >= _POOL_LIMIT:
            _pairs.clear()
        _pairs[raw] = known
    return known


def epoch(moment: datetime.datetime | None) -> float | None:
    """Epoch seconds of a time stamp of the API."""
    return None if moment is None else moment.timestamp()


def controller(owners: Sequence[OwnerReference] | None) -> OwnerReference | None:
    """The one among its owners that controls the object, if any."""
    if not owners:
        return None
    if owners[0].controller:
        return owners[0]
    return next((owner for owner in owners if owner.controller), None)


def condition(conditions: Iterable[Condition] | None, kind: str) -> Condition | None:
    """The condition of this type."""
    return next((c for c in conditions or () if c.type == kind), None)


def key_of(namespace: str, name: str) -> str:
    """The key of a row: `namespace/name`, or the name where there is no namespace."""
    return f"{namespace}/{name}" if namespace else name
