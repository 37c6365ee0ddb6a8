"""An answer that several panes share: asked once at a time, and kept for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from console.clock import Clock

T = TypeVar("T")


class Remembered(Generic[T]):
    """`get` gives the answer of at most `keep` seconds ago, or asks. A failure is not kept; all that wait share it."""

    def __init__(self, clock: Clock, keep: float, ask: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._keep = keep
        self._ask = ask
        self._held: tuple[float, T] | None = None
        self._asking: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The answer. Raises what asking raises."""
        if self._held is not None and self._clock.monotonic() - self._held[0] < self._keep:
            return self._held[1]
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._asked())
            self._asking.add_done_callback(_looked_at)
        return await asyncio.shield(self._asking)

    @property
    def last(self) -> T | None:
        """The newest answer however old, None before any."""
        return None if self._held is None else self._held[1]

    def forget(self) -> None:
        """Something was changed: ask next time."""
        self._held = None

    async def _asked(self) -> T:
        try:
            answer = await self._ask()
            self._held = (self._clock.monotonic(), answer)
            return answer
        finally:
            self._asking = None

    async def aclose(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Whoever waited may have gone; its failure is then nobody's."""
    if not task.cancelled():
        task.exception()
