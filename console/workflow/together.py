"""Which of several nodes may go together, and which in turn: the systems' own verdicts, asked about subsets. Pure.

A node joins the first group in which it makes no answer worse than each node of it has alone. So the groups are few,
not the fewest: the question is what is safe, not what is fastest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from console.model import Answer, NodeName

MOST = 8
"""Nodes about whose subsets the systems are asked; more are not sorted, for each asks anew."""
_RANK = {answer: rank for rank, answer in enumerate(Answer)}

Judge = Callable[[tuple[NodeName, ...]], Answer]


@dataclass(frozen=True, slots=True)
class Together:
    """`groups` go one after another, the nodes of one together; `alone` is the answer for each node by itself."""

    groups: tuple[tuple[NodeName, ...], ...] = ()
    alone: Mapping[NodeName, Answer] = field(default_factory=dict[NodeName, Answer])

    def __str__(self) -> str:
        """`a and b together, then c; d not at all (NO)`."""
        going = [group for group in self.groups if self._may(group)]
        words = [_named(group) for group in going]
        text = ", then ".join(words)
        if len(going) > 1:
            text += ", each when all of the one before is back"
        never = [f"{node} ({answer.value})" for node, answer in self.alone.items() if _bad(answer)]
        if never:
            text = f"{text}; " if text else ""
            text += f"not at all now: {', '.join(never)}"
        return text

    def _may(self, group: Sequence[NodeName]) -> bool:
        return not any(_bad(self.alone[node]) for node in group)


def sort(nodes: Sequence[NodeName], judge: Judge) -> Together:
    """Sort the nodes into groups; nodes that may not even go alone are groups of their own, at the end."""
    alone = {node: judge((node,)) for node in nodes}
    groups: list[tuple[NodeName, ...]] = []
    for node in nodes:
        if _bad(alone[node]):
            continue
        for number, group in enumerate(groups):
            joined = (*group, node)
            worst = max((alone[one] for one in joined), key=_RANK.__getitem__)
            if _RANK[judge(joined)] <= _RANK[worst]:
                groups[number] = joined
                break
        else:
            groups.append((node,))
    return Together((*groups, *((node,) for node in nodes if _bad(alone[node]))), alone)


def _bad(answer: Answer) -> bool:
    return answer in {Answer.NO, Answer.UNKNOWN}


def _named(group: Sequence[NodeName]) -> str:
    *others, last = group
    return f"{', '.join(others)} and {last} together" if others else last
