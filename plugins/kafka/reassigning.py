"""Where replicas would go: the plan of a reassignment, as pure arithmetic over what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from msgspec import Struct

from console.errors import Refused, UsageError
from plugins.kafka.model.wire import Part

ALL = "all"


class Placement(Struct, frozen=True, gc=False):
    """One partition of a plan: its replicas now and then, the preferred leader first."""

    topic: str
    number: int
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def copied(self) -> Sequence[int]:
        """Brokers that get a copy."""
        return [one for one in self.after if one not in self.before]

    def __str__(self) -> str:
        gone = [one for one in self.before if one not in self.after]
        words = [f"copied to {_ids(self.copied)}"] if self.copied else []
        words += [f"deleted from {_ids(gone)}"] if gone else []
        if not words:
            words = ["stays" if self.before == self.after else f"preferred leader {self.after[0]}"]
        return f"{self.topic}/{self.number}: {_ids(self.before)} -> {_ids(self.after)} ({', '.join(words)})"


def brokers(text: str, present: Collection[int]) -> Sequence[int]:
    """The brokers that an answer names, in its order. Raises UsageError, Refused where one of them is away."""
    if text.strip() in {"", ALL}:
        return sorted(present)
    try:
        named = [int(word) for word in text.split(",")]
    except ValueError as error:
        raise UsageError(f"{text!r} names no brokers", where="reassign", next_step="for example 0,1,2") from error
    if len(set(named)) < len(named):
        raise UsageError(f"{text!r} names a broker twice", where="reassign")
    if away := [one for one in named if one not in present]:
        there = f"there are {_ids(sorted(present))}"
        raise Refused(f"broker {_ids(away)} is away: nothing can be copied to it; {there}", where="reassign")
    return named


def exact(part: Part, to: Sequence[int]) -> Placement:
    """These replicas in this order. Raises Refused where that are more or fewer copies than now."""
    if len(to) != len(part.replicas):
        copies = len(part.replicas)
        raise Refused(
            f"{part.topic}/{part.number} has {copies} copies; name {copies} brokers, the preferred leader first"
        )
    return Placement(part.topic, part.number, part.replicas, tuple(to))


def spread(parts: Sequence[Part], over: Sequence[int]) -> list[Placement]:
    """All partitions on these brokers alone, evenly, with as little as possible copied. Raises Refused: too few."""
    most = max((len(part.replicas) for part in parts), default=0)
    if len(over) < most:
        raise Refused(f"{most} copies need {most} brokers, not {len(over)}", where="reassign")
    load = Counter(dict.fromkeys(over, 0))
    load.update(one for part in parts for one in part.replicas if one in load)
    leads = Counter(part.replicas[0] for part in parts if part.replicas and part.replicas[0] in load)
    found: list[Placement] = []
    for part in parts:
        kept = [one for one in part.replicas if one in load]
        while len(kept) < len(part.replicas):
            least = min((one for one in over if one not in kept), key=lambda one: (load[one], over.index(one)))
            load[least] += 1
            kept.append(least)
        if part.replicas and part.replicas[0] not in load:  # its preferred leader goes: who leads least takes over
            first = min(kept, key=lambda one: (leads[one], kept.index(one)))
            leads[first] += 1
            kept = [first, *(one for one in kept if one != first)]
        found.append(Placement(part.topic, part.number, part.replicas, tuple(kept)))
    return found


def _ids(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
