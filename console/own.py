"""The console's own panes: runs and audit. Rows from the platform's journal store and audit sink, as any other source.

Owns the rows and their columns. It is attached to a runtime by whoever composes one (`own.attach(runtime)`).
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from console.errors import ConsoleError
from console.format import age, clock_time, timestamp
from console.model import InstanceId, Ref, Tone
from console.offers import AuditEntry, AuditSink, JournalStore
from console.plugin import Cell, Client, Column, Deferred, Instance, Pane, Plugin, Poll, Reach, Table
from console.text import clean

if TYPE_CHECKING:
    from console.workflow.state import State

SYSTEM = "pilothouse"
ID = InstanceId(SYSTEM, "own")


class Kernel(Protocol):
    """What attaching needs of console.runtime.Runtime."""

    async def offer(self, pick: Callable[[Any], Deferred[Callable[[Any], Any]]]) -> Any: ...

    async def attach(self, plugin: Plugin, instance: Instance, client: Client) -> None: ...


class RunRow(Struct, frozen=True):
    """One run as its journal tells it; `problem` where the journal cannot be read (a newer schema)."""

    id: str
    kind: str = ""
    nodes: tuple[str, ...] = ()
    status: str = ""
    author: str = ""
    reason: str = ""
    began: float = 0.0
    done: int = 0
    steps: int = 0
    waits: str = ""
    holder: str = ""
    until: float = 0.0
    """Until when its nodes were announced to be out (epoch s); 0: nobody said."""
    progressed: float = 0.0
    """When it last came on (epoch s)."""
    retried: float = 0.0
    """When what asks now was last tried again by a person's word."""
    changed: float = 0.0
    problem: str = ""

    @property
    def active(self) -> bool:
        """Whether it is on its way, paused or asking."""
        return self.status in {"running", "paused", "asks", "aborting"}


RUNS = Table[RunRow]("runs", lambda row: row.id)
AUDIT = Table[AuditEntry]("audit", lambda row: f"{row.at:.3f} {row.action} {row.subject}")


def status(state: State) -> str:
    """One word for where a run stands."""
    from console.workflow.progress import status_of

    return status_of(state)


def run_row(stored: Any) -> RunRow:
    """A stored journal as a row; one that cannot be read is a row with its problem."""
    from console.workflow.journal import page  # on the way to the first rows this would cost 30 ms
    from console.workflow.note import until_of
    from console.workflow.progress import last_progress, retried, waits_for

    try:
        state = page(stored).state
    except ConsoleError as error:
        return RunRow(stored.run, status="unreadable", problem=str(error), changed=stored.changed_at)
    plan = state.plan
    return RunRow(
        stored.run,
        kind=plan.target.run if plan else "",
        nodes=tuple(plan.target.nodes) if plan else (),
        status=status(state),
        author=clean(plan.author) if plan else "",
        reason=clean(plan.reason) if plan else "",
        began=plan.at if plan else 0.0,
        done=state.finished,
        steps=len(state.steps),
        waits=clean(waits_for(state)),
        holder=clean(state.holder),
        until=until_of(plan) if plan else 0.0,
        progressed=last_progress(state),
        retried=retried(state),
        changed=max(stored.changed_at, state.now),
    )


class Shelf(Struct, frozen=True):
    """The client of these panes: the offers of whatever platform is current."""

    kernel: Kernel

    async def runs(self) -> Iterable[RunRow]:
        for module in ("journal", "note", "progress"):
            await asyncio.to_thread(importlib.import_module, f"console.workflow.{module}")
        store: JournalStore = await self.kernel.offer(lambda offers: offers.journal)
        return [run_row(stored) for stored in await store.list()]

    async def audit(self) -> Iterable[AuditEntry]:
        sink: AuditSink = await self.kernel.offer(lambda offers: offers.audit)
        return await sink.read()

    async def aclose(self) -> None:
        """It holds nothing of its own."""


_TONES = {
    "running": Tone.BUSY,
    "asks": Tone.WARN,
    "paused": Tone.WARN,
    "aborting": Tone.WARN,
    "done": Tone.OK,
    "aborted": Tone.MUTED,
    "stopped": Tone.MUTED,
    "unreadable": Tone.BAD,
}


def _since(stamp: Callable[[Any], float]) -> Callable[[Any, float], Cell]:
    return lambda row, now: Cell(age(stamp(row) or None, now), Tone.MUTED)


def _until(row: RunRow, now: float) -> Cell:
    if not row.until:
        return Cell("", Tone.MUTED)
    over = row.until < now and row.status in {"running", "paused", "asks", "done"} and row.kind == "drain"
    return Cell(timestamp(row.until), Tone.WARN if over else Tone.MUTED)


PANES = (
    Pane(
        name="runs",
        title="runs",
        table=RUNS,
        aliases=("run",),
        sort="-BEGAN",
        columns=(
            Column("RUN", lambda row: row.id),
            Column("KIND", lambda row: row.kind),
            Column("NODES", lambda row: ", ".join(row.nodes)),
            Column(
                "STATUS",
                lambda row: row.status,
                lambda row, _now: Cell(row.status, _TONES.get(row.status, Tone.PLAIN)),
            ),
            Column("STEPS", lambda row: row.done, lambda row, _now: Cell(f"{row.done}/{row.steps}"), align="right"),
            Column("BY", lambda row: row.author, hide_below=100),
            Column("BEGAN", lambda row: row.began, _since(lambda row: row.began), align="right"),
            Column("REASON", lambda row: row.reason, hide_below=120),
            Column("UNTIL", lambda row: row.until or None, _until, hide_below=120),
            Column("WAITS FOR", lambda row: row.problem or row.waits, grow=True, hide_below=80),
            Column("RUNNER", lambda row: row.holder, wide=True),
        ),
        ref=lambda row: Ref("run", row.id),
        facets=lambda row: {"node": ",".join(row.nodes)},
        fault=lambda row: row.status in {"asks", "unreadable"},
        help="drains and rejoins, read from their journals; enter opens the board",
    ),
    Pane(
        name="audit",
        title="audit",
        table=AUDIT,
        sort="-AT",
        columns=(
            Column("AT", lambda row: row.at, lambda row, _now: Cell(clock_time(row.at), Tone.MUTED)),
            Column("AGE", lambda row: row.at, _since(lambda row: row.at), align="right", hide_below=100),
            Column("PERSON", lambda row: row.person),
            Column("AS", lambda row: row.identity, hide_below=100),
            Column("FROM", lambda row: row.origin, hide_below=120),
            Column("ACTION", lambda row: row.action),
            Column("ON", lambda row: str(row.subject)),
            Column(
                "OUTCOME",
                lambda row: row.outcome,
                lambda row, _now: Cell(row.outcome, Tone.BAD if row.outcome.startswith("failed") else Tone.PLAIN),
                grow=True,
            ),
            Column("REASON", lambda row: row.reason, wide=True),
            Column("RUN", lambda row: row.run, wide=True),
        ),
        ref=lambda row: Ref("record", row.subject.name, row.subject.namespace),
        fault=lambda row: row.outcome.startswith("failed"),
        help="what was changed with this console, by whom and from where",
    ),
)
SOURCES = (
    Poll(RUNS, Shelf.runs, visible=2.0, hidden=15.0),
    Poll(AUDIT, Shelf.audit, visible=5.0, hidden=None),
)


def configure(_table: Mapping[str, Any]) -> None:
    """These panes have no settings."""


def discover(_settings: None) -> Sequence[Instance]:
    """The one instance, which is attached rather than found."""
    return [Instance(ID, None, "Pilothouse")]


def connect(_instance: Instance, _reach: Reach) -> Client:
    """It is attached with its client."""
    raise ConsoleError("the console's own panes are attached, not connected")


PLUGIN = Plugin(
    system=SYSTEM,
    title="Pilothouse",
    configure=Deferred("console.own:configure"),
    discover=Deferred("console.own:discover"),
    connect=Deferred("console.own:connect"),
    sources=Deferred("console.own:SOURCES"),
    panes=Deferred("console.own:PANES"),
)


async def attach(kernel: Kernel) -> None:
    """Give a runtime these panes."""
    await kernel.attach(PLUGIN, Instance(ID, None, "Pilothouse"), Shelf(kernel))
