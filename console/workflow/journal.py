"""The journal of a run: one shared object, written by compare-and-swap, with a local mirror for reading only.

Owns numbering, fencing, size, and what a person may append from outside. Refuses to write under a fencing number that
is no longer the newest, and to read a newer schema.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from console.clock import Clock
from console.errors import Conflict, ConsoleError, NotFound, Refused, Rejected, SourceError
from console.offers import JournalStore, Stored
from console.text import clean
from console.workflow.codec import Entry, decode, encode, header
from console.workflow.compaction import compact
from console.workflow.events import Aborted, Answered, Choice, Claimed, Continued, Fact, Paused, Waiting
from console.workflow.mirror import Mirror
from console.workflow.state import State, fold

LIMIT = 900_000
"""Most bytes of one journal; a ConfigMap holds 1 MiB."""
_COMPACT_AT = 0.8
_SENTENCE = 400
_RETRY = (0.2, 0.5, 1.0, 2.0, 5.0)


class Fenced(ConsoleError):
    """Another runner has taken this run over: this one may write nothing more."""


@dataclass(frozen=True, slots=True)
class Page:
    """A journal as it was read: its facts in order, and the version that the next write must name."""

    run: str
    entries: tuple[Entry, ...]
    stored: Stored

    @property
    def state(self) -> State:
        return fold(entry.fact for entry in self.entries)

    @property
    def fencing(self) -> int:
        """The newest fencing number that claimed this run."""
        return max((entry.fact.fencing for entry in self.entries if isinstance(entry.fact, Claimed)), default=0)

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.entries[-1].number if self.entries else 0


def page(stored: Stored) -> Page:
    """Decode one stored journal. Raises Refused (newer schema) or BadAnswer."""
    return Page(stored.run, decode(stored.text), stored)


class Lines:
    """The written form of entries, kept: a journal is written whole, many times, and only its end is new."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Entry, str]] = {}

    def text(self, run: str, entries: Iterable[Entry]) -> str:
        """The written form of a journal."""
        return "\n".join([header(run), *(self._line(entry) for entry in entries)]) + "\n"

    def _line(self, entry: Entry) -> str:
        kept = self._kept.get(entry.number)
        if kept is None or kept[0] is not entry:  # after a lost race another fact may have this number
            kept = self._kept[entry.number] = (entry, encode(entry))
        return kept[1]


def text_of(run: str, entries: Iterable[Entry]) -> str:
    """The written form of a journal."""
    return Lines().text(run, entries)


def fit(run: str, entries: Sequence[Entry], lines: Lines | None = None) -> tuple[Sequence[Entry], str]:
    """The entries, compacted where they are large, and their text.

    Raises Refused when even so they are too large for one object.
    """
    lines = lines or Lines()
    text = lines.text(run, entries)
    if len(text.encode()) <= LIMIT * _COMPACT_AT:
        return entries, text
    entries = compact(entries)
    text = lines.text(run, entries)
    size = len(text.encode())
    if size > LIMIT:
        raise Refused(
            f"the journal of run {run} would take {size} bytes, at most {LIMIT} fit", next_step="end this run"
        )
    return entries, text


async def create(store: JournalStore, run: str, fact: Fact) -> Page:
    """Begin a journal with its first fact. Raises Conflict where the run exists."""
    return page(await store.create(run, fit(run, [Entry(1, 0, fact)])[1]))


async def append(store: JournalStore, run: str, fact: Fact) -> Page:
    """Append a person's fact (answer, pause, continue, abort) from any process.

    No lease is needed, for no act follows from it but by the runner. Raises NotFound, or Refused where the run's state
    does not allow it.
    """
    for _ in range(20):
        current = page(await store.read(run))
        refuse(current.state, fact)
        _, text = fit(run, [*current.entries, *_numbered(current.entries, 0, [fact])])
        with contextlib.suppress(Conflict):
            return page(await store.write(current.stored, text))
    raise Conflict(f"the journal of run {run} changed at each of 20 tries", next_step="try again")


def refuse(state: State, fact: Fact) -> None:
    """Raise Refused where a person's fact makes no sense now."""
    if state.end is not None:
        raise Refused(f"the run has ended ({state.end.value})")
    if isinstance(fact, Answered):
        waits = fact.choice is Choice.SKIP and state.may_skip(fact.step)
        if fact.step not in state.asked and not waits:
            raise Refused(f"step {fact.step} asks nothing", next_step=f"asked: {', '.join(state.asked) or 'nothing'}")
        if fact.choice is Choice.SKIP and not fact.reason.strip():
            raise Refused("a skipped step needs a reason, for whoever reads the report")
    elif not isinstance(fact, Paused | Continued | Aborted):
        raise Refused("only answers, pause, continue and abort are appended from outside")
    elif state.aborted:
        raise Refused(f"the run was aborted by {state.aborted}")
    elif isinstance(fact, Paused) and state.paused:
        raise Refused(f"the run is paused by {state.paused}")
    elif isinstance(fact, Continued) and not state.paused:
        raise Refused("the run is not paused")


def _numbered(before: Sequence[Entry], fencing: int, facts: Sequence[Fact]) -> list[Entry]:
    first = (before[-1].number if before else 0) + 1
    return [Entry(first + offset, fencing, fact) for offset, fact in enumerate(facts)]


def _mark(fact: Fact) -> tuple[type[Fact], float, str]:
    """What tells our facts apart."""
    return type(fact), fact.at, getattr(fact, "step", "")


class Journal:
    """The journal as the runner writes it.

    `heard` gets every fact exactly once and in journal order, also those that others appended. While the store does not
    answer, a write is tried again for ever and `stalled` says why; only Fenced, Refused and cancellation end that.
    """

    def __init__(
        self,
        store: JournalStore,
        run: str,
        heard: Callable[[Sequence[Fact]], None],
        *,
        clock: Clock,
        mirror: Mirror | None = None,
    ) -> None:
        self.run = run
        self.fencing = 0
        self.stalled = ""
        self._store = store
        self._clock = clock
        self._heard = heard
        self._mirror = mirror
        self._page: Page | None = None
        self._lines = Lines()
        self._lock = asyncio.Lock()

    async def open(self) -> State:
        """Read the journal and return the state as of now; `heard` gets only what comes later."""
        self._page = page(await self._store.read(self.run))
        self._reflect(self._page)
        return self._page.state

    async def claim(self, fencing: int, holder: str) -> State:
        """Take the run over; its state before that. Nothing is written where it has ended meanwhile.

        Raises Fenced unless `fencing` is newer than the journal's.
        """
        await self.look()
        current = await self._current()
        state = current.state
        if state.end is not None:
            return state
        if fencing <= current.fencing:
            raise Fenced(f"run {self.run} is at fencing number {current.fencing}, {fencing} is not newer")
        self.fencing = fencing
        await self.write([Claimed(at=self._clock.now(), fencing=fencing, holder=holder)])
        return state

    async def write(self, facts: Sequence[Fact]) -> None:
        """Write facts, in this order and in one piece. Raises Fenced or Refused; then nothing of them was written."""
        async with self._lock:
            tries = 0
            while not await self._swapped(facts):
                if self.stalled:
                    await self._clock.sleep(_RETRY[min(tries, len(_RETRY) - 1)])
                    tries += 1
            self.stalled = ""

    async def look(self) -> None:
        """Read what others appended. Raises SourceError when the store does not answer."""
        async with self._lock:
            self._take(page(await self._store.read(self.run)))

    def note(self, *facts: Fact) -> None:
        """Show facts in the mirror that the journal cannot take now. They are nowhere else, and nothing follows."""
        if self._mirror is None or self._page is None:
            return
        entries = [*self._page.entries, *_numbered(self._page.entries, self.fencing, facts)]
        self._mirror.offer(self._lines.text(self.run, entries))

    async def _current(self) -> Page:
        if self._page is None:
            await self.open()
        assert self._page is not None  # noqa: S101 - open has set it
        return self._page

    async def _swapped(self, facts: Sequence[Fact]) -> bool:
        """One try. False: somebody was quicker, or the store gave no answer (then `stalled` says so)."""
        current = await self._current()
        if current.fencing > self.fencing:
            newest = current.fencing
            raise Fenced(f"run {self.run} was taken over under fencing number {newest}, ours is {self.fencing}")
        longer = [*current.entries, *_numbered(current.entries, self.fencing, facts)]
        entries, text = fit(self.run, longer, self._lines)
        try:
            stored = await self._store.write(current.stored, text)
        except Conflict:
            return await self._caught_up(facts)
        except (Rejected, NotFound):
            raise
        except SourceError as error:
            if not self.stalled:
                why = clean(f"the platform does not answer: {error}", _SENTENCE)
                self.note(*facts, Waiting(self._clock.now(), "", why))
            self.stalled = str(error)
            return False
        self._take(Page(self.run, tuple(entries), stored))
        return True

    async def _caught_up(self, facts: Sequence[Fact]) -> bool:
        """Read the newer version. True where it ends with our facts: the write went through and its answer was lost.

        Nobody else writes under our fencing number. What we wrote before may be new here too: its write was given up.
        """
        last = (await self._current()).last
        try:
            self._take(page(await self._store.read(self.run)))
        except SourceError as error:
            self.stalled = str(error)
            return False
        entries = (await self._current()).entries
        written = {_mark(each.fact) for each in entries if each.number > last and each.fencing == self.fencing}
        return all(_mark(fact) in written for fact in facts)

    def _take(self, new: Page) -> None:
        last = self._page.last if self._page else 0
        self._page = new
        self._reflect(new)
        fresh = [entry.fact for entry in new.entries if entry.number > last]
        if fresh:
            self._heard(fresh)

    def _reflect(self, new: Page) -> None:
        if self._mirror is not None:
            self._mirror.offer(new.stored.text)
