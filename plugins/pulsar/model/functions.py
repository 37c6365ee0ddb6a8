"""Functions, sources and sinks: what functions workers answer of them, and a row an instance.

Numbers and states come of different answers: the numbers of all instances of a worker at once, the state of one
function at a time. So a row may have numbers before its state is known, and says `unknown` until then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from console.text import clean
from plugins.pulsar.model.wire import Wire

KINDS = ("function", "source", "sink")
_LONG = 300


class Raised(Wire, frozen=True, gc=False):
    """One exception that an instance remembers."""

    exception_string: str | None = None
    timestamp_ms: int = 0


class Instance(Wire, frozen=True, gc=False):
    """`status` of one instance; functions, sources and sinks each have their own names for what goes in and out."""

    running: bool = False
    error: str | None = None
    num_restarts: int | None = None
    num_received: int | None = None
    num_received_from_source: int | None = None
    num_read_from_pulsar: int | None = None
    num_successfully_processed: int | None = None
    num_written: int | None = None
    num_written_to_sink: int | None = None
    num_user_exceptions: int = 0
    num_system_exceptions: int = 0
    num_source_exceptions: int = 0
    num_sink_exceptions: int = 0
    latest_user_exceptions: tuple[Raised, ...] | None = None
    latest_system_exceptions: tuple[Raised, ...] | None = None
    latest_source_exceptions: tuple[Raised, ...] | None = None
    latest_sink_exceptions: tuple[Raised, ...] | None = None
    average_latency: float | None = None
    last_invocation_time: int | None = None
    last_received_time: int | None = None
    worker_id: str | None = None

    @property
    def exceptions(self) -> int:
        """Of all kinds."""
        own = self.num_user_exceptions + self.num_source_exceptions + self.num_sink_exceptions
        return own + self.num_system_exceptions

    @property
    def last(self) -> Raised | None:
        """The youngest exception that is remembered."""
        lists = (
            self.latest_user_exceptions, self.latest_system_exceptions,
            self.latest_source_exceptions, self.latest_sink_exceptions,
        )  # fmt: skip
        return max((one for some in lists for one in some or ()), key=lambda one: one.timestamp_ms, default=None)


class Numbered(Wire, frozen=True, gc=False):
    """One instance of a status."""

    instance_id: int = 0
    status: Instance = Instance()


class Status(Wire, frozen=True, gc=False):
    """`/admin/v3/functions|sources|sinks/TENANT/NAMESPACE/NAME/status`."""

    num_instances: int = 0
    num_running: int = 0
    instances: tuple[Numbered, ...] = ()


class Metrics(Wire, frozen=True, gc=False):
    """The numbers of one instance in `worker-stats/functionsmetrics`, since it was started."""

    received_total: float | None = None
    processed_successfully_total: float | None = None
    system_exceptions_total: float = 0.0
    user_exceptions_total: float = 0.0
    avg_process_latency: float | None = None
    last_invocation: int | None = None


class Measured(Wire, frozen=True, gc=False):
    """One entry of `worker-stats/functionsmetrics`; `name` is `TENANT/NAMESPACE/NAME:INSTANCE`."""

    name: str = ""
    metrics: Metrics | None = None


class FunctionRow(msgspec.Struct, frozen=True):
    """One instance (`T/N/F:0`), or a function that no worker runs (`T/N/F`). None: nobody could say.

    `state`: running, failed, stopped, registered (no worker has it), unknown. Times in epoch seconds, latency in ms.
    """

    name: str
    kind: str = ""
    worker: str = ""
    state: str = "unknown"
    received: int | None = None
    processed: int | None = None
    exceptions: int | None = None
    restarts: int | None = None
    latency: float | None = None
    invoked: float | None = None
    error: str = ""
    last: str = ""
    last_at: float | None = None
    fault: str = ""

    @property
    def function(self) -> str:
        return self.name.rpartition(":")[0] if self.worker else self.name

    @property
    def namespace(self) -> str:
        return "/".join(self.name.split("/", 2)[:2])


class Told(msgspec.Struct, frozen=True):
    """What is known of one function: its status and when it was asked, or why it could not be."""

    at: float
    status: Status | None = None
    fault: str = ""


class Known(msgspec.Struct, frozen=True):
    """All that was heard in a cycle, by full names as the servers write them."""

    assigned: Mapping[str, str]
    kinds: Mapping[str, str]
    measured: Mapping[str, Metrics]
    told: Mapping[str, Told]
    fault: str = ""
    """Why numbers are missing."""


def function_of(instance: str) -> tuple[str, int]:
    """Name and number of `T/N/F:0`; -1 where there is no number."""
    name, _, number = instance.rpartition(":")
    return (name, int(number)) if name and number.isdecimal() else (instance, -1)


def rows(known: Known) -> Sequence[FunctionRow]:
    """An instance each, then those that are registered and run nowhere."""
    found = [_instance(known, name, worker) for name, worker in known.assigned.items()]
    there = {function_of(name)[0] for name in known.assigned}
    idle = [
        FunctionRow(clean(name), kind, state="registered") for name, kind in known.kinds.items() if name not in there
    ]
    return found + idle


def _instance(known: Known, name: str, worker: str) -> FunctionRow:
    function, number = function_of(name)
    told, metrics = known.told.get(function), known.measured.get(name)
    row = FunctionRow(clean(name), known.kinds.get(function, ""), clean(worker, 253))
    if metrics is not None:
        row = msgspec.structs.replace(
            row,
            received=_whole(metrics.received_total),
            processed=_whole(metrics.processed_successfully_total),
            exceptions=_whole(metrics.system_exceptions_total + metrics.user_exceptions_total),
            latency=metrics.avg_process_latency,
            invoked=_seconds(metrics.last_invocation),
        )
    status = (
        next((one.status for one in told.status.instances if one.instance_id == number), None)
        if told and told.status
        else None
    )
    if status is not None:
        row = _with_status(row, status, counted=metrics is not None)
    fault = told.fault if told is not None and told.fault else known.fault if row.received is None else ""
    return msgspec.structs.replace(row, fault=fault)


def _with_status(row: FunctionRow, status: Instance, *, counted: bool) -> FunctionRow:
    """State and exceptions; numbers too, where the worker's page of numbers did not have them."""
    error = clean(status.error or "", _LONG)
    last = status.last
    row = msgspec.structs.replace(
        row,
        state="running" if status.running else "failed" if error else "stopped",
        error=error,
        restarts=status.num_restarts,
        last=clean((last.exception_string or "").strip().partition("\n")[0], _LONG) if last is not None else "",
        last_at=_seconds(last.timestamp_ms) if last is not None else None,
    )
    if counted or not status.running:
        return row
    return msgspec.structs.replace(
        row,
        received=_first(status.num_received, status.num_received_from_source, status.num_read_from_pulsar),
        processed=_first(status.num_successfully_processed, status.num_written, status.num_written_to_sink),
        exceptions=status.exceptions,
        latency=status.average_latency,
        invoked=_seconds(_first(status.last_invocation_time, status.last_received_time)),
    )


def _first(*numbers: int | None) -> int | None:
    return next((one for one in numbers if one is not None), None)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _seconds(milliseconds: int | None) -> float | None:
    return milliseconds / 1000 if milliseconds else None
