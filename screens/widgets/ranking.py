"""Sort keys from typed values: any two compare, None comes last either way, digits in text count as numbers. Pure."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from console.plugin import Sortable

_DIGITS = re.compile(r"[0-9]+")
_NUMBER, _TEXT, _TUPLE, _BROKEN, _NONE = 0, 1, 2, 8, 9
_END = chr(0x10FFFF)
_LONG = 9


class _Mirror(dict[int, str]):
    """For `str.translate`: characters in the opposite order."""

    def __missing__(self, code: int) -> str:
        mirrored = self[code] = chr(0x10FFFE - code)
        return mirrored


_MIRROR = _Mirror()


@lru_cache(maxsize=8192)
def _padded(number: str) -> str:
    digits = number.lstrip("0") or "0"
    return f"{len(digits)}{digits}" if len(digits) < _LONG else f"9{chr(0x100 + min(len(digits), 0x1000))}{digits}"


def natural(text: str) -> str:
    """Text that sorts as people count: `kafka-2` before `kafka-10`."""
    return _DIGITS.sub(lambda found: _padded(found[0]), text)


def graded(value: Sortable, *, descending: bool = False) -> tuple[Any, ...]:
    """A key that compares with every other one; nothing (None, NaN) is last in both directions."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (_NONE,)
    if isinstance(value, (int, float)):
        return (_NUMBER, -value if descending else value)
    if isinstance(value, str):
        text = natural(value)
        return (_TEXT, text.translate(_MIRROR) + _END if descending else text)
    parts = tuple(graded(part, descending=descending) for part in value)
    # A shorter tuple sorts before a longer one that begins like it, and after it when the order is turned round.
    return (_TUPLE, (*parts, (_NONE + 1,)) if descending else parts)


BROKEN: tuple[Any, ...] = (_BROKEN,)
"""The key of a value that could not be had: behind all values, before nothing."""
