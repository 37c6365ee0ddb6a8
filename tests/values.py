"""Values of the program with something changed, whichever way their type was declared."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")


def replace(value: T, **changes: Any) -> T:
    """A copy of `value` with these fields."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **changes)
    made: T = dataclasses.replace(cast("Any", value), **changes)
    return made
