"""The eviction of one pod: never of another with the same name, never against a budget, done only when it is gone.

Rules (docs: drain): a fresh look at uid and node before every try; the request names the uid; where the budget is seen
to allow nothing, nothing is asked and its change is waited for; Retry-After is honoured.
"""

from __future__ import annotations

from console.errors import NotFound, Permanent, Temporary
from console.format import duration
from console.plugin import Facts
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.checks.budgeting import budgets_of
from plugins.kubernetes.maintenance.objects import part, pod_path
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.model.pods import Pod

_RETRY = 5.0
_TURN = 15.0
_OVERDUE = 30.0
_SHOWN = 2


def _key(ctx: Ctx) -> str:
    return f"{ctx.step.params['namespace']}/{ctx.step.params['pod']}"


def _pod(ctx: Ctx) -> Pod | None:
    """The pod that was planned for: same uid, still on the node."""
    pod = ctx.facts.get(tables.PODS, _key(ctx))
    params = ctx.step.params
    return pod if pod is not None and pod.uid == params["uid"] and pod.node == params["node"] else None


async def _guard(ctx: Ctx) -> Outcome:
    pod = _pod(ctx)
    if pod is None:
        return Done(_gone(ctx))
    if pod.deleted is not None or pod.finished or pod.phase == "Pending":
        return Go()
    budgets = budgets_of(pod, ctx.facts)
    if len(budgets) > 1:
        names = " and ".join(sorted(budget.name for budget in budgets))
        return Stop(f"{pod.key} is under two budgets, {names}: the server refuses every eviction of it")
    if budgets and not _allows(budgets[0], pod):
        return Wait(f"budget {_blocked(budgets[0], ctx.facts)}", _RETRY)
    if budgets and pod.ready and (first := _turn(budgets[0], pod, ctx)):
        return Wait(f"budget {budgets[0].key} allows {budgets[0].allowed} at a time, {first} goes first", _RETRY)
    return Go()


def _turn(budget: Budget, pod: Pod, ctx: Ctx) -> str:
    """Who goes before this pod: as many as the budget allows try at once, or all but one would be refused.

    The order turns with time, so that one that cannot go (skipped, stuck) holds nobody up for long.
    """
    peers = [
        other.name
        for name in ctx.target.nodes
        for other in ctx.facts.by(tables.PODS_BY_NODE, name)
        if other.namespace == pod.namespace and other.healthy and budget.selects(dict(other.labels))
    ]
    if len(peers) <= budget.allowed:
        return ""
    peers.sort()
    first = int(ctx.now / _TURN) % len(peers)
    order = peers[first:] + peers[:first]
    return "" if pod.name in order[: budget.allowed] else order[0]


def _allows(budget: Budget, pod: Pod) -> bool:
    """Whether the server would let it go, by the same numbers that the server uses."""
    if not budget.settled:
        return False
    if not pod.ready:
        return budget.unhealthy == "AlwaysAllow" or budget.healthy >= budget.desired > 0 or budget.allowed > 0
    return budget.allowed > 0


def _blocked(budget: Budget, facts: Facts) -> str:
    """Need and have, and which of its pods is why."""
    if not budget.settled:
        return f"{budget.key} is not judged yet: its controller has not seen its newest version"
    pods = facts.by(tables.PODS_BY_NAMESPACE, budget.namespace)
    sick = sorted(f"{p.name} is {p.status}" for p in pods if not p.healthy and budget.selects(dict(p.labels)))
    why = f", because {', '.join(sick[:_SHOWN])}" if sick else ""
    if budget.unsatisfiable:
        return f"{budget.key} lets none go for good: {budget.demand} of {budget.expected}"
    return f"{budget.key} needs {budget.desired} healthy, has {budget.healthy}{why}"


async def _evict(ctx: Ctx) -> str:
    namespace, name = str(ctx.step.params["namespace"]), str(ctx.step.params["pod"])
    uid, grace = str(ctx.step.params["uid"]), ctx.step.params.get("grace", -1)
    try:
        found = await ctx.client.get(pod_path(namespace, name))
    except NotFound:
        return "gone already"
    meta = part(found, "metadata")
    if meta.get("uid") != uid:
        return "gone already: a new pod has its name"
    if part(found, "spec").get("nodeName") != ctx.step.params["node"]:
        return "it is on another node"
    if meta.get("deletionTimestamp"):
        return "being deleted already"
    seconds = grace if isinstance(grace, int) and grace >= 0 else None
    answer = await ctx.client.evict(namespace, name, uid=uid, grace=seconds)
    match answer.outcome.value:
        case "accepted":
            return "evicted"
        case "gone":
            return "gone already"
        case "hand-over":
            return f"handed over: {answer.message}"
        case "several budgets":
            raise Permanent(f"{_key(ctx)}: {answer.message}", next_step="leave one budget that selects it, then retry")
        case "budget":
            needs = f" needs {answer.needed} healthy, has {answer.healthy}" if answer.needed is not None else ""
            text = f"budget {namespace}/{answer.budget}{needs}" if answer.budget and needs else answer.message
            raise Temporary(text, delay=max(answer.wait, _RETRY))
        case _:
            text = f"the API server asks for patience (its own limit, no budget): {answer.message}"
            raise Temporary(text, delay=max(answer.wait, 1.0))


async def _until(ctx: Ctx) -> Outcome:
    pod = _pod(ctx)
    if pod is None:
        return Done(_gone(ctx))
    if pod.deleted is None:
        since = f" {duration(ctx.now - ctx.started)} ago" if ctx.started else ""
        return Wait(f"{pod.key} was asked to go{since}, it is {pod.status}", _RETRY)
    late = ctx.now - pod.deleted  # the API sets the time at which it should be gone
    held = f"; held by {', '.join(pod.finalizers)}" if pod.finalizers else ""
    if late > _OVERDUE:
        node = ctx.facts.get(tables.NODES, pod.node)
        state = f"{pod.node} is {node.state}" if node else f"{pod.node} is not there"
        return Wait(f"{pod.key} should have been gone {duration(late)} ago; {state}{held}", _RETRY)
    return Wait(f"{pod.key} is terminating, {duration(max(0.0, -late))} of its grace left{held}", _RETRY)


def _gone(ctx: Ctx) -> str:
    """Gone, and where its replacement runs, as far as it is made."""
    owner = str(ctx.step.params.get("owner") or "")
    same = ctx.facts.get(tables.PODS, _key(ctx))
    if same is not None:
        where = f"on {same.node}" if same.node else "waiting for a node"
        return f"gone; {same.name} is {same.status} {where}"
    pods = ctx.facts.by(tables.PODS_BY_OWNER, owner) if owner else ()
    fresh = [pod for pod in pods if pod.deleted is None and pod.created >= ctx.started - 1 and not pod.finished]
    if not fresh:
        return "gone"
    newest = max(fresh, key=lambda pod: (pod.created, pod.name))
    return f"gone; {newest.name} is {newest.status} {f'on {newest.node}' if newest.node else 'waiting for a node'}"


EVICT = StepKind(guard=_guard, until=_until, act=_evict)
