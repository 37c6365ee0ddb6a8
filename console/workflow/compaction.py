"""A journal made smaller without changing its meaning: `fold(compact(entries)) == fold(entries)`.

Owns the choice of what may go: sentences of waits that are over, and tries that a later one replaced. What a report
needs (plan, claims, memory, ends of steps, questions and answers, failures) always stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.workflow.codec import Entry
from console.workflow.events import Answered, Intent, Sent, Waiting

_Slot = tuple[str, str, bool]
_Try = tuple[str, str, bool, int]


def compact(entries: Sequence[Entry]) -> list[Entry]:
    """The entries that still matter, with their numbers.

    Kept of each step: its first entry (its time counts from there), the first intent (the order of undo), and the last
    intent, sent and waiting of each kind before and after each answer of a person.
    """
    first: set[int] = set()
    last: dict[_Try, int] = {}
    answers: dict[str, int] = {}
    heard: set[str] = set()
    intended: set[str] = set()
    for position, entry in enumerate(entries):
        step = getattr(entry.fact, "step", "")
        if step and step not in heard:
            heard.add(step)
            first.add(position)
        if isinstance(entry.fact, Intent) and not entry.fact.undo and step not in intended:
            intended.add(step)
            first.add(position)
        if isinstance(entry.fact, Answered):  # what came before it and after it is not the same try
            answers[step] = answers.get(step, 0) + 1
        slot = _slot(entry)
        if slot is not None:
            last[*slot, answers.get(step, 0)] = position
    kept = first | set(last.values())
    return [
        entry
        for position, entry in enumerate(entries)
        if position in kept or _slot(entry) is None or position == len(entries) - 1
    ]


def _slot(entry: Entry) -> _Slot | None:
    """What a later entry of the same slot replaces; None for what always stays."""
    match entry.fact:
        case Waiting(step=step):
            return "waiting", step, False
        case Intent(step=step, undo=undo):
            return "intent", step, undo
        case Sent(step=step):
            return "sent", step, False
        case _:
            return None
