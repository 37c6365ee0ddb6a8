"""What an earlier run remembered of nodes that come back now: the newest drain's memory, from the journals.

It only reads. Journals of a newer console are left out: what they mean is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping

from console.errors import ConsoleError
from console.offers import JournalStore
from console.plugin import Json, Target
from console.workflow import journal
from console.workflow.state import State

Memory = Mapping[str, Mapping[str, Json]]


async def remembered(store: JournalStore, target: Target) -> Memory:
    """By step id, what the newest drain of each of these nodes remembered. Raises SourceError."""
    newest: dict[str, State] = {}
    for stored in await store.list():
        try:
            state = journal.page(stored).state
        except ConsoleError:
            continue
        plan = state.plan
        if plan is None or plan.target.run != "drain":
            continue
        for node in set(plan.target.nodes) & set(target.nodes):
            other = newest[node].plan if node in newest else None
            if other is None or other.at < plan.at:
                newest[node] = state
    steps = [(name, step.memory) for state in newest.values() for name, step in state.steps.items()]
    return {name: memory for name, memory in steps if memory}
