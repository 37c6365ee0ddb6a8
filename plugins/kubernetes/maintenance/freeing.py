"""A Released volume is made free: its reference to a claim that is gone is cleared, and a claim can bind it."""

from __future__ import annotations

from collections.abc import Mapping

from console.plugin import Json
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.maintenance.objects import part
from plugins.kubernetes.model import tables

RELEASED = "Released"


def _name(ctx: Ctx) -> str:
    return str(ctx.step.params["volume"])


def _path(ctx: Ctx) -> str:
    return f"/api/v1/persistentvolumes/{_name(ctx)}"


async def _may_free(ctx: Ctx) -> Outcome:
    volume = tables.volume(ctx.facts, _name(ctx))
    if volume is None or volume.uid != ctx.step.params["uid"]:
        return Stop(f"volume {_name(ctx)} is not the one that was planned for", "skip this")
    if volume.phase != RELEASED:
        return Done(f"it is {volume.phase}: nothing to clear")
    return Go()


async def _held(ctx: Ctx) -> Mapping[str, Json]:
    return {"claimRef": part(await ctx.client.get(_path(ctx)), "spec", "claimRef")}


async def _free(ctx: Ctx) -> str:
    """Only while it still refers to the claim that was shown; everything else of the volume stays."""
    found = await ctx.client.get(_path(ctx))
    claim = part(found, "spec", "claimRef")
    if not claim:
        return "cleared already"
    if claim.get("uid", "") != ctx.step.params["claim-uid"]:
        return "left as it is: another claim holds it by now"
    meta = {key: part(found, "metadata").get(key) for key in ("uid", "resourceVersion")}
    await ctx.client.patch(_path(ctx), {"metadata": meta, "spec": {"claimRef": None}})
    return f"no longer tied to {claim.get('namespace')}/{claim.get('name')}"


async def _freed(ctx: Ctx) -> Outcome:
    volume = tables.volume(ctx.facts, _name(ctx))
    if volume is not None and volume.phase == RELEASED:
        return Wait(f"waits to see {_name(ctx)} available", 2.0)
    return Done(f"{_name(ctx)} is {volume.phase if volume else 'gone'}")


async def _tie(ctx: Ctx) -> str:
    """Back to the claim that it had, where nobody has bound it since."""
    found = await ctx.client.get(_path(ctx))
    old = ctx.memory[""].get("claimRef")
    if part(found, "spec", "claimRef") or not old:
        return "left as it is: it is bound again"
    meta = {key: part(found, "metadata").get(key) for key in ("uid", "resourceVersion")}
    await ctx.client.patch(_path(ctx), {"metadata": meta, "spec": {"claimRef": old}})
    return "tied to its old claim again"


FREE = StepKind(guard=_may_free, until=_freed, act=_free, undo=_tie, remember=_held)
