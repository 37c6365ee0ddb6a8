"""What the tests of verdicts share: small clusters, and a verdict by topic."""

from __future__ import annotations

from typing import Any

from console.model import Answer, Reason, Verdict
from console.plugin import Target
from plugins.kubernetes.checks.verdict import verdict
from tests.plugins.kubernetes.rows import World, member, node, stateful_set

SAFE, DECIDE, NO, UNKNOWN = Answer.SAFE, Answer.DECIDE, Answer.NO, Answer.UNKNOWN


def judged(world: World, *nodes: str, **options: Any) -> Verdict:
    return verdict(world.facts, Target("drain", nodes or ("n1",), options))  # type: ignore[arg-type]


def about(found: Verdict, topic: str) -> list[Reason]:
    return [reason for reason in found.reasons if reason.topic == topic]


def cluster(*names: str) -> World:
    return World().put("nodes", *(node(name) for name in names or ("n1", "n2", "n3")))


def spread(world: World, **more: Any) -> World:
    """A set of three with a member on each node."""
    world.put("statefulsets", stateful_set(**more))
    return world.put("pods", *(member(number, f"n{number + 1}") for number in range(3)))
