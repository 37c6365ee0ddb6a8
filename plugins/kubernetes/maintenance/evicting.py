"""The eviction of one pod: never of another with the same name, never against a budget, done only when it is gone.

Rules (docs: drain): a fresh look at uid and node before every try; the request names the uid; where the budget is seen
to allow nothing, nothing is asked and its change is waited for; Retry-After is honoured; what an operator takes over is
waited for; what a person must decide (two budgets, a webhook's refusal) is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.errors import NotFound, Permanent, Temporary
from console.format import duration
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.checks.budgeting import allows, blocked, budgets_of
from plugins.kubernetes.checks.words import listed
from plugins.kubernetes.maintenance.objects import part, pod_path
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.model.pods import Pod

_RETRY = 5.0
_REMIND = 60.0
_STRIMZI = "strimzi.io/kind"
_REFUSED, _HANDED = "refused by", "handed over"
_TURN = 15.0
_OVERDUE = 30.0


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
    if left := _left_behind(pod, ctx):
        return Done(left)
    if ctx.step.params.get("delete") or pod.deleted is not None or pod.finished or pod.phase == "Pending":
        return Go()
    budgets = budgets_of(pod, ctx.facts)
    if len(budgets) > 1:
        names = " and ".join(sorted(budget.name for budget in budgets))
        return Stop(f"{pod.key} is under two budgets, {names}: the server refuses every eviction of it")
    return (_held(budgets[0], pod, ctx) if budgets else None) or Go()


def _held(budget: Budget, pod: Pod, ctx: Ctx) -> Wait | None:
    """Why nothing is asked of the server now: every change of the budget is seen, so nobody needs to ask for it."""
    ago = ctx.now - ctx.started
    if not allows(budget, pod):
        if _asks_its_operator(budget, pod) and ago > _REMIND:
            return None
        return Wait(f"budget {blocked(budget, ctx.facts)}", _RETRY)
    if ctx.notes.get(_REFUSED) == budget and ago < _RETRY:
        return Wait(f"budget {budget.key} refused a moment ago, and nothing was heard of it since", _RETRY - ago)
    if pod.ready and (first := _turn(budget, pod, ctx)):
        return Wait(f"budget {budget.key} allows {budget.allowed} at a time, {first} goes first", _RETRY)
    return None


def _asks_its_operator(budget: Budget, pod: Pod) -> bool:
    """Strimzi's drain cleaner in its older manner: a budget of 0, and a webhook that must see an eviction to act."""
    return budget.unsatisfiable and bool(pod.label(_STRIMZI))


def _left_behind(pod: Pod, ctx: Ctx) -> str:
    """The option --skip-wait-for-delete-timeout: it should have been gone so long ago that nobody waits for it."""
    skip = ctx.step.params.get("skip")
    if not isinstance(skip, int | float) or pod.deleted is None or ctx.now - pod.deleted <= skip:
        return ""
    return f"not waited for: it should have been gone {duration(ctx.now - pod.deleted)} ago"


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


async def _evict(ctx: Ctx) -> str:
    namespace, name = str(ctx.step.params["namespace"]), str(ctx.step.params["pod"])
    uid, grace = str(ctx.step.params["uid"]), ctx.step.params.get("grace", -1)
    gone = await _looked_again(ctx, namespace, name, uid)
    if gone:
        return gone
    seconds = int(grace) if isinstance(grace, int | float) and grace >= 0 else None
    if ctx.step.params.get("delete"):
        await ctx.client.delete(pod_path(namespace, name), uid=uid, grace=seconds)
        return "deleted; no budget was asked"
    budgets = tuple(budgets_of(pod, ctx.facts)) if (pod := _pod(ctx)) else ()
    return _answered(ctx, await ctx.client.evict(namespace, name, uid=uid, grace=seconds), budgets)


async def _looked_again(ctx: Ctx, namespace: str, name: str, uid: str) -> str:
    """The fresh look before every try: what makes the request needless, empty where it is to be sent."""
    try:
        found = await ctx.client.get(pod_path(namespace, name))
    except NotFound:
        return "gone already"
    meta = part(found, "metadata")
    if meta.get("uid") != uid:
        return "gone already: a new pod has its name"
    if part(found, "spec").get("nodeName") != ctx.step.params["node"]:
        return "it is on another node"
    return "being deleted already" if meta.get("deletionTimestamp") else ""


def _answered(ctx: Ctx, answer: Any, budgets: Sequence[Budget]) -> str:
    """The evidence of a request that was taken; raises what waits or asks where it was refused.

    `answer` is plugins.kubernetes.client.evicting.Eviction, `budgets` those that were known when it was sent.
    """
    namespace = ctx.step.params["namespace"]
    match answer.outcome.value:
        case "accepted":
            return "evicted"
        case "gone":
            return "gone already"
        case "hand-over":
            ctx.notes[_HANDED] = answer.message
            return f"handed over: {answer.message}"
        case "several budgets":
            raise Permanent(f"{_key(ctx)}: {answer.message}", next_step="leave one budget that selects it, then retry")
        case "denied":
            raise Permanent(f"{_key(ctx)}: {answer.message}", next_step="see what the rule wants, then retry, or skip")
        case "webhook down":
            raise Temporary(f"{_key(ctx)}: {answer.message}", delay=answer.wait)
        case "namespace terminating":
            text = f"namespace {namespace} is being deleted, and {ctx.step.params['pod']} with it"
            raise Temporary(text, delay=answer.wait, watched=True)
        case "budget":
            ctx.notes[_REFUSED] = budgets[0] if budgets else None
            needs = f" needs {answer.needed} healthy, has {answer.healthy}" if answer.needed is not None else ""
            text = f"budget {namespace}/{answer.budget}{needs}" if answer.budget and needs else answer.message
            # A time that the server names is waited for; without one the budget itself is watched.
            raise Temporary(text, delay=max(answer.wait, _RETRY), watched=answer.wait <= _RETRY)
        case _:
            text = f"the API server asks for patience (its own limit, no budget): {answer.message}"
            raise Temporary(text, delay=max(answer.wait, 1.0))


async def _until(ctx: Ctx) -> Outcome:
    pod = _pod(ctx)
    if pod is None:
        return Done(_gone(ctx))
    if left := _left_behind(pod, ctx):
        return Done(left)
    if pod.deleted is None:
        since = f" {duration(ctx.now - ctx.started)} ago" if ctx.started else ""
        if handed := ctx.notes.get(_HANDED):
            return Wait(f"{pod.key} was handed over{since}, its operator has not moved it yet: {handed}", _RETRY)
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
    where = [f"{pod.name} is {pod.status} {f'on {pod.node}' if pod.node else 'waiting for a node'}" for pod in fresh]
    # Nobody knows which new pod stands for which one that went: several are named together.
    return (
        f"gone; {where[0]}" if len(fresh) == 1 else f"gone; {len(fresh)} new pods of its set: {listed(sorted(where))}"
    )


EVICT = StepKind(guard=_guard, until=_until, act=_evict)
