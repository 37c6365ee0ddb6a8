"""Who may act: our own leases, judged by a clock that nobody sets.

Owns take-over, renewal and the question "how long may I still act". Rules (docs: runs):

- Expiry is judged by this process's monotonic clock since it last saw the record change, never by the holder's stamp.
- A take-over waits for one lease plus the longest act since then, and raises the fencing number.
- What we hold is ours until (monotonic time *before* the renewing request) + duration; an act must end before that.

Refuses to know what a lease protects, and what is done under it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from console.clock import Clock
from console.errors import Conflict, ConsoleError, SourceError
from console.offers import LeaseRecord, LeaseStore

DURATION = 30.0
"""Seconds that a lease lasts without renewal."""
LONGEST_ACT = 15.0
"""Seconds within which every act ends, one way or the other."""
RENEW_EVERY = 8.0
UNTIL_RELEASED = 10 * 365 * 86400.0
"""Duration of a slot: a node is out until somebody brings it back, not until a process dies."""


class LeaseLost(ConsoleError):
    """Somebody else holds what we held: nothing more may be done."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it was last read, and when (monotonic) this process first saw it so."""

    record: LeaseRecord
    at: float


@dataclass(slots=True)
class Held:
    """A lease that is ours, until `good_until` on our monotonic clock."""

    record: LeaseRecord
    good_until: float


class Leases:
    """The leases that one runner takes, renews and gives back. `holder` must be unique to the process."""

    def __init__(
        self,
        store: LeaseStore,
        clock: Clock,
        holder: str,
        *,
        duration: float = DURATION,
        longest_act: float = LONGEST_ACT,
    ) -> None:
        self.holder = holder
        self._store = store
        self._clock = clock
        self._duration = duration
        self._longest_act = longest_act
        self._seen: dict[str, Seen] = {}
        self._held: dict[str, Held] = {}
        self._lost: LeaseLost | None = None

    @property
    def left(self) -> float:
        """Seconds for which everything we hold is surely ours; 0 where we hold nothing or lost something."""
        if self._lost or not self._held:
            return 0.0
        return max(0.0, min(held.good_until for held in self._held.values()) - self._clock.monotonic())

    def holder_of(self, name: str) -> str:
        """Who held `name` when it was last looked at, with their note."""
        seen = self._seen.get(name)
        return f"{seen.record.holder} ({seen.record.note or 'no note'})" if seen else "another runner"

    def fencing(self, name: str) -> int:
        """The fencing number under which we hold `name`. Raises LeaseLost where we do not."""
        if name not in self._held:
            raise self._lost or LeaseLost(f"lease {name} is not held here")
        return self._held[name].record.fencing

    async def acquire(
        self,
        name: str,
        *,
        note: str = "",
        at_least: int = 0,
        beside: Iterable[str] = (),
        waits: Callable[[str], None] = lambda _why: None,
    ) -> int:
        """Take `name`, waiting as long as another holds it; returns the fencing number, at least `at_least`.

        `beside` are leases that will be wanted next: they are watched meanwhile, so that what a dead runner left is
        waited for once and not one after another. `waits` hears why, each time it is looked at. Raises SourceError only
        for what waiting does not heal.
        """
        others = tuple(beside)
        while True:
            patience = await self.take(name, note=note, at_least=at_least)
            if not patience:
                return self.fencing(name)
            for other in others:
                self._patience(other, await self._store.read(other))
            waits(f"{name} is held by {self.holder_of(name)}; free in {patience:.0f} s unless it is renewed")
            await self._clock.sleep(min(patience, 2.0))

    async def take(self, name: str, *, note: str = "", at_least: int = 0) -> float:
        """Try once: 0.0 when it is ours now, else the seconds after which it may be tried for another holder."""
        record = await self._store.read(name)
        before = self._clock.monotonic()
        patience = self._patience(name, record)
        if patience > 0:
            return patience
        fencing = max((record.fencing if record else 0) + 1, at_least)
        wanted = LeaseRecord(
            name=name,
            holder=self.holder,
            fencing=fencing,
            duration=self._duration,
            version=record.version if record else "",
            note=note,
            renewed_at=self._clock.now(),
        )
        try:
            written = await self._store.write(wanted)
        except Conflict:
            return 1.0  # another was quicker; the next look sees whom
        self._held[name] = Held(written, before + self._duration)
        return 0.0

    def _patience(self, name: str, record: LeaseRecord | None) -> float:
        """Seconds until `record` may be taken over, judged by when we last saw it change."""
        now = self._clock.monotonic()
        if record is None or not record.holder or record.holder == self.holder:
            self._seen.pop(name, None)
            return 0.0
        seen = self._seen.get(name)
        if seen is None or seen.record != record:
            seen = self._seen[name] = Seen(record, now)
        return max(0.0, seen.at + record.duration + self._longest_act - now)

    async def renew(self) -> None:
        """Renew all that we hold, once. Raises LeaseLost; SourceError when the store does not answer."""
        if self._lost:
            raise self._lost
        await asyncio.gather(*(self._renew(name) for name in tuple(self._held)))

    async def _renew(self, name: str) -> None:
        held = self._held.get(name)
        if held is None:
            return
        before = self._clock.monotonic()
        try:
            written = await self._store.write(replace(held.record, renewed_at=self._clock.now()))
        except Conflict:
            if name not in self._held:
                return  # given back while this was under way
            written = await self._still_ours(name, held.record)
        if name in self._held:
            self._held[name] = Held(written, before + self._duration)

    async def _still_ours(self, name: str, ours: LeaseRecord) -> LeaseRecord:
        """After a lost race: an answer that we never got, or another holder?"""
        record = await self._store.read(name)
        if record is None or record.holder != self.holder or record.fencing != ours.fencing:
            holder = record.holder if record and record.holder else "nobody"
            self._lost = LeaseLost(
                f"lease {name} is held by {holder} now", next_step="this process stops; the run goes on there"
            )
            raise self._lost
        return await self._store.write(replace(record, renewed_at=self._clock.now()))

    async def keep(self) -> None:
        """Renew for ever; returns only by raising LeaseLost. A store that does not answer is asked again."""
        while True:
            await self._clock.sleep(RENEW_EVERY * self._duration / DURATION)
            while not await self._renewed():
                await self._clock.sleep(1.0)

    async def _renewed(self) -> bool:
        try:
            await self.renew()
        except SourceError:
            return False
        return True

    async def release(self, name: str, *, delete: bool = False) -> None:
        """Give it back so that the next one need not wait; silent where it is no longer ours.

        `delete`: nobody will ever want it again (the lease of a run that has ended).
        """
        held = self._held.pop(name, None)
        if held is None or self._lost:
            return
        with contextlib.suppress(SourceError):  # else it expires by itself
            try:
                await self._give_back(held.record, delete=delete)
            except Conflict:  # a renewal that was under way came first
                now = await self._store.read(name)
                if now is not None and (now.holder, now.fencing) == (self.holder, held.record.fencing):
                    await self._give_back(now, delete=delete)

    async def _give_back(self, record: LeaseRecord, *, delete: bool) -> None:
        if delete:
            await self._store.delete(record)
        else:
            await self._store.write(replace(record, holder="", note=""))

    async def release_all(self) -> None:
        """Give everything back."""
        await asyncio.gather(*(self.release(name) for name in tuple(self._held)))


class Slots:
    """`out-0`, `out-1`, ...: how many nodes may be out at once. A slot is held by a node, not by a process."""

    def __init__(self, store: LeaseStore, count: int = 1) -> None:
        self._store = store
        self._count = count

    async def taken(self) -> dict[str, LeaseRecord]:
        """The nodes that are out, with the slot's record."""
        records = await self._store.list()
        return {record.holder: record for record in records if record.name.startswith("out-") and record.holder}

    async def take(self, node: str, *, note: str, now: float) -> str:
        """Take a slot for `node`: empty when it has one, else a sentence that says who has them."""
        taken = await self.taken()
        if node in taken:
            return ""
        for number in range(self._count):
            name = f"out-{number}"
            record = await self._store.read(name)
            if record and record.holder:
                continue
            wanted = LeaseRecord(
                name=name,
                holder=node,
                fencing=(record.fencing if record else 0) + 1,
                duration=UNTIL_RELEASED,
                version=record.version if record else "",
                note=note,
                renewed_at=now,
            )
            try:
                await self._store.write(wanted)
            except Conflict:
                return "another run took the slot just now"
            return ""
        return "; ".join(f"{holder} is out ({record.note})" for holder, record in taken.items()) + (
            f": {len(taken)} of {self._count} nodes may be out"
        )

    async def give_back(self, node: str) -> None:
        """The node is back; silent where it holds no slot."""
        for record in await self._store.list():
            if record.name.startswith("out-") and record.holder == node:
                await self._store.write(replace(record, holder="", note=""))
