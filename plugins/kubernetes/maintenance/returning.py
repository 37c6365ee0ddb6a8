"""The way back of a node that only rebooted: Ready with a new heartbeat, its own pods up, what waited for it whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from console.errors import Forbidden, NotFound
from console.format import age
from console.plugin import Json
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.checks.fates import waiting_for
from plugins.kubernetes.checks.words import listed, pods
from plugins.kubernetes.maintenance.objects import part
from plugins.kubernetes.model import tables

_HEARTBEAT = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def _name(ctx: Ctx) -> str:
    return str(ctx.step.params["node"])


async def _renewed(ctx: Ctx) -> str:
    """The kubelet's last sign of life, by its own clock; empty where we may not read it."""
    try:
        lease = await ctx.client.get(f"{_HEARTBEAT}/{_name(ctx)}")
    except (Forbidden, NotFound):
        return ""
    return str(part(lease, "spec").get("renewTime") or "")


def _when(stamp: str, now: float) -> str:
    """`4s ago`; a time that cannot be read is said as it is written."""
    try:
        return f"{age(datetime.fromisoformat(stamp).timestamp(), now)} ago"
    except ValueError:
        return stamp


async def _guard(ctx: Ctx) -> Outcome:
    if ctx.facts.get(tables.NODES, _name(ctx)) is None:
        return Stop(f"there is no node {_name(ctx)}")
    return Go()


async def _heartbeat(ctx: Ctx) -> Mapping[str, Json]:
    return {"renewed": await _renewed(ctx)}


async def _ready(ctx: Ctx) -> Outcome:
    """Ready may be left over from before a quick reboot, so a heartbeat newer than the one remembered is asked for."""
    node = ctx.facts.get(tables.NODES, _name(ctx))
    if node is None:
        return Stop(f"node {_name(ctx)} was deleted")
    if node.ready is not True:
        return Wait(f"waits for {node.name} to be Ready, it is {node.state}", 5.0)
    daemons = [pod for pod in ctx.facts.by(tables.PODS_BY_NODE, node.name) if pod.daemon]
    down = [pod.name for pod in daemons if not pod.healthy]
    if down:
        return Wait(f"{len(daemons) - len(down)} of {len(daemons)} DaemonSet pods are ready: {listed(down)} not", 5.0)
    before, now = str(ctx.memory[""].get("renewed") or ""), await _renewed(ctx)
    if before and before == now:
        return Wait(f"{node.name} is Ready, waits for its next heartbeat (last {_when(now, ctx.now)})", 5.0)
    seen = f"heartbeat {_when(now, ctx.now)}" if now else "its heartbeat may not be read"
    return Done(f"Ready, {seen}, {len(daemons)} DaemonSet pods ready")


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _whole(ctx: Ctx) -> Outcome:
    node = _name(ctx)
    waiting = waiting_for(ctx.facts, node)
    here = ctx.facts.by(tables.PODS_BY_NODE, node)
    starting = [pod for pod in here if not pod.healthy and not pod.finished and pod.deleted is None]
    if waiting:
        return Wait(f"{pods(len(waiting))} wait for {node}: {listed([pod.key for pod in waiting])}", 5.0)
    if starting:
        words = [f"{pod.key} is {pod.status}" for pod in starting]
        return Wait(f"{pods(len(starting))} on {node} not ready: {listed(words)}", 5.0)
    broken = [
        f"{one.namespace}/{one.name} {one.ready}/{one.replicas}"
        for one in ctx.facts.rows(tables.SETS).values()
        if one.ready < one.replicas and any(pod.node == node for pod in ctx.facts.by(tables.PODS_BY_OWNER, one.key))
    ]
    if broken:
        return Wait(f"sets with members on {node} are not whole: {listed(broken)}", 5.0)
    return Done(f"{pods(len(here))} on {node}, all ready; nothing waits for it")


READY = StepKind(guard=_guard, until=_ready, remember=_heartbeat)
WHOLE = StepKind(guard=_go, until=_whole)
