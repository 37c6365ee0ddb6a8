"""What etcd itself says about a control-plane node that goes: its members as they were asked, judged in words. Pure.

Its pods may be ready while a member is not, so a plan and the run ask etcd; the *can go?* column counts pods alone and
says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.model import Answer, Reason, Ref
from console.plugin import Facts, Right, Target
from plugins.kubernetes.checks.words import listed
from plugins.kubernetes.model import etcd, tables
from plugins.kubernetes.model.etcd import EtcdMember
from plugins.kubernetes.model.pods import Pod

TOPIC = "etcd"
STALE = "etcd-stale-member"
RIGHTS = tuple(Right(verb, "pods/exec", namespace=etcd.NAMESPACE) for verb in ("get", "create"))


def leaving(facts: Facts, target: Target) -> list[str]:
    """The nodes of the target that bear a member while others stay, sorted; else there is nothing to ask."""
    found = facts.by(tables.STATIC_BY_COMPONENT, etcd.COMPONENT)
    here = sorted(pod.node for pod in found if pod.node in target.nodes)
    return here if target.run == "drain" and len(here) < len(found) else []


def speakers(facts: Facts, going: Sequence[str]) -> list[Pod]:
    """Whom to ask: the members' pods that stay and are ready."""
    found = facts.by(tables.STATIC_BY_COMPONENT, etcd.COMPONENT)
    return sorted((pod for pod in found if pod.healthy and pod.node not in going), key=lambda pod: pod.name)


def unasked(why: str) -> Reason:
    """Etcd could not be asked: what is not known is unsafe."""
    text = (
        f"etcd's members cannot be asked: {why}; `etcdctl member list` and `endpoint health --cluster` tell on a host"
    )
    return Reason(Answer.UNKNOWN, TOPIC, text)


def member_reasons(found: Sequence[EtcdMember], going: Sequence[str], facts: Facts) -> Iterator[Reason]:
    """The arithmetic without the members of these nodes, and everything else that etcd says of itself."""
    names = [one.called for one in found]
    strange = [node for node in going if node not in {one.name for one in found}]
    if strange:
        text = f"etcd has no member of the name {listed(strange)}: which of {listed(names, 5)} goes is not known"
        yield Reason(Answer.UNKNOWN, TOPIC, text, Ref("node", strange[0]))
        return
    if alarm := etcd.alarms(found):
        text = f"{alarm}; compact and defragment it, then `etcdctl alarm disarm`"
        yield Reason(Answer.NO, TOPIC, text)
    enough, text = etcd.without(found, going)
    leads = next((one.name for one in found if one.leads and one.name in going), "")
    if leads and enough:
        text += f"; {leads} leads, another member takes over"
    yield Reason(Answer.SAFE if enough else Answer.NO, TOPIC, text, Ref("node", going[0]))
    yield from _beside(found, facts)


def _beside(found: Sequence[EtcdMember], facts: Facts) -> Iterator[Reason]:
    """Learners, members whose node is gone, and control-plane nodes without a member."""
    nodes = facts.rows(tables.NODES)
    for one in found:
        if one.learner:
            text = (
                f"etcd: {one.called} is a learner and has no vote{f' ({one.why})' if one.why else ''}: a member joins"
            )
            yield Reason(Answer.SAFE, TOPIC, text)
        elif one.name not in nodes:
            state = f"not healthy ({one.why}): remove it first, `etcdctl member remove {one.id:x}`"
            text = f"etcd counts {one.called}, which is no node here; it is {'healthy' if one.healthy else state}"
            yield Reason(Answer.DECIDE, TOPIC, text, decision=STALE)
    members = {one.name for one in found}
    for pod in facts.by(tables.STATIC_BY_COMPONENT, etcd.COMPONENT):
        if pod.node not in members:
            text = f"etcd's pod {pod.name} runs on {pod.node}, but etcd has no member of that name: it has no vote"
            yield Reason(Answer.DECIDE, TOPIC, text, Ref("node", pod.node), STALE)
