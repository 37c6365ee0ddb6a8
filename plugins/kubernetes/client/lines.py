"""Lines of a stream in batches: what arrived together is handed over together.

The server flushes every event on its own, so a burst comes as thousands of small chunks; a reader of its own takes all
that are there before anybody looks at them. It reads on only while the consumer waits, so a batch stays small.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from console.errors import BadAnswer

_LONGEST = 64 * 1024 * 1024


class LineBatches:
    """`async with LineBatches(chunks, where) as batches:` then `await batches.next()` until it is None."""

    def __init__(self, chunks: AsyncIterator[bytes], where: str, *, longest: int = _LONGEST) -> None:
        self._chunks = chunks
        self._where = where
        self._longest = longest
        self._arrived: list[bytes] = []
        self._tail: list[bytes] = []
        self._tail_size = 0
        self._news = asyncio.Event()
        self._error: Exception | None = None
        self._ended = False
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def next(self, patience: float | None = None) -> list[bytes] | None:
        """The complete lines that came since the last call; None at the end, where half a line is dropped.

        Raises TimeoutError after `patience` seconds without a chunk, and what the stream raised after its last line.
        """
        while True:
            if not self._arrived:
                if self._error is not None:
                    raise self._error
                if self._ended:
                    return None
                self._news.clear()
                async with asyncio.timeout(patience):
                    await self._news.wait()
            lines = self._cut()
            if lines:
                return lines

    def _cut(self) -> list[bytes]:
        chunks, self._arrived = self._arrived, []
        if not chunks:
            return []
        joined = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        end = joined.rfind(b"\n")
        if end < 0:
            self._tail.append(joined)
            self._tail_size += len(joined)
            if self._tail_size > self._longest:
                raise BadAnswer(f"one line is longer than {self._longest} bytes", where=self._where)
            return []
        self._tail.append(joined[:end])
        lines = b"".join(self._tail).split(b"\n")
        self._tail, self._tail_size = [joined[end + 1 :]], len(joined) - end - 1
        return [line for line in lines if line]

    async def _read(self) -> None:
        try:
            async for chunk in self._chunks:
                self._arrived.append(chunk)
                self._news.set()
        except Exception as error:  # noqa: BLE001 (handed to the consumer, after what came before it)
            self._error = error
        self._ended = True
        self._news.set()
