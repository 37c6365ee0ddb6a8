"""What was there before a drain and what is there after the rejoin, compared: the proof of a run. Pure.

Owns which two snapshots belong together, and the words of what differs. A snapshot is what the hooks of all systems
said (`Hooks.proof`), kept in the journal's first and last fact. Refuses to call anything unchanged that was not seen
on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.workflow.codec import Entry
from console.workflow.events import End, Finished, Planned

NOT_READ = "not read"
"""Stands where one side has a value and the other one has none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as far as proofs need it: its plan, and its last fact where it has ended."""

    run: str
    plan: Planned
    end: Finished | None = None

    @property
    def back(self) -> bool:
        """Whether it brought its nodes back."""
        return self.plan.target.run == "rejoin" and self.end is not None and self.end.end is End.DONE

    @property
    def out(self) -> bool:
        """Whether it took its nodes out."""
        return self.plan.target.run == "drain" and self.end is not None and self.end.end is End.DONE


@dataclass(frozen=True, slots=True)
class Snap:
    """What was seen: by which run, when (epoch s), and the values."""

    run: str
    at: float
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same; `NOT_READ` where a side did not see it."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two snapshots side by side; `missing` says why one of them is not there."""

    before: Snap | None = None
    after: Snap | None = None
    missing: str = ""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What differs, in the order of the first snapshot; empty where one is missing."""
        if self.before is None or self.after is None:
            return ()
        one, two = self.before.values, self.after.values
        found = (Difference(key, one.get(key, NOT_READ), two.get(key, NOT_READ)) for key in dict.fromkeys([*one, *two]))
        return tuple(each for each in found if each.before != each.after)

    @property
    def sentence(self) -> str:
        """What the proof proves, in words; "all as before" only where every value was seen twice."""
        if self.before is None or self.after is None:
            return f"not compared: {self.missing}"
        count, differ = len({*self.before.values, *self.after.values}), len(self.differences)
        if differ:
            return f"{differ} of {count} differ"
        return f"all as before: {count} of {count} the same"


def seen(run: str, entries: Iterable[Entry]) -> Seen | None:
    """The run's plan and end; None where the journal has no plan."""
    plan: Planned | None = None
    end: Finished | None = None
    for entry in entries:
        if isinstance(entry.fact, Planned):
            plan = entry.fact
        elif isinstance(entry.fact, Finished):
            end = entry.fact
    return Seen(run, plan, end) if plan is not None else None


def compared(this: Seen, others: Sequence[Seen]) -> Comparison:
    """The two snapshots that belong together for this run.

    A rejoin is compared with the drain that took its nodes out, a drain with the rejoin that brought them back; a drain
    that was aborted with its own beginning.
    """
    if this.plan.target.run == "rejoin":
        return _returned(this, others)
    if this.end is not None and this.end.end is not End.DONE:
        return _pair(this, this)
    names = set(this.plan.target.nodes)
    later = (one for one in others if one.back and one.plan.at > this.plan.at and names <= set(one.plan.target.nodes))
    back = min(later, key=lambda one: one.plan.at, default=None)
    if back is not None:
        return _pair(this, back)
    why = "the run has not ended" if this.end is None else f"{', '.join(this.plan.target.nodes)} is not back yet"
    return Comparison(_snap(this, first=True), None, why)


def _returned(this: Seen, others: Sequence[Seen]) -> Comparison:
    drain = taken_out_by(this, others)
    if drain is None:
        return Comparison(None, _snap(this, first=False), "no journal of the drain before it was found")
    if this.end is None:
        return Comparison(_snap(drain, first=True), None, "the run has not ended")
    return _pair(drain, this)


def taken_out_by(this: Seen, others: Sequence[Seen]) -> Seen | None:
    """The newest drain before `this` that took any of its nodes out."""
    names = set(this.plan.target.nodes)
    earlier = (one for one in others if one.out and one.plan.at < this.plan.at and names & set(one.plan.target.nodes))
    return max(earlier, key=lambda one: one.plan.at, default=None)


def _pair(first: Seen, last: Seen) -> Comparison:
    before, after = _snap(first, first=True), _snap(last, first=False)
    if before is None:
        return Comparison(None, after, f"run {first.run} took no snapshot before it began")
    if after is None:
        return Comparison(before, None, f"run {last.run} could not take a snapshot at its end")
    return Comparison(before, after)


def _snap(run: Seen, *, first: bool) -> Snap | None:
    fact = run.plan if first else run.end
    return Snap(run.run, fact.at, fact.proof) if fact is not None and fact.proof else None
