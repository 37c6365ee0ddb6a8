"""Pane `pulsar.functions`: instances of functions, sources and sinks: who runs them, whether they work, what failed."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import age
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from plugins.pulsar.model import tables
from plugins.pulsar.model.functions import FunctionRow
from plugins.pulsar.panes.cells import count, numbers, text, words

_TONES = {"running": Tone.OK, "failed": Tone.BAD, "stopped": Tone.WARN, "registered": Tone.WARN}


def _state(row: FunctionRow, _now: float) -> Cell:
    return Cell(row.state, _TONES.get(row.state, Tone.MUTED))


def _wrong(number: float | None) -> Cell:
    return count(number, Tone.WARN)


def _ms(number: float | None) -> Cell:
    return text("" if number is None else f"{number:.1f} ms")


def _last(row: FunctionRow) -> str:
    return row.error or row.last


def _describe(row: FunctionRow, facts: Facts) -> Sequence[Section]:
    now = facts.now
    about = (
        ("state", _state(row, now)),
        ("kind", text(row.kind)),
        ("worker", text(row.worker or "none: no worker has an instance of it")),
        ("why", text(row.error, Tone.BAD)),
        ("restarts", count(row.restarts)),
        ("not known", text(row.fault, Tone.WARN)),
    )
    numbered = (
        ("received", count(row.received)),
        ("processed", count(row.processed)),
        ("exceptions", _wrong(row.exceptions)),
        ("latency", _ms(row.latency)),
        ("last message", text(f"{age(row.invoked, now)} ago" if row.invoked else "")),
        ("last exception", text(row.last, Tone.WARN)),
        ("it was", text(f"{age(row.last_at, now)} ago" if row.last_at else "")),
    )
    return [Section("instance", about), Section("since it was started", numbered)]


FUNCTIONS: Pane[FunctionRow] = Pane(
    name="pulsar.functions",
    title="functions, sources and sinks",
    table=tables.FUNCTIONS,
    columns=(
        Column("INSTANCE", lambda row: row.name, grow=True),
        words("KIND", lambda row: row.kind),
        Column("STATE", lambda row: row.state, _state, help="registered: no worker has an instance of it"),
        numbers("RECEIVED", lambda row: row.received),
        numbers("PROCESSED", lambda row: row.processed, hide_below=90),
        numbers("EXCEPTIONS", lambda row: row.exceptions, _wrong),
        numbers("RESTARTS", lambda row: row.restarts, _wrong, hide_below=120),
        numbers("LATENCY", lambda row: row.latency, _ms, hide_below=130, about="on average"),
        words("LAST EXCEPTION", _last, hide_below=100, grow=True, tone=Tone.WARN, about="or why it does not run"),
        words("WORKER", lambda row: row.worker, hide_below=80),
        words("NOTE", lambda row: row.fault, hide_below=110, tone=Tone.WARN),
    ),
    ref=lambda row: Ref("function", row.name),
    aliases=("functions",),
    sort="INSTANCE",
    facets=lambda row: {"tenant": row.name.partition("/")[0], "namespace": row.namespace, "worker": row.worker},
    fault=lambda row: row.state in {"failed", "stopped"} or bool(row.fault),
    describe=_describe,
    jumps=(Jump("namespace", "pulsar.namespaces", lambda row, _facts: {"namespace": row.namespace}),),
    help="What functions workers run, and whether it works. Needs functionsWorkerEnabled in the brokers.",
)
