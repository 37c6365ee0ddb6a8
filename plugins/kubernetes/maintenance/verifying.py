"""Nothing is left on the node but what belongs to it, and what waits for it is named."""

from __future__ import annotations

from console.plugin import Index
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Wait
from plugins.kubernetes.checks.fates import Fate, pinned
from plugins.kubernetes.checks.standing import standing
from plugins.kubernetes.checks.words import listed, pods
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod

UNPLACED: Index[Pod] = Index(tables.PODS, "unplaced", lambda pod: () if pod.node or pod.finished else ("yes",))
"""Pods that have no node yet; kept by the store, so that a look does not scan all pods."""
_STAYS = (Fate.DAEMON, Fate.STATIC)


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _empty(ctx: Ctx) -> Outcome:
    node = str(ctx.step.params["node"])
    stand = standing((node,), ctx.facts)
    left = [pod for pod, its in stand.pods if its not in _STAYS]
    if left:
        return Wait(f"{pods(len(left))} left on {node}: {listed([pod.key for pod in left])}", 5.0)
    waiting = waiting_for(ctx, node)
    words = f"; {listed([pod.name for pod in waiting])} wait for it" if waiting else ""
    return Done(f"no pod left but {len(stand.of(*_STAYS))} of the node's own{words}")


def waiting_for(ctx: Ctx, node: str) -> list[Pod]:
    """Pods without a node whose volumes lie on this one."""
    row = ctx.facts.get(tables.NODES, node)
    host = dict(row.labels).get("kubernetes.io/hostname", node) if row else node
    found = [
        pod for pod in ctx.facts.by(UNPLACED, "yes") if any(host in volume.hosts for volume in pinned(pod, ctx.facts))
    ]
    return sorted(found, key=lambda pod: pod.key)


VERIFY = StepKind(guard=_go, until=_empty)
