"""Which nodes may go together: by the systems' answers about subsets."""

from __future__ import annotations

from console.model import Answer, NodeName
from console.workflow.together import sort

A, B, C = (NodeName(name) for name in "abc")


def judge(nodes: tuple[NodeName, ...]) -> Answer:
    """`a` and `b` share a budget of one; `c` goes with anything, after a decision."""
    if {A, B} <= set(nodes):
        return Answer.NO
    return Answer.DECIDE if C in nodes else Answer.SAFE


def test_nodes_that_harm_each_other_go_in_turn_and_others_with_the_first() -> None:
    found = sort((A, B, C), judge)
    assert found.groups == ((A, C), (B,))
    assert found.alone == {A: Answer.SAFE, B: Answer.SAFE, C: Answer.DECIDE}
    assert str(found) == "a and c together, then b, each when all of the one before is back"


def test_nodes_that_harm_nobody_go_all_together() -> None:
    found = sort((A, C), judge)
    assert found.groups == ((A, C),)
    assert str(found) == "a and c together"


def test_a_node_that_may_not_go_alone_goes_with_nobody() -> None:
    found = sort((A, B, C), lambda nodes: Answer.UNKNOWN if B in nodes else Answer.SAFE)
    assert found.groups == ((A, C), (B,))
    assert str(found) == "a and c together; not at all now: b (UNKNOWN)"
    assert str(sort((A,), lambda _nodes: Answer.NO)) == "not at all now: a (NO)"


def test_each_subset_is_asked_about_at_most_once_a_group() -> None:
    asked: list[tuple[NodeName, ...]] = []

    def safe(nodes: tuple[NodeName, ...]) -> Answer:
        asked.append(nodes)
        return Answer.SAFE

    many = tuple(NodeName(f"n{number}") for number in range(6))
    assert sort(many, safe).groups == (many,)
    assert len(asked) == 6 + 5
