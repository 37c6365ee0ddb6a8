"""A run told to people: its report with what was before and after, and the note for the next shift. It only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.workflow import journal
from console.workflow.note import as_text
from console.workflow.proof import Seen, compared, seen
from console.workflow.report import as_markdown

if TYPE_CHECKING:
    from console.offers import JournalStore
    from console.runtime import Runtime


async def report(runtime: Runtime, name: str) -> str:
    """The report of a run as Markdown. Raises NotFound, or Refused for a journal of a newer console."""
    store: JournalStore = await runtime.offer(lambda offers: offers.journal)
    page = journal.page(await store.read(name))
    this, others = seen(name, page.entries), await history(store)
    now = runtime.clock.now()
    if this is None:
        raise ConsoleError(f"run {name} has no plan in its journal: there is nothing to report")
    return as_markdown(name, page.entries, compared(this, others), now=now)


async def history(store: JournalStore) -> list[Seen]:
    """All runs whose journals can be read; those of a newer console are left out."""
    found: list[Seen] = []
    for stored in await store.list():
        try:
            run = seen(stored.run, journal.page(stored).entries)
        except ConsoleError:
            continue
        if run is not None:
            found.append(run)
    return found


async def note(runtime: Runtime, name: str) -> str:
    """The hand-over note of a run, for the next shift. Raises NotFound, or Refused for a newer console's journal."""
    store: JournalStore = await runtime.offer(lambda offers: offers.journal)
    page = journal.page(await store.read(name))
    return as_text(name, page.entries, now=runtime.clock.now())
