"""Where a group's offsets would go: the plan of a reset, as pure arithmetic over what is known."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.errors import UsageError
from console.plugin import Facts
from plugins.kafka.model.rows import PARTITIONS, Group, Place
from plugins.kafka.model.wire import TP

TARGETS = ("end", "start", "time", "offset", "shift")


class Move(Struct, frozen=True, gc=False):
    """One partition of a plan: from where (-1: nowhere yet) to where, both as offsets to be read next."""

    topic: str
    partition: int
    before: int
    after: int

    def __str__(self) -> str:
        gap = self.after - max(self.before, 0)
        words = "stays" if not gap else f"{gap} are skipped" if gap > 0 else f"{-gap} are read again"
        return f"{self.topic}/{self.partition}: {self.before if self.before >= 0 else 'none'} -> {self.after} ({words})"


def chosen(row: Group, topic: str) -> Sequence[Place]:
    """The partitions that are meant. Raises UsageError where there is none."""
    found = [place for place in row.places if not topic or place.topic == topic]
    if not found:
        raise UsageError(f"{row.name} has no offsets{f' on {topic}' if topic else ''}", where="reset")
    return found


def moment(text: str) -> int:
    """A time as milliseconds since the epoch: RFC 3339, in UTC where no zone is given. Raises UsageError."""
    try:
        when = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no time", where="reset", next_step="for example 2026-01-31T12:00:00Z") from error
    return int((when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp() * 1000)


def whole(text: str) -> int:
    """A whole number. Raises UsageError."""
    try:
        return int(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no whole number", where="reset") from error


def moves(
    places: Sequence[Place], target: str, *, number: int = 0, bounds: Mapping[TP, tuple[int, int]], at: Mapping[TP, int]
) -> list[Move]:
    """The plan. `bounds`: first and end offset; `at`: offsets of a time (missing: nothing is that new, so the end)."""
    return [
        Move(one.topic, one.partition, one.committed, _after(one, target, number, bounds=bounds, at=at))
        for one in places
    ]


def _after(one: Place, target: str, number: int, *, bounds: Mapping[TP, tuple[int, int]], at: Mapping[TP, int]) -> int:
    key = (one.topic, one.partition)
    if key not in bounds:
        raise UsageError(f"the offsets of {one.topic}/{one.partition} are not known now", where="reset")
    start, end = bounds[key]
    match target:
        case "start":
            wanted = start
        case "end":
            wanted = end
        case "time":
            wanted = at.get(key, end)
        case "offset":
            wanted = number
        case "shift":
            wanted = (one.committed if one.committed >= 0 else start) + number
        case _:
            raise UsageError(f"{target!r} is no target", where="reset", next_step=f"one of {', '.join(TARGETS)}")
    return min(max(wanted, start), end)


def overview(row: Group, facts: Facts) -> str:
    """In one sentence, from rows alone, what the two ends would mean."""
    again = skipped = 0
    for place in row.places:
        part = facts.get(PARTITIONS, f"{place.topic}/{place.partition}")
        if place.committed >= 0 and part is not None and part.start is not None:
            again += max(0, place.committed - part.start)
        skipped += place.lag or 0
    return f"{len(row.places)} partitions; end skips {skipped}, start reads {again} again; plan-reset says each"
