"""The five names that httpcore takes from anyio, made of asyncio's own: locks, events, a deadline.

anyio serves other event loops too; its import takes as long as that of all other HTTP (measured: 45 ms of the way to
the first rows). Whoever else imports anyio gets the real one.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Coroutine
from types import ModuleType, TracebackType
from typing import Any

Lock = asyncio.Lock
Event = asyncio.Event
_BACKEND = "httpcore._backends.anyio"
"""Connections over anyio's streams: ours are others (`sockets`). A proxy that needs them imports them when it does."""


def Semaphore(*, initial_value: int, max_value: int | None = None) -> asyncio.Semaphore:  # noqa: N802 - anyio's name
    """A semaphore that does not count beyond what it began with."""
    assert max_value in {None, initial_value}  # noqa: S101 - all that httpcore asks for
    return asyncio.BoundedSemaphore(initial_value)


class CancelScope:
    """Nothing to do: anyio's shield keeps off anyio's own scopes only, never a task that asyncio cancels."""

    def __init__(self, *, shield: bool) -> None:
        assert shield  # noqa: S101 - all that httpcore asks for

    def __enter__(self) -> None:
        """Nothing begins."""

    def __exit__(self, *_: object) -> None:
        """Nothing ends."""


class fail_after:  # noqa: N801 - anyio's name
    """A deadline in seconds, None for none; `with`, not `async with`. Raises TimeoutError."""

    def __init__(self, delay: float | None) -> None:
        self._timeout = asyncio.timeout(delay)

    def __enter__(self) -> None:
        _at_once(self._timeout.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return _at_once(self._timeout.__aexit__(kind, error, trace))


def _at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("asyncio's timeout waits when it begins or ends")


def bring() -> None:
    """Import httpcore on this module in place of anyio, which stays as it is for everybody else."""
    lent: dict[str, ModuleType | None] = {}
    if "anyio" not in sys.modules:
        lent = {"anyio": sys.modules[__name__], _BACKEND: None}
    sys.modules.update(lent)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # "known to be missing"
    try:
        vars(importlib.import_module("httpcore._synchronization"))["anyio"] = sys.modules[__name__]
    except ModuleNotFoundError:  # an httpcore of another shape gets what it asks for
        return
    finally:
        for name in lent:
            sys.modules.pop(name, None)


def __getattr__(name: str) -> Any:
    """Whatever another httpcore takes from anyio is anyio's."""
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module("anyio"), name)
