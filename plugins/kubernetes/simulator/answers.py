"""What a handler gives back: a whole body, a stream of chunks, or an upgraded connection.

The transport alone knows how these are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from plugins.kubernetes.simulator.status import ApiError, encode

JSON = "application/json"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """A chunked response that ends when its chunks do, or when the client leaves."""

    chunks: AsyncIterator[bytes]
    content_type: str = JSON
    close: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A connection that goes on as something else; the handler owns it until it returns."""

    run: Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


Reply = Answer | Stream | Upgrade


def json_answer(body: Any, status: int = 200) -> Answer:
    """A JSON document."""
    return Answer(status, encode(body) + b"\n")


def error_answer(error: ApiError) -> Answer:
    """A Status with its headers."""
    return Answer(error.code, encode(error.status()) + b"\n", headers=tuple(error.headers()))


def text_answer(text: str, status: int = 200) -> Answer:
    """Plain text, as health endpoints and unknown paths answer."""
    return Answer(status, text.encode(), "text/plain; charset=utf-8")
