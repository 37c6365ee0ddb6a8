"""Stores in memory: what a platform offers, with faults and a hook at every call; and a clock on the test's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from console.errors import Conflict, NotFound, Unreachable
from console.offers import AuditEntry, LeaseRecord, Stored
from console.plugin import Right
from tests.values import replace


class LoopClock:
    """Time of the running loop (which looptime makes virtual), with a wall clock that may be skewed."""

    def __init__(self, skew: float = 0.0) -> None:
        self.skew = skew

    def now(self) -> float:
        return 1_800_000_000.0 + asyncio.get_running_loop().time() + self.skew

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Network:
    """Every call goes through it: it may be down, slow, lose the answer, or be killed at a given call."""

    down: bool = False
    delay: float = 0.001
    calls: int = 0
    lose_answer_of: set[int] = field(default_factory=set[int])
    pace: Callable[[], float] | None = None
    """How long each call takes, where that differs from call to call."""
    before: Callable[[int, str], None] = lambda _number, _what: None

    async def ask(self, what: str) -> int:
        self.calls += 1
        number = self.calls
        self.before(number, what)
        await asyncio.sleep(self.pace() if self.pace else self.delay)
        if self.down:
            raise Unreachable("the API server does not answer", where="memory")
        return number

    def answered(self, number: int) -> None:
        if number in self.lose_answer_of:
            raise Unreachable("the connection broke before the answer", where="memory")


@dataclass
class Journals:
    """console.offers.JournalStore in memory."""

    network: Network = field(default_factory=Network)
    runs: dict[str, Stored] = field(default_factory=dict[str, Stored])

    async def create(self, run: str, text: str) -> Stored:
        number = await self.network.ask("create journal")
        if run in self.runs:
            raise Conflict(f"run {run} exists")
        self.runs[run] = Stored(run, text, "1")
        self.network.answered(number)
        return self.runs[run]

    async def read(self, run: str) -> Stored:
        number = await self.network.ask("read journal")
        if run not in self.runs:
            raise NotFound(f"there is no run {run}")
        self.network.answered(number)
        return self.runs[run]

    async def write(self, stored: Stored, text: str) -> Stored:
        number = await self.network.ask("write journal")
        if stored.run not in self.runs:
            raise NotFound(f"there is no run {stored.run}")
        now = self.runs[stored.run]
        if now.version != stored.version:
            raise Conflict("the journal changed")
        self.runs[stored.run] = Stored(stored.run, text, str(int(now.version) + 1))
        self.network.answered(number)
        return self.runs[stored.run]

    async def list(self) -> Sequence[Stored]:
        await self.network.ask("list journals")
        return list(self.runs.values())

    async def delete(self, run: str) -> None:
        await self.network.ask("delete journal")
        self.runs.pop(run, None)


@dataclass
class LeaseTable:
    """console.offers.LeaseStore in memory."""

    network: Network = field(default_factory=Network)
    records: dict[str, LeaseRecord] = field(default_factory=dict[str, LeaseRecord])

    async def read(self, name: str) -> LeaseRecord | None:
        await self.network.ask(f"read lease {name}")
        return self.records.get(name)

    async def write(self, record: LeaseRecord) -> LeaseRecord:
        number = await self.network.ask(f"write lease {record.name}")
        now = self.records.get(record.name)
        if (now.version if now else "") != record.version:
            raise Conflict(f"lease {record.name} changed")
        written = replace(record, version=str(int(record.version or 0) + 1))
        self.records[record.name] = written
        self.network.answered(number)
        return written

    async def delete(self, record: LeaseRecord) -> None:
        await self.network.ask(f"delete lease {record.name}")
        self.records.pop(record.name, None)

    async def list(self) -> Sequence[LeaseRecord]:
        await self.network.ask("list leases")
        return list(self.records.values())


@dataclass
class AuditList:
    """console.offers.AuditSink in memory."""

    entries: list[AuditEntry] = field(default_factory=list[AuditEntry])

    async def record(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    async def read(self) -> Sequence[AuditEntry]:
        return self.entries[::-1]


@dataclass
class Granted:
    """console.offers.Rights in memory: everything but what is denied."""

    denied: set[str] = field(default_factory=set[str])
    needed: tuple[Right, ...] = ()

    async def own(self) -> Sequence[Right]:
        return self.needed

    async def missing(self, rights: Sequence[Right]) -> Sequence[Right]:
        return [right for right in rights if str(right) in self.denied]

    def role(self, rights: Sequence[Right]) -> str:
        return "kind: ClusterRole\n" + "".join(f"# {right}\n" for right in rights)
