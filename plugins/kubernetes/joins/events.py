"""Events grouped by what they are about: one line a subject, its newest warning first."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Facts, Join, Table, Touch
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.events import Event
from plugins.kubernetes.model.wire import Row

_SHOWN = 20


class EventGroup(Row, frozen=True, gc=False):
    """All events about one subject, the most telling first: warnings before others, new before old."""

    first: Event
    events: tuple[Event, ...]
    times: int

    @property
    def key(self) -> str:
        return self.first.key

    @property
    def leading(self) -> Event:
        return self.events[0]

    @property
    def last(self) -> float:
        return max(event.last for event in self.events)

    @property
    def warnings(self) -> int:
        return sum(event.warning for event in self.events)


GROUPS: Table[EventGroup] = Table("eventgroups", lambda row: row.first.key)


def _oldest(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.first, event.key))[:2]


def build(event: Event, facts: Facts) -> Iterable[EventGroup]:
    """The group, on the line of its oldest event, so that the line stays where it is while events come."""
    group = facts.by(tables.EVENTS_BY_SUBJECT, event.about)
    if group and _oldest(group)[0].key == event.key:
        telling = sorted(group, key=lambda one: (not one.warning, -one.last, one.key))
        yield EventGroup(event, tuple(telling[:_SHOWN]), sum(one.times for one in group))


def _concerned(event: Event, facts: Facts) -> Iterable[str]:
    """The line that the group had, and the one that it gets."""
    return [one.key for one in _oldest(facts.by(tables.EVENTS_BY_SUBJECT, event.about))]


EVENT_JOINS: tuple[Join[Event, EventGroup], ...] = (
    Join(GROUPS, tables.EVENTS, build, (Touch(tables.EVENTS, _concerned),)),
)
