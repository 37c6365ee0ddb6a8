"""What actions do is imported when it is first done: panes stay free of I/O."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

from console.plugin import Act


def run(name: str) -> Callable[[Act, Any], Awaitable[str]]:
    """The function `name` of `plugins.redis.acts`."""

    async def later(act: Act, row: Any) -> str:
        done = getattr(importlib.import_module("plugins.redis.acts"), name)
        return await cast("Callable[[Act, Any], Awaitable[str]]", done)(act, row)

    return later
