"""What all answers of the management API share: numbers that may be absent, words instead of them, foreign text.

The API leaves a field out, writes null, an empty text or a word (`unknown`, `undefined`) where it has no value, and
which of them depends on the version. Here all of them are None: unknown, never zero.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import cast

import msgspec

from console.text import clean

Number = float | int | str | None
"""A number as it may come."""
Names = list[str] | str | None
"""A list of names as it may come: older versions write an empty text for none."""
_POOL_LIMIT = 20_000
_words: dict[str, str] = {}


class Wire(msgspec.Struct, frozen=True, gc=False):
    """Base of wire structs: unknown fields are skipped while decoding."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """Base of rows: flat and immutable."""


class RateWire(Wire, frozen=True, gc=False):
    """`X_details`."""

    rate: Number = None


def number(value: Number) -> float | None:
    """The number, or None where it is not one."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Number) -> int | None:
    """The whole number, or None."""
    found = number(value)
    return None if found is None else int(found)


def rate(details: RateWire | None) -> float | None:
    """Messages a second, or None where no rates are kept."""
    return None if details is None else number(details.rate)


def word(text: str | None) -> str:
    """A short foreign text that many rows share: cleaned; equal ones are one."""
    if not text or text == "undefined":
        return ""
    known = _words.get(text)
    if known is None:
        if len(_words) >= _POOL_LIMIT:
            _words.clear()
        known = _words[text] = sys.intern(clean(text, 255))
    return known


def line(text: object, limit: int = 512) -> str:
    """Any foreign value as one cleaned line."""
    if not text:
        return ""
    plain = text if isinstance(text, str) else str(text)
    return plain if plain.isprintable() and len(plain) <= limit else clean(plain, limit)


def names(listed: Names) -> tuple[str, ...]:
    """Cleaned names in order."""
    return tuple(sorted(map(word, listed))) if isinstance(listed, list) else ()


def pairs(mapping: object) -> tuple[tuple[str, str], ...]:
    """Arguments or a definition as cleaned pairs in key order."""
    if not isinstance(mapping, dict):
        return ()
    known = cast("Mapping[str, object]", mapping)
    return tuple(sorted((line(key, 255), _shown(value)) for key, value in known.items()))


def _shown(value: object) -> str:
    return line(value) if isinstance(value, str) else clean(msgspec.json.encode(value).decode("utf-8", "replace"), 512)
