"""References from panes to what does I/O: named here, imported when they are used."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from console.plugin import Act, Deferred, LogQuery

_CLIENT = "plugins.kubernetes.client"


def run(name: str) -> Callable[[Act, Any], Awaitable[str]]:
    """An action's code, `client/acts.py`."""

    async def call(act: Act, row: Any) -> str:
        code: Any = Deferred[Any](f"{_CLIENT}.acts:{name}").load()
        return await code(act, row)

    return call


def ask(target: str) -> Callable[..., Awaitable[Any]]:
    """Any other asynchronous function of the client, by `module:name`."""

    async def call(*arguments: Any) -> Any:
        code: Any = Deferred[Any](f"{_CLIENT}.{target}").load()
        return await code(*arguments)

    return call


def stream(target: str) -> Callable[[Any, Any, LogQuery], AsyncIterator[str]]:
    """An asynchronous generator of the client."""

    async def call(client: Any, row: Any, query: LogQuery) -> AsyncIterator[str]:
        code: Any = Deferred[Any](f"{_CLIENT}.{target}").load()
        async for line in code(client, row, query):
            yield line

    return call
