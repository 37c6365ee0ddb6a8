"""Values of the program with something changed, whichever way their type was declared."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterable
from typing import Any, TypeVar, cast

import msgspec

from console.plugin import Poll

T = TypeVar("T")


async def fetched(source: Poll[Any], client: Any) -> list[Any]:
    """What one round of a poll gives, whether it comes at once or page after page."""
    answer = source.fetch(client)
    if isinstance(answer, AsyncIterable):
        return [row async for page in answer for row in page]
    return list(await answer)


def replace(value: T, **changes: Any) -> T:
    """A copy of `value` with these fields."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **changes)
    made: T = dataclasses.replace(cast("Any", value), **changes)
    return made
