"""etcd is asked before a control-plane node is cordoned: its pods may be ready while a member is not.

Where it cannot be read, or the quorum would go, nothing is changed and a person is told why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.errors import SourceError
from console.plugin import Effect, Facts, Right, Target
from console.workflow.steps import Ctx, Done, Go, Outcome, Phase, Step, StepKind, Stop, Wait
from plugins.kubernetes.model import etcd, tables
from plugins.kubernetes.model.pods import Pod

_RIGHTS = tuple(Right(verb, "pods/exec", namespace=etcd.NAMESPACE) for verb in ("get", "create"))
_TIME = 120.0


def steps(facts: Facts, target: Target, after: str) -> Iterator[Step]:
    """One step for all nodes that bear a member, where there are members elsewhere; else the plan has said NO."""
    found = facts.by(tables.STATIC_BY_COMPONENT, etcd.COMPONENT)
    here = sorted(pod.node for pod in found if pod.node in target.nodes)
    if here and len(here) < len(found):
        instance = facts.instance
        yield Step(
            id=f"{instance.system}/quorum",
            title=f"etcd without {', '.join(here)}",
            system=instance.system,
            instance=instance.name,
            kind="quorum",
            phase=Phase.PREPARE,
            params={"nodes": here},
            after=(after,),
            effect=Effect.READ,
            timeout=_TIME,
            rights=_RIGHTS,
        )


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _kept(ctx: Ctx) -> Outcome:
    named = ctx.step.params.get("nodes")
    leaving = [str(one) for one in named] if isinstance(named, list | tuple) else []
    pods = _speakers(ctx.facts, leaving)
    if not pods:
        return Stop("no etcd pod is ready on another node: its members cannot be asked")
    try:
        found = await ctx.client.etcd_members(pods[0].name)
    except SourceError as error:
        return Stop(
            f"etcd's members cannot be read, so nothing is changed: {error}",
            "`etcdctl member list` and `endpoint health --cluster` on a control-plane host tell; "
            "skip this if they are well",
        )
    unknown = [node for node in leaving if node not in {one.name for one in found}]
    if unknown:
        return Stop(f"etcd has no member of the name {', '.join(unknown)}: {', '.join(one.name for one in found)}")
    enough, text = etcd.without(found, leaving)
    return Done(text) if enough else Wait(text, 5.0)


def _speakers(facts: Facts, leaving: Sequence[str]) -> list[Pod]:
    """Whom to ask: a member that stays."""
    found = facts.by(tables.STATIC_BY_COMPONENT, etcd.COMPONENT)
    return sorted((pod for pod in found if pod.healthy and pod.node not in leaving), key=lambda pod: pod.name)


QUORUM = StepKind(guard=_go, until=_kept)
