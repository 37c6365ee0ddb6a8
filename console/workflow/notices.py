"""When people should be told of a run: it asks, it has come no further for long, it ended. Pure.

Owns what is worth telling, and that each thing is told once by one teller. Refuses to know how it is told
(console.notifying, the terminal).
"""

from __future__ import annotations

from dataclasses import dataclass

from console.format import duration
from console.text import clean
from console.workflow.progress import last_progress, retried, status_of, waits_for
from console.workflow.state import State

ENDED = frozenset({"done", "aborted", "stopped"})
"""Statuses after which nothing follows."""


@dataclass(frozen=True, slots=True)
class Look:
    """A run as it was seen: its status in a word, what it waits for or asks, when it last came on (epoch s)."""

    run: str
    title: str
    status: str
    waits: str
    progressed: float
    retried: float = 0.0
    """When what asks now was last tried again by a person's word: the same question is then a new one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: `event` is asks, stalls or ended; `key` is the same for whoever notices the same thing."""

    event: str
    run: str
    title: str
    status: str
    text: str
    key: str

    @property
    def line(self) -> str:
        """One line for a terminal, a notification or a chat."""
        return clean(f"run {self.run} ({self.title}) {self.text}", 400)


def look(run: str, state: State) -> Look:
    """A state as a look."""
    plan = state.plan
    title = f"{plan.target.run} {', '.join(plan.target.nodes)}" if plan is not None else ""
    return Look(run, title, status_of(state), waits_for(state), last_progress(state), retried(state))


class Notices:
    """Hears looks at runs and says what is new. `stalls_after`: seconds without progress; 0 never calls it stalled."""

    def __init__(self, stalls_after: float) -> None:
        self._stalls_after = stalls_after
        self._active: set[str] = set()
        self._told: dict[str, set[str]] = {}

    def expect(self, run: str) -> None:
        """The run is on its way: its end is news, however soon it comes."""
        self._active.add(run)

    def heard(self, now_seen: Look, now: float) -> list[Notice]:
        """What to tell after this look. A run that had ended before it was first seen is no news."""
        found: list[Notice] = []
        if now_seen.status in ENDED:
            if now_seen.run in self._active:
                found.append(_notice(now_seen, "ended", f"ended: {now_seen.status}", now_seen.status))
            self._active.discard(now_seen.run)
            self._told.pop(now_seen.run, None)
            return found
        self._active.add(now_seen.run)
        if now_seen.status == "asks":
            found.append(_notice(now_seen, "asks", f"asks: {now_seen.waits}", f"{now_seen.retried} {now_seen.waits}"))
        elif now_seen.status in {"running", "aborting"} and self._stalled(now_seen, now):
            since = duration(now - now_seen.progressed)
            why = now_seen.waits or "it does not say what it waits for"
            found.append(_notice(now_seen, "stalls", f"has come no further for {since}: {why}", now_seen.progressed))
        told = self._told.setdefault(now_seen.run, set())
        fresh = [notice for notice in found if notice.key not in told]
        told.update(notice.key for notice in fresh)
        return fresh

    def _stalled(self, seen: Look, now: float) -> bool:
        return bool(self._stalls_after) and bool(seen.progressed) and now - seen.progressed > self._stalls_after


def _notice(seen: Look, event: str, text: str, mark: object) -> Notice:
    return Notice(event, seen.run, seen.title, seen.status, text, f"{seen.run} {event} {mark}")
