"""Nothing is left on the node but what belongs to it, and each pod that cannot live elsewhere is accounted for."""

from __future__ import annotations

from collections.abc import Iterator

from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Wait
from plugins.kubernetes.checks.fates import Fate, waiting_for
from plugins.kubernetes.checks.standing import standing
from plugins.kubernetes.checks.wishes import wishes
from plugins.kubernetes.checks.words import listed, pods
from plugins.kubernetes.model import tables

PINNED = "pinned"
"""Parameter of the step: the pods (`namespace/name`) whose volumes lie on the node, as they were planned."""
_STAYS = (Fate.DAEMON, Fate.STATIC)
_ORDERED = "OrderedReady"


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _empty(ctx: Ctx) -> Outcome:
    node, asked = str(ctx.step.params["node"]), wishes(ctx.target)
    stand = standing((node,), ctx.facts, asked.selector)
    rest = [pod for pod, its in stand.pods if its not in _STAYS]
    left = [pod for pod in rest if not asked.leaves_behind(pod, ctx.now)]
    if left:
        return Wait(f"{pods(len(left))} left on {node}: {listed([pod.key for pod in left])}", 5.0)
    missing = list(_missing(ctx, node))
    if missing:
        return Wait(f"not accounted for: {listed(missing)}", 5.0)
    waiting = waiting_for(ctx.facts, node)
    words = f"; {listed([pod.name for pod in waiting])} wait for it" if waiting else ""
    behind = f"; {pods(len(rest))} not waited for: {listed([pod.key for pod in rest])}" if rest else ""
    return Done(f"no pod left but {len(stand.of(*_STAYS))} of the node's own{words}{behind}")


def _missing(ctx: Ctx, node: str) -> Iterator[str]:
    """Pods that were planned to wait for the node and are not seen to do so, each with what is known."""
    named = ctx.step.params.get(PINNED)
    for key in named if isinstance(named, list | tuple) else ():
        pod = ctx.facts.get(tables.PODS, str(key))
        if pod is not None and (not pod.node or pod.node != node):
            continue  # it waits, or it found another place
        if pod is None and _comes_later(ctx, str(key)):
            continue
        yield f"{key} is not made again yet" if pod is None else f"{key} is on {node} again"


def _comes_later(ctx: Ctx, key: str) -> bool:
    """Whether its set makes it only when members before it are ready (OrderedReady), or does not want it any more."""
    namespace, _, name = key.partition("/")
    base, _, tail = name.rpartition("-")
    if not tail.isdigit():
        return False
    for one in ctx.facts.rows(tables.SETS).values():
        if one.namespace != namespace or one.name != base:
            continue
        if int(tail) >= one.replicas:
            return True
        before = [ctx.facts.get(tables.PODS, f"{namespace}/{base}-{number}") for number in range(int(tail))]
        return one.policy == _ORDERED and any(pod is None or not pod.healthy for pod in before)
    return True  # its set is gone: nobody makes it again


VERIFY = StepKind(guard=_go, until=_empty)
