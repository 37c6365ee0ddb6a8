"""The plan of a run: every system's verdict and steps as one graph, and who else holds what is needed.

Owns the merge and its checks (ids, `after`, phases) and when a plan may start. A hook that raises, or whose rows cannot
be read, makes the verdict UNKNOWN and is named. Refuses to change anything.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, Protocol

from console.clock import Clock
from console.errors import Refused, SourceError
from console.format import duration
from console.model import Answer, InstanceId, NodeName, Prospect, Reason, Verdict
from console.offers import LeaseRecord, LeaseStore
from console.plugin import Facts, Hooks, Instance, Plugin, Right, Table, Target
from console.text import clean
from console.workflow.steps import Step
from console.workflow.together import MOST, Together, sort

EXIT = {Answer.SAFE: 0, Answer.DECIDE: 3, Answer.NO: 4, Answer.UNKNOWN: 5}
_WITHIN = 30.0
_SILENT = 3.0
"""So many durations of its lease without renewal, and a runner is spoken of as gone; clocks may differ by some."""
ABANDONED = "abandoned-run"
"""The decision to begin a run although another one of the same node was left unfinished."""


class Wanted(Protocol):
    """A demand for rows, until it is closed."""

    @property
    def close(self) -> Any: ...


class Kernel(Protocol):
    """What plans and runs need of console.runtime.Runtime."""

    @property
    def clock(self) -> Clock: ...

    @property
    def instances(self) -> Sequence[Instance]: ...

    def plugin(self, instance: InstanceId, /) -> Plugin: ...

    def facts(self, instance: InstanceId, /) -> Facts: ...

    def client(self, instance: InstanceId, /) -> Awaitable[Any]: ...

    def want(self, instance: InstanceId, table: Table[Any], /) -> Wanted: ...

    async def ready(self, instance: InstanceId, tables: Iterable[Table[Any]], /, within: float) -> list[str]: ...

    async def changed(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One instance's share of a plan."""

    instance: InstanceId
    verdict: Verdict
    steps: tuple[Step, ...] = ()
    proof: Mapping[str, str] = field(default_factory=dict[str, str])
    prospects: tuple[Prospect, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would meet and do. `held`: leases of others that stand in the way or tell who is out."""

    target: Target
    at: float
    took: float
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    kernel: Verdict = field(default_factory=Verdict)
    """What the kernel itself has to say: leases, nodes that are out, systems that could not be judged."""
    held: tuple[LeaseRecord, ...] = ()
    together: Together | None = None
    """Of several nodes: which may go together, by all systems. None for one node, or where nobody could say."""

    @property
    def prospects(self) -> tuple[Prospect, ...]:
        """What becomes of each thing on the nodes, of all systems."""
        return tuple(each for part in self.parts for each in part.prospects)

    @property
    def verdict(self) -> Verdict:
        return Verdict.merged([self.kernel, *(part.verdict for part in self.parts)])

    @property
    def undecided(self) -> tuple[Reason, ...]:
        """Decisions that nobody has taken."""
        return tuple(reason for reason in self.verdict.decisions if reason.decision not in self.target.decisions)

    @property
    def exit_code(self) -> int:
        """0 safe (or all decisions taken), 3 decisions needed, 4 no, 5 unknown."""
        answer = self.verdict.answer
        return 0 if answer is Answer.DECIDE and not self.undecided else EXIT[answer]

    @property
    def rights(self) -> tuple[Right, ...]:
        """Every right that a step needs, once."""
        return tuple(dict.fromkeys(right for step in self.steps for right in step.rights))

    @property
    def proof(self) -> dict[str, str]:
        """All systems' proofs, keyed by instance where there are several."""
        return {f"{part.instance}: {key}": value for part in self.parts for key, value in part.proof.items()}


async def make(
    kernel: Kernel, target: Target, *, leases: LeaseStore | None = None, most_out: int = 1, within: float = _WITHIN
) -> Plan:
    """Ask every system with hooks, and the leases. Never raises for what a system or a store does."""
    began, at = kernel.clock.monotonic(), kernel.clock.now()
    asked = _Asked(kernel, target, within)
    try:
        parts = [await asked.part(instance.id) for instance in list(kernel.instances) if _has_hooks(kernel, instance)]
        together = asked.together() if len(parts) == len(asked.judges) else None
    finally:
        asked.close()
    reasons, held = await _leases(leases, target, most_out, at)
    steps = [step for part in parts for step in part.steps]
    try:
        merged = merge(steps)
    except ValueError as error:
        reasons.append(Reason(Answer.UNKNOWN, "plan", f"the steps do not make a graph: {error}"))
        merged = ()
    if not parts:
        reasons.append(Reason(Answer.UNKNOWN, "plan", "no system with a drain hook is connected"))
    took = kernel.clock.monotonic() - began
    return Plan(target, at, took, tuple(parts), merged, Verdict(tuple(reasons)), held, together)


def _has_hooks(kernel: Kernel, instance: Instance) -> bool:
    return kernel.plugin(instance.id).hooks is not None


class _Asked:
    """The systems that are asked for one plan; their rows are wanted until `close`."""

    def __init__(self, kernel: Kernel, target: Target, within: float) -> None:
        self._kernel = kernel
        self._target = target
        self._within = within
        self._wants: list[Wanted] = []
        self.judges: list[Callable[[Target], Verdict]] = []
        """One a system that could be judged."""

    async def part(self, instance: InstanceId) -> Part:
        """One system's share; what it cannot say is UNKNOWN."""
        kernel, target = self._kernel, self._target
        try:
            deferred = kernel.plugin(instance).hooks
            assert deferred is not None  # noqa: S101 - the caller looked
            hooks: Hooks = deferred.load()
            self._wants += [kernel.want(instance, table) for table in hooks.reads]
            problems = await kernel.ready(instance, hooks.reads, self._within)
            if problems:
                return Part(instance, Verdict(tuple(_unread(instance, problem) for problem in problems)))
            facts = kernel.facts(instance)
            verdict, steps = hooks.verdict(facts, target), tuple(hooks.steps(facts, target))
            verdict = await self._completed(instance, hooks, facts, verdict)
            made = Part(instance, verdict, steps, hooks.proof(facts, target), tuple(hooks.prospects(facts, target)))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; what it hides is unknown, so unsafe
            text = clean(f"the hooks of {instance} failed: {type(error).__name__}: {error}", 400)
            return Part(instance, Verdict((Reason(Answer.UNKNOWN, instance.system, text),)))
        self.judges.append(lambda asked: hooks.verdict(facts, asked))
        return made

    async def _completed(self, instance: InstanceId, hooks: Hooks, facts: Facts, found: Verdict) -> Verdict:
        """The verdict with what only the system itself can tell; where that fails, it says so."""
        try:
            async with asyncio.timeout(self._within):
                return await hooks.asked(await self._kernel.client(instance), facts, self._target, found)
        except TimeoutError:
            text = f"{instance} did not answer within {self._within:.0f} s"
        except SourceError as error:
            text = f"{instance} could not be asked: {error}"
        return Verdict((*found.reasons, Reason(Answer.UNKNOWN, instance.system, text)))

    def together(self) -> Together | None:
        """Which of several nodes may go together, by all systems at once."""
        nodes = self._target.nodes
        if self._target.run != "drain" or not self.judges or not 1 < len(nodes) <= MOST:
            return None

        def judge(some: tuple[NodeName, ...]) -> Answer:
            whole = self._target
            asked = Target(whole.run, some, whole.options, whole.decisions)
            return Verdict.merged(judge(asked) for judge in self.judges).answer

        try:
            return sort(nodes, judge)
        except Exception:  # noqa: BLE001 - plugin code; that it fails was said by its part, or will be by the next plan
            return None

    def close(self) -> None:
        """The rows are wanted no longer."""
        for want in self._wants:
            want.close()


def _unread(instance: InstanceId, problem: str) -> Reason:
    return Reason(Answer.UNKNOWN, instance.system, f"{instance} could not be read: {problem}")


async def _leases(
    leases: LeaseStore | None, target: Target, most_out: int, now: float
) -> tuple[list[Reason], tuple[LeaseRecord, ...]]:
    if leases is None:
        return [Reason(Answer.UNKNOWN, "leases", "no platform keeps leases: runs are not possible")], ()
    try:
        records = [record for record in await leases.list() if record.holder]
    except SourceError as error:
        return [Reason(Answer.UNKNOWN, "leases", f"who holds what could not be read: {error}")], ()
    out = {record.holder: record for record in records if record.name.startswith("out-")}
    wanted = {f"node-{node}": node for node in target.nodes}
    held = [record for record in records if record.name in wanted]
    reasons = [_holds(record, wanted[record.name], now) for record in held]
    fresh = [node for node in target.nodes if node not in out]
    if target.run == "drain" and len(out) + len(fresh) > most_out:
        names = ", ".join(f"{node} ({record.note})" for node, record in out.items()) or "none"
        advice = "rejoin it, or `pilothouse runs release` it if it is gone for good"
        text = f"{most_out} node{'s' if most_out > 1 else ''} may be out, {len(fresh)} more would be; "
        text += f"out now: {names}; {advice}"
        reasons.append(Reason(Answer.NO, "out", text))
    return reasons, (*held, *out.values())


def _holds(record: LeaseRecord, node: str, now: float) -> Reason:
    """A lease of a node: of a runner at work, or left by one that died.

    The stamp is the holder's clock, so it only chooses the words: a new run takes nothing over before it has itself
    watched the lease stand still (console.workflow.lease).
    """
    silent = now - record.renewed_at
    run = re.match(r"run (\S+)", record.note)
    if not record.renewed_at or silent <= _SILENT * record.duration:
        return Reason(Answer.NO, "leases", f"{node} is held by {record.holder} ({record.note})")
    who = f"{record.note}, whose runner {record.holder} was last heard {duration(silent)} ago"
    if run is None:
        return Reason(Answer.DECIDE, "leases", f"{node} is held by {who}", decision=ABANDONED)
    advice = f"resume it (`pilothouse runs resume {run[1]}`), or abort it (`pilothouse runs abort {run[1]}`)"
    text = f"{node} belongs to {who}: {advice}; a new run beside it waits until that lease has run out"
    return Reason(Answer.DECIDE, "leases", text, decision=ABANDONED)


def merge(steps: Sequence[Step]) -> tuple[Step, ...]:
    """All steps in an order in which they could be done one by one: by phase, and `after` within it.

    Raises ValueError for two steps of one id, an `after` that names nobody or a later phase, and circles.
    """
    known = {step.id: step for step in steps}
    if len(known) != len(steps):
        twice = next(step.id for step in steps if sum(other.id == step.id for other in steps) > 1)
        raise ValueError(f"two steps are called {twice}")
    for step in steps:
        for before in step.after:
            if before not in known:
                raise ValueError(f"{step.id} comes after {before}, which is not there")
            if known[before].phase > step.phase:
                raise ValueError(f"{step.id} ({step.phase.name}) comes after {before}, which is of a later phase")
    try:
        order = list(TopologicalSorter({step.id: step.after for step in steps}).static_order())
    except CycleError as error:
        raise ValueError(f"a circle: {' -> '.join(error.args[1])}") from error
    position = {name: number for number, name in enumerate(order)}
    return tuple(sorted(steps, key=lambda step: (step.phase, position[step.id])))


def refuse(plan: Plan) -> None:
    """Raise Refused where a run of this plan may not start, with every reason."""
    answer = plan.verdict.answer
    if plan.exit_code == 0 and plan.steps:
        return
    if plan.exit_code == EXIT[Answer.DECIDE]:
        reasons, advice = plan.undecided, "decide each: --decide " + ",".join(_decisions(plan.undecided))
    else:
        reasons = tuple(reason for reason in plan.verdict.reasons if reason.answer is answer)
        advice = "nothing was changed; see the plan"
    words = "; ".join(str(reason) for reason in reasons) or "there is nothing to do"
    raise Refused(f"{plan.target.run} {', '.join(plan.target.nodes)}: {answer.value}: {words}", next_step=advice)


def _decisions(reasons: Iterable[Reason]) -> list[str]:
    return list(dict.fromkeys(reason.decision for reason in reasons))
