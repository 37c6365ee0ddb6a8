"""etcd's own word in a plan, from what etcdctl 3.6 really prints of clusters in every state (data/etcd)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.errors import Forbidden
from console.model import Answer, NodeName, Reason, Verdict
from console.plugin import Target
from plugins.kubernetes.checks.quorums import member_reasons
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.model import etcd
from plugins.kubernetes.model.etcd import EtcdMember
from tests.plugins.kubernetes.rows import DATA, World, node, pod

SAFE, DECIDE, NO, UNKNOWN = Answer.SAFE, Answer.DECIDE, Answer.NO, Answer.UNKNOWN
ETCD: Path = DATA / "etcd"


def recorded(name: str, *, status: str = "") -> tuple[EtcdMember, ...]:
    parts = [(ETCD / f"{name}.{part}.json").read_bytes() for part in ("members", "health")]
    return etcd.members(parts[0], parts[1], (ETCD / f"{status or name}.status.json").read_bytes())


def plane(*names: str, without: tuple[str, ...] = ()) -> World:
    """Control-plane nodes with etcd in a static pod, but for those `without` one."""
    world = World().put("nodes", *(node(name) for name in names))
    for name in names:
        meta: dict[str, Any] = {
            "annotations": {"kubernetes.io/config.mirror": "x"},
            "labels": {"component": "etcd"},
            "namespace": "kube-system",
        }
        if name not in without:
            world.put("pods", pod(f"etcd-{name}", name, owner=f"Node/{name}", meta=meta))
    return world


def judged(found: tuple[EtcdMember, ...], world: World, *going: str) -> list[tuple[Answer, str]]:
    return [(one.answer, one.rest) for one in member_reasons(found, going, world.facts)]


THREE = ("cp1", "cp2", "cp3")


def test_three_healthy_members_spare_one_and_the_leader_hands_over() -> None:
    found, world = recorded("three"), plane(*THREE)
    assert [one.name for one in found if one.leads] == ["cp3"]
    text = "2 of 3 voters would be healthy, quorum 2"
    assert judged(found, world, "cp1") == [(SAFE, text)]
    assert judged(found, world, "cp3") == [(SAFE, f"{text}; cp3 leads, another member takes over")]
    assert judged(found, world, "cp1", "cp2") == [(NO, "1 of 3 voters would be healthy, quorum 2")]


def test_with_one_member_dead_no_other_goes_but_the_dead_one_does() -> None:
    found, world = recorded("one-dead"), plane(*THREE)
    sick = "not healthy: cp3 (context deadline exceeded)"
    assert judged(found, world, "cp1") == [(NO, f"1 of 3 voters would be healthy, quorum 2; {sick}")]
    assert judged(found, world, "cp3") == [(SAFE, f"2 of 3 voters would be healthy, quorum 2; {sick}")]


def test_a_learner_has_no_vote_and_is_not_ill_whether_it_began_or_not() -> None:
    world = plane(*THREE, "cp4")
    began = judged(recorded("learner"), world, "cp1")
    assert began[0] == (SAFE, "2 of 3 voters would be healthy, quorum 2")
    assert (SAFE, "cp4 is a learner and has no vote: a member joins") in began
    never = judged(recorded("learner-unstarted"), world, "cp1")
    assert never[0] == (SAFE, "2 of 3 voters would be healthy, quorum 2")
    assert never[1] == (SAFE, "member a52a54d531f6a56 is a learner and has no vote (it never began): a member joins")


def test_a_full_etcd_takes_no_writes_and_its_members_are_alive() -> None:
    found = judged(recorded("nospace"), plane(*THREE), "cp2")
    assert [answer for answer, _ in found] == [NO, SAFE]
    assert found[0][1].startswith("raised NOSPACE at cp1: it takes no writes, so nothing can be evicted or made")
    assert "`etcdctl alarm disarm`" in found[0][1]
    assert found[1][1].startswith("2 of 3 voters would be healthy")


def test_a_member_that_sees_no_leader_is_not_healthy() -> None:
    found = recorded("three", status="no-leader")
    assert [(one.name, one.why) for one in found if not one.healthy] == [("cp1", "it sees no leader")]
    text = "1 of 3 voters would be healthy, quorum 2; not healthy: cp1 (it sees no leader)"
    assert judged(found, plane(*THREE), "cp2") == [(NO, text)]


def test_members_that_disagree_with_the_nodes_are_named() -> None:
    three, dead = recorded("three"), recorded("one-dead")
    assert judged(three, plane("cp1", "cp2"), "cp1")[1:] == [
        (DECIDE, "counts cp3, which is no node here; it is healthy")
    ]
    stale = judged(dead, plane("cp1", "cp2"), "cp1")[1][1]
    assert "cp3, which is no node here; it is not healthy (context deadline exceeded)" in stale
    assert stale.endswith("remove it first, `etcdctl member remove 3760a4ec3b84f7fa`")
    extra = judged(three, plane(*THREE, "cp9"), "cp1")[1]
    assert extra == (DECIDE, "etcd's pod etcd-cp9 runs on cp9, but etcd has no member of that name: it has no vote")
    (strange,) = judged(three, plane(*THREE, "cp9"), "cp9")
    assert strange[0] is UNKNOWN
    assert strange[1].startswith("has no member of the name cp9: which of cp2, cp3, cp1 goes is not known")


class Api:
    """A server whose etcd says this, or refuses."""

    def __init__(self, says: tuple[EtcdMember, ...] = (), *, refuses: str = "") -> None:
        self.says, self.refuses, self.asked = says, refuses, list[str]()

    async def etcd_members(self, name: str) -> tuple[EtcdMember, ...]:
        self.asked.append(name)
        if self.refuses:
            raise Forbidden(self.refuses)
        return self.says


async def completed(world: World, api: Api, *nodes: str, run: str = "drain") -> list[Reason]:
    """What the verdict of a plan says of etcd."""
    target = Target(run, tuple(NodeName(name) for name in nodes))
    verdict = await HOOKS.asked(api, world.facts, target, HOOKS.verdict(world.facts, target))
    return [reason for reason in verdict.reasons if reason.topic == "etcd"]


async def test_a_plan_puts_etcds_own_word_in_the_place_of_its_pods() -> None:
    world, api = plane(*THREE), Api(recorded("three"))
    by_pods = HOOKS.verdict(world.facts, Target("drain", (NodeName("cp1"),))).reasons
    text = "etcd: 2 of 3 members would be left, quorum 2 (by their pods; a plan asks etcd itself)"
    assert text in [reason.text for reason in by_pods]
    found = await completed(world, api, "cp1")
    assert [(one.answer, one.text) for one in found] == [(SAFE, "etcd: 2 of 3 voters would be healthy, quorum 2")]
    assert api.asked == ["etcd-cp2"]


async def test_where_etcd_cannot_be_asked_the_plan_does_not_know() -> None:
    (found,) = await completed(plane(*THREE), Api(refuses="no right to create pods/exec"), "cp1")
    assert found.answer is UNKNOWN
    assert found.text.startswith("etcd's members cannot be asked: no right to create pods/exec")


@pytest.mark.parametrize(("nodes", "run"), [(("w1",), "drain"), (("cp1",), "rejoin"), (THREE, "drain")])
async def test_nothing_is_asked_where_no_member_goes_or_none_would_stay(nodes: tuple[str, ...], run: str) -> None:
    world, api = plane(*THREE).put("nodes", node("w1")), Api()
    await completed(world, api, *nodes, run=run)
    assert api.asked == []
    assert isinstance(HOOKS.verdict(world.facts, Target(run, tuple(NodeName(n) for n in nodes))), Verdict)
