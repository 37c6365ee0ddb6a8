"""The old Node goes: its kubelet is silent first, what the Node held is remembered, then this Node alone is deleted."""

from __future__ import annotations

from collections.abc import Mapping

from console.errors import NotFound
from console.format import duration
from console.plugin import Json
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.joining.stories import Way, as_text, leaving
from plugins.kubernetes.maintenance.identity import kept
from plugins.kubernetes.maintenance.objects import node_path, part
from plugins.kubernetes.model import tables


def _name(ctx: Ctx) -> str:
    return str(ctx.step.params["node"])


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _silent(ctx: Ctx) -> Outcome:
    """NotReady says that the control plane no longer hears it: some 40 s after the kubelet has stopped."""
    name, way = _name(ctx), Way(str(ctx.step.params["way"]))
    node = ctx.facts.get(tables.NODES, name)
    if node is None:
        return Done(f"there is no Node {name} any more")
    if node.ready is True:
        words = "; ".join(line for block in leaving(way) for line in block.lines)
        return Wait(f"{name} is still Ready; on {name}: `{words}`; 40 s later it is seen as NotReady", 5.0)
    since = f" for {duration(ctx.now - node.ready_since)}" if node.ready_since else ""
    return Done(f"{name} is {node.state}{since}")


async def _may_go(ctx: Ctx) -> Outcome:
    name, uid = _name(ctx), str(ctx.step.params["uid"])
    node = ctx.facts.get(tables.NODES, name)
    if node is None:
        return Done(f"there is no Node {name} any more")
    if uid and node.uid != uid:
        return Done(f"the old Node is gone; another {name} has joined since")
    if not uid:
        return Stop(f"a Node {name} appeared that was not there when this was planned", "abort, then plan again")
    if node.ready is True:
        return Wait(f"{name} is Ready again: its kubelet must stay stopped", 5.0)
    return Go()


async def _held(ctx: Ctx) -> Mapping[str, Json]:
    """All that a person or a tool gave to the Node, for the one that comes after it."""
    node = await ctx.client.get(node_path(_name(ctx)))
    meta = part(node, "metadata")
    spec: dict[str, Json] = part(node, "spec")
    return {
        "uid": str(meta.get("uid", "")),
        "labels": part(meta, "labels"),
        "annotations": dict(kept(part(meta, "annotations"))),
        "taints": spec.get("taints") or [],
        "unschedulable": spec.get("unschedulable") is True,
    }


async def _delete(ctx: Ctx) -> str:
    name = _name(ctx)
    try:
        await ctx.client.delete(node_path(name), uid=str(ctx.step.params["uid"]))
    except NotFound:
        return "gone already"
    return f"Node {name} is deleted"


async def _gone(ctx: Ctx) -> Outcome:
    node = ctx.facts.get(tables.NODES, _name(ctx))
    if node is None or node.uid != ctx.step.params["uid"]:
        return Done(f"Node {_name(ctx)} is deleted")
    return Wait(f"waits to see Node {_name(ctx)} gone", 2.0)


async def _instructions(ctx: Ctx) -> str:
    return as_text(_name(ctx), leaving(Way(str(ctx.step.params["way"]))))


SILENT = StepKind(guard=_go, until=_silent, instructions=_instructions)
DELETE = StepKind(guard=_may_go, until=_gone, act=_delete, remember=_held)
