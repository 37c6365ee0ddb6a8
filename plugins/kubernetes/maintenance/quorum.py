"""etcd is asked by a plan and before a control-plane node is cordoned: its pods may be ready while a member is not.

Where it cannot be read, or the quorum would go, nothing is changed and a person is told why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.errors import SourceError
from console.model import Answer, Verdict
from console.plugin import Effect, Facts, Target
from console.workflow.steps import Ctx, Done, Go, Outcome, Phase, Step, StepKind, Stop, Wait
from plugins.kubernetes.checks import quorums
from plugins.kubernetes.model import etcd

_TIME = 120.0


def steps(facts: Facts, target: Target, after: str) -> Iterator[Step]:
    """One step for all nodes that bear a member, where there are members elsewhere; else the plan has said NO."""
    here = quorums.leaving(facts, target)
    if here:
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
            rights=quorums.RIGHTS,
        )


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _kept(ctx: Ctx) -> Outcome:
    named = ctx.step.params.get("nodes")
    leaving = [str(one) for one in named] if isinstance(named, list | tuple) else []
    pods = quorums.speakers(ctx.facts, leaving)
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
    if alarm := etcd.alarms(found):
        return Wait(alarm, 5.0)
    enough, text = etcd.without(found, leaving)
    return Done(text) if enough else Wait(text, 5.0)


async def asked(client: Any, facts: Facts, target: Target, found: Verdict) -> Verdict:
    """The verdict of a plan with etcd's own word instead of the count of its pods; unchanged where none of it goes."""
    going = quorums.leaving(facts, target)
    if not going:
        return found
    pods = quorums.speakers(facts, going)
    if not pods:
        more = [quorums.unasked("none of its pods is ready on another node")]
    else:
        try:
            more = list(quorums.member_reasons(await client.etcd_members(pods[0].name), going, facts))
        except SourceError as error:
            more = [quorums.unasked(str(error))]
    kept = (one for one in found.reasons if one.topic != quorums.TOPIC or one.answer is not Answer.SAFE)
    return Verdict((*kept, *more))


QUORUM = StepKind(guard=_go, until=_kept)
