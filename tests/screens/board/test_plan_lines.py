"""What stands beside the verdict on the plan's screen, line by line."""

from __future__ import annotations

from console.model import Answer, NodeName, Prospect, Reason, Ref, Verdict
from console.plugin import Target
from console.workflow.plan import Part, Plan
from console.workflow.together import Together
from screens.glyphs import glyphs_for
from screens.paint import Paint
from screens.widgets.verdict import pod_lines
from tests.screens.fleet import INSTANCE
from themes import DEFAULT, LOOKS

A, B = NodeName("node1"), NodeName("node2")


def lines(*prospects: Prospect, together: Together | None = None) -> list[str]:
    part = Part(INSTANCE, Verdict(), prospects=prospects)
    plan = Plan(Target("drain", (A, B)), 0.0, 0.0, (part,), (), together=together)
    return [line.plain.strip() for line in pod_lines(Paint(LOOKS[DEFAULT], glyphs_for({})), plan)]


def test_lots_are_counted_and_named_and_what_is_held_is_told_one_by_one_the_worst_first() -> None:
    no = Reason(Answer.NO, "budgets", "the budget allows 0")
    decide = Reason(Answer.DECIDE, "emptydir", "its data goes", decision="emptydir")
    many = [Prospect(Ref("pod", f"w{n}", "s"), A, "moves", "moves", "move") for n in range(6)]
    found = lines(
        *many,
        Prospect(Ref("pod", "x", "s"), A, "moves", "moves", "move", (decide,)),
        Prospect(Ref("pod", "y", "s"), A, "waits", "waits", "wait", (no,)),
    )
    assert found[:4] == ["what happens", "1 wait  y", "7 move  w0, w1, w2, w3 and 3 more", "pod by pod"]
    assert "s/y  waits: the budget allows 0" in found[4]
    assert "s/x  moves: its data goes" in found[5]


def test_which_nodes_go_together_stands_there_for_several() -> None:
    together = Together(((A,), (B,)), {A: Answer.SAFE, B: Answer.SAFE})
    assert lines(together=together) == [
        "which nodes together",
        "node1, then node2, each when all of the one before is back",
    ]
    assert lines() == []
