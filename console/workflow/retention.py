"""Runs that ended long ago leave the cluster and this host; the next run sees to it.

Owns which may go: only what has ended, and never what cannot be read (a newer console may know better).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from console.errors import ConsoleError, NotFound, SourceError
from console.offers import JournalStore
from console.workflow import journal

KEEP = 90
"""Days for which a run that has ended is kept, unless configured."""
_DAY = 86_400.0


async def sweep(store: JournalStore, *, now: float, days: float = KEEP, mirrors: Path | None = None) -> list[str]:
    """Remove the journals of runs that ended more than `days` ago; their names. Raises SourceError."""
    gone: list[str] = []
    for stored in await store.list():
        try:
            state = journal.page(stored).state
        except ConsoleError:
            continue
        if state.end is None or now - state.ended_at <= days * _DAY:
            continue
        with contextlib.suppress(NotFound):  # another run was quicker
            await store.delete(stored.run)
        gone.append(stored.run)
        if mirrors is not None:
            _forget(mirrors, stored.run)
    return gone


def _forget(mirrors: Path, run: str) -> None:
    for suffix in (".jsonl", ".log"):
        with contextlib.suppress(OSError):
            (mirrors / f"{run}{suffix}").unlink(missing_ok=True)


async def swept(store: JournalStore, *, now: float, days: float, mirrors: Path | None) -> str:
    """The same as a sentence for the log; a store that does not answer is no reason for a run to fail."""
    try:
        gone = await sweep(store, now=now, days=days, mirrors=mirrors)
    except SourceError as error:
        return f"old runs were not looked for: {error}"
    return f"removed {', '.join(gone)}, which ended more than {days:.0f} days ago" if gone else ""
