"""Cordon and uncordon: remembered, marked with who and why, and put back only where it is still ours."""

from __future__ import annotations

from collections.abc import Mapping

from console.errors import Permanent
from console.plugin import Json
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.maintenance.identity import kept
from plugins.kubernetes.maintenance.judging import FOREIGN_CORDON
from plugins.kubernetes.maintenance.objects import (
    WAS,
    cordon_patch,
    no_marks,
    node_path,
    ours,
    out_marks,
    part,
    run_of,
    unschedulable,
)
from plugins.kubernetes.model import marks, tables
from plugins.kubernetes.model.nodes import Node


def node_of(ctx: Ctx) -> Node | None:
    """The row of the step's node."""
    return ctx.facts.get(tables.NODES, str(ctx.step.params["node"]))


def _name(ctx: Ctx) -> str:
    return str(ctx.step.params["node"])


async def _read(ctx: Ctx) -> dict[str, Json]:
    """The node as the server has it now. Raises Permanent where it is another one of the same name."""
    node: dict[str, Json] = await ctx.client.get(node_path(_name(ctx)))
    uid = str(ctx.step.params.get("uid") or "")
    if uid and part(node, "metadata").get("uid") != uid:
        raise Permanent(f"{_name(ctx)} is another node than the one that was planned for", next_step="plan again")
    return node


async def _cordon_guard(ctx: Ctx) -> Outcome:
    node = node_of(ctx)
    if node is None:
        return Stop(f"there is no node {_name(ctx)}")
    if node.cordoned and marks.mark(node.marks, marks.RUN) == ctx.run:
        return Done("cordoned by this run")
    return Go()


async def _before(ctx: Ctx) -> Mapping[str, Json]:
    """What was there: also labels and taints, for a node that comes back as a new one."""
    node = await _read(ctx)
    spec: dict[str, Json] = part(node, "spec")
    return {
        "unschedulable": unschedulable(node),
        "marks": ours(node),
        "labels": part(node, "metadata", "labels"),
        "annotations": kept(part(node, "metadata", "annotations")),
        "taints": spec.get("taints") or [],
    }


async def _cordon(ctx: Ctx) -> str:
    node = await _read(ctx)
    if unschedulable(node) and run_of(node) == ctx.run:
        return "cordoned by this run already"
    was = bool(ctx.memory[""].get("unschedulable"))
    patch = cordon_patch(node, wanted=True, annotations=out_marks(ctx, was=was))
    await ctx.client.patch(node_path(_name(ctx)), patch)
    return "was: cordoned" if was else "was: schedulable"


async def _cordoned(ctx: Ctx) -> Outcome:
    node = node_of(ctx)
    if node is not None and node.cordoned:
        return Done("was: cordoned" if ctx.memory[""].get("unschedulable") else "was: schedulable")
    return Wait(f"waits to see the cordon of {_name(ctx)}", 2.0)


async def _restore(ctx: Ctx) -> str:
    """Put back what was there, unless somebody else has taken the node since."""
    node = await _read(ctx)
    if run_of(node) != ctx.run:
        return f"left as it is: the mark on {_name(ctx)} is not this run's any more"
    before = ctx.memory[""]
    was = bool(before.get("unschedulable"))
    old = before.get("marks")
    back = no_marks() | {key: str(value) for key, value in (old.items() if isinstance(old, Mapping) else ())}
    await ctx.client.patch(node_path(_name(ctx)), cordon_patch(node, wanted=was, annotations=back))
    return "cordoned, as it was" if was else "schedulable again"


async def _uncordon_guard(ctx: Ctx) -> Outcome:
    node = node_of(ctx)
    if node is None:
        return Stop(f"there is no node {_name(ctx)}")
    if not marks.mark(node.marks, marks.RUN):
        if not node.cordoned:
            return Done("schedulable already")
        if FOREIGN_CORDON not in ctx.target.decisions:
            who = marks.holder(node.marks) or "somebody who left no mark"
            return Stop(f"{_name(ctx)} was cordoned by {who}, not by a run", "uncordon it yourself, or skip this")
    return Go() if node.ready else Wait(f"{_name(ctx)} is {node.state}", 5.0)


async def _back_before(ctx: Ctx) -> Mapping[str, Json]:
    node = await _read(ctx)
    return {"unschedulable": unschedulable(node), "marks": ours(node)}


def _stays_cordoned(held: Mapping[str, Json]) -> bool:
    """Whether it was cordoned before the drain that took it out."""
    return held.get(WAS) == "true"


async def _uncordon(ctx: Ctx) -> str:
    node = await _read(ctx)
    held = ours(node)
    stays = _stays_cordoned(held)
    if not held and not unschedulable(node):
        return "schedulable already"
    await ctx.client.patch(node_path(_name(ctx)), cordon_patch(node, wanted=stays, annotations=no_marks()))
    return "cordoned, as it was before the drain" if stays else "schedulable again"


async def _uncordoned(ctx: Ctx) -> Outcome:
    node, old = node_of(ctx), ctx.memory[""].get("marks")
    stays = _stays_cordoned(old) if isinstance(old, Mapping) else False
    if node is not None and node.cordoned is stays and not marks.mark(node.marks, marks.RUN):
        return Done("cordoned, as it was before the drain" if stays else "schedulable again")
    return Wait(f"waits to see {_name(ctx)} schedulable", 2.0)


async def _out_again(ctx: Ctx) -> str:
    """The rejoin was aborted: the node is out as before."""
    node = await _read(ctx)
    if run_of(node):
        return "left as it is: a run has marked it"
    before = ctx.memory[""]
    old = before.get("marks")
    back: dict[str, str | None] = {k: str(v) for k, v in (old.items() if isinstance(old, Mapping) else ())}
    wanted = bool(before.get("unschedulable"))
    await ctx.client.patch(node_path(_name(ctx)), cordon_patch(node, wanted=wanted, annotations=back))
    return "cordoned again" if wanted else "as it was"


CORDON = StepKind(guard=_cordon_guard, until=_cordoned, act=_cordon, undo=_restore, remember=_before)
UNCORDON = StepKind(guard=_uncordon_guard, until=_uncordoned, act=_uncordon, undo=_out_again, remember=_back_before)
