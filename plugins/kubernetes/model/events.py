"""Events (core/v1) as rows."""

from __future__ import annotations

import datetime

from plugins.kubernetes.model.wire import Meta, ObjectReference, Row, Wire, epoch, key_of, line, word


class Series(Wire, frozen=True, gc=False):
    """Series of the API, the fields that are read."""

    count: int = 0
    last_observed_time: datetime.datetime | None = None


class EventSource(Wire, frozen=True, gc=False):
    """EventSource of the API, the fields that are read."""

    component: str = ""
    host: str = ""


class EventWire(Wire, frozen=True, gc=False):
    """EventWire of the API, the fields that are read."""

    metadata: Meta
    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int | None = None
    first_timestamp: datetime.datetime | None = None
    last_timestamp: datetime.datetime | None = None
    event_time: datetime.datetime | None = None
    series: Series | None = None
    source: EventSource | None = None
    reporting_component: str = ""


class Event(Row, frozen=True, gc=False):
    """One event; `times` it was seen between `first` and `last` (epoch s)."""

    namespace: str
    name: str
    kind: str
    subject: str
    subject_namespace: str
    subject_uid: str
    warning: bool
    reason: str
    message: str
    times: int
    first: float
    last: float
    source: str

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def about(self) -> str:
        """The subject in words: `Pod pulsar/pulsar-bookie-0`."""
        return f"{self.kind} {key_of(self.subject_namespace, self.subject)}"


def event_row(wire: EventWire) -> Event:
    """A core/v1 Event, of either generation (count and lastTimestamp, or series and eventTime)."""
    meta, about, source = wire.metadata, wire.involved_object, wire.source or EventSource()
    began = epoch(wire.first_timestamp) or epoch(wire.event_time) or epoch(meta.creation_timestamp) or 0.0
    last = epoch(wire.last_timestamp) or began
    if wire.series is not None:
        last = epoch(wire.series.last_observed_time) or last
    return Event(
        namespace=word(meta.namespace),
        name=line(meta.name),
        kind=word(about.kind),
        subject=line(about.name),
        subject_namespace=word(about.namespace),
        subject_uid=line(about.uid, 64),
        warning=wire.type != "Normal",
        reason=word(wire.reason),
        message=line(wire.message),
        times=max(1, wire.count or 1, wire.series.count if wire.series else 1),
        first=began,
        last=last,
        source=word(source.component or wire.reporting_component),
    )
