"""The verdict of a drain or a rejoin, and the look before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.model import Answer, Member, NodeName, Prospect, Reason, Ref, Verdict
from console.plugin import Facts, Target
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.checks import verdict as checks
from plugins.kubernetes.checks.standing import standing
from plugins.kubernetes.checks.wishes import wishes
from plugins.kubernetes.joining.stories import Way
from plugins.kubernetes.maintenance import replacing
from plugins.kubernetes.maintenance.ways import way_of
from plugins.kubernetes.model import marks, tables
from plugins.kubernetes.model.sets import STATEFUL_KINDS

FOREIGN_CORDON = "foreign-cordon"


def verdict(facts: Facts, target: Target) -> Verdict:
    """What the run would meet."""
    if target.run == "drain":
        return checks.verdict(facts, target)
    if target.run == "rejoin" and way_of(target) is not Way.REBOOTED:
        return Verdict(tuple(checks.unread(facts)) or tuple(replacing.reasons(facts, target)))
    if target.run == "rejoin":
        return Verdict(tuple(checks.unread(facts)) or tuple(_back(facts, target)))
    return Verdict((Reason(Answer.UNKNOWN, "plan", f"Kubernetes knows no run `{target.run}`"),))


def prospects(facts: Facts, target: Target) -> Sequence[Prospect]:
    """What a drain does to each pod; a rejoin moves none."""
    return checks.pods(facts, target) if target.run == "drain" else ()


def _back(facts: Facts, target: Target) -> Iterator[Reason]:
    for name in target.nodes:
        node, subject = facts.get(tables.NODES, name), Ref("node", name)
        if node is None:
            text = f"there is no node {name}: a node that was deleted must join again first"
            yield Reason(Answer.UNKNOWN, "nodes", text, subject)
        elif node.cordoned and not marks.mark(node.marks, marks.RUN):
            who = marks.holder(node.marks) or "somebody who left no mark"
            text = f"{name} was cordoned by {who}, not by a run: uncordoning it is your decision"
            yield Reason(Answer.DECIDE, "cordon", text, subject, decision=FOREIGN_CORDON)
        else:
            state = "" if node.ready else "; it is not ready yet, the run waits for it"
            yield Reason(Answer.SAFE, "nodes", f"{name} is {node.state}{state}", subject)


def members(facts: Facts, node: NodeName) -> Sequence[Member]:
    """The members of sets that stand on the node."""
    found: list[Member] = []
    for pod in facts.by(tables.PODS_BY_NODE, node):
        if pod.owner is not None and pod.owner.kind in STATEFUL_KINDS:
            ref = Ref("pod", pod.name, pod.namespace, pod.uid)
            found.append(Member(facts.instance, pod.name, node, ref, pod.owner.name, pod.healthy))
    return found


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _look(ctx: Ctx) -> Outcome:
    """The plan's question once more, right before the first change."""
    now = verdict(ctx.facts, ctx.target)
    leading = now.leading
    open_ = [reason for reason in now.decisions if reason.decision not in ctx.target.decisions]
    if leading is None or (now.answer in {Answer.SAFE, Answer.DECIDE} and not open_):
        pods = len(standing(ctx.target.nodes, ctx.facts, wishes(ctx.target).selector).evicted)
        return Done(f"{now.answer.value}: {pods} pods to evict")
    if now.answer is Answer.DECIDE:
        return Stop(f"a decision is needed that was not there when the run began: {open_[0].text}", open_[0].decision)
    return Wait(str(leading), 5.0)


PREFLIGHT = StepKind(guard=_go, until=_look)


async def _answered_guard(ctx: Ctx) -> Outcome:
    done = await _answered(ctx)
    return done if isinstance(done, Done) else Go()


async def _answered(ctx: Ctx) -> Outcome:
    """A webhook's backends were moved: the others may only go when one of them is ready elsewhere."""
    service = str(ctx.step.params["service"])
    slices = ctx.facts.by(tables.SLICES_BY_SERVICE, service)
    ready = sorted({one.node for each in slices for one in each.endpoints if one.ready} - set(ctx.target.nodes))
    if ready:
        return Done(f"{service} has a ready backend on {ready[0]}")
    return Wait(f"waits for a backend of {service} to be ready on another node: its webhook would fail meanwhile", 2.0)


ANSWERED = StepKind(guard=_answered_guard, until=_answered)
