"""A run told to people: its report with what was before and after, and the note for the next shift. It only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.runs import kind_of
from console.workflow import journal
from console.workflow.note import as_text
from console.workflow.proof import Seen, compared, seen
from console.workflow.report import as_markdown
from console.workflow.state import State, Status

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
    return as_markdown(name, page.entries, compared(this, others), now=now, left=left(runtime, name, page.state))


def left(runtime: Runtime, name: str, state: State) -> list[str]:
    """What a run that has ended left behind, one sentence each with the command that removes it."""
    if state.end is None:
        return []
    done = frozenset(step for step, its in state.steps.items() if its.status is Status.DONE)
    found: list[str] = []
    for step, its in state.steps.items():
        kind = kind_of(runtime, state.step(step))
        if kind is not None and kind.leaves is not None and its.attempt and its.status is not Status.UNDONE:
            found.append(kind.leaves(name, state.step(step), done))
    return [each for each in found if each]


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
    return as_text(name, page.entries, now=runtime.clock.now(), left=left(runtime, name, page.state))
