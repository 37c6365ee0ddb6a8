"""Judging and acting: rules, and the hooks for drain and rejoin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from console.model import Finding, Member, NodeName, Presence, Prospect, Ref, Severity, Verdict
from console.plugin.rows import Facts, Table

R = TypeVar("R")
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


class Rule(Struct, Generic[R], frozen=True):
    """One thing that can be wrong. Evaluated again only for subjects of `reads` that changed."""

    id: str
    severity: Severity
    reads: Table[R]
    check: Callable[[Facts, R, float], Iterable[Finding]]


class Target(Struct, frozen=True):
    """What a plan is asked about: nodes, the kind of run (`drain`, `rejoin`), options and the decisions taken."""

    run: str
    nodes: tuple[NodeName, ...]
    options: Mapping[str, Json] = field(default_factory=dict[str, Json])
    decisions: frozenset[str] = frozenset()


async def _nothing_to_ask(_client: Any, _facts: Facts, _target: Target, found: Verdict) -> Verdict:
    return found


class Hooks(Struct, frozen=True):
    """What a system does when nodes leave and come back. Steps are data, their code is in `kinds` (workflow.steps).

    `reads` are the tables that must be complete before anything is judged: where one is not, the verdict is UNKNOWN.
    `proof(facts, target)` gives what must be the same before a drain and after the rejoin (`{"members ready": "3/3"}`):
    bounded, for it is kept in the journal, and under the same keys both times.
    """

    reads: tuple[Table[Any], ...]
    members: Callable[[Facts, NodeName], Sequence[Member]]
    verdict: Callable[[Facts, Target], Verdict]
    steps: Callable[[Facts, Target], Sequence[Any]]
    """Steps (console.workflow.steps.Step) for this target, each tagged with its phase."""
    kinds: Mapping[str, Any]
    """Step kinds (console.workflow.steps.StepKind) by the name that steps carry."""
    proof: Callable[[Facts, Target], Mapping[str, str]] = lambda _facts, _target: {}
    prospects: Callable[[Facts, Target], Sequence[Prospect]] = lambda _facts, _target: ()
    """What becomes of each single thing on the nodes, for people who want to see it all before they begin."""
    present: Callable[[Facts, Target, Sequence[Ref]], Sequence[Presence]] = lambda _facts, _target, _named: ()
    """What stands on the nodes now, or waits for them, for the board; asked again and again while a run is on its way.

    The references are what the run's steps name (with uid): each is told of where it can be, also when it is gone.
    """
    asked: Callable[[Any, Facts, Target, Verdict], Awaitable[Verdict]] = _nothing_to_ask
    """The verdict of a plan, completed by what only a server can tell (etcd's quorum): client, facts, target, verdict.

    Asked once a plan, never by the *can go?* column. What cannot be asked is a reason of its own; it must not raise.
    """
