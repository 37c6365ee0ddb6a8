"""The local copy of a run's journal, for reading only: a run is never resumed from it, for others may know better.

Owns the file (0600, replaced in one piece, synced to disk). Refuses to slow a run down: only the newest text counts, it
is written in a thread, and a disk that fails is noted and otherwise ignored.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


class Mirror:
    """Mirrors one run's journal to `directory/RUN.jsonl`."""

    def __init__(self, directory: Path, run: str) -> None:
        self.path = directory / f"{run}.jsonl"
        self.error = ""
        self._newest: str | None = None
        self._writer: asyncio.Task[None] | None = None

    def offer(self, text: str) -> None:
        """Write `text` soon, unless a newer one comes first."""
        self._newest = text
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_newest())

    async def aclose(self) -> None:
        """Wait until the newest text is on disk."""
        if self._writer is not None:
            await self._writer

    async def _write_newest(self) -> None:
        while self._newest is not None:
            text, self._newest = self._newest, None
            try:
                await asyncio.to_thread(_replace, self.path, text)
            except OSError as error:
                self.error = f"{self.path}: {error.strerror or error}"


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
