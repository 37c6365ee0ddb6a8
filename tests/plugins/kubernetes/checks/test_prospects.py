"""What a drain does to each single pod: one test a verdict, with what holds it."""

from __future__ import annotations

from typing import Any

from console.model import Answer, Prospect
from console.plugin import Target
from plugins.kubernetes.checks.verdict import pods
from tests.plugins.kubernetes.checks.judging import DECIDE, NO, SAFE, UNKNOWN, about, cluster, judged
from tests.plugins.kubernetes.rows import (
    World,
    budget,
    local_volume,
    member,
    pod,
    replica,
    stateful_set,
    using,
)


def told(world: World, name: str, *nodes: str) -> Prospect:
    found = pods(world.facts, Target("drain", nodes or ("n1",)))  # type: ignore[arg-type]
    return next(each for each in found if each.subject.name == name)


def said(each: Prospect) -> tuple[str, Answer, str]:
    """Word, answer, and the texts of its reasons."""
    return each.what, each.answer, "; ".join(reason.text for reason in each.reasons)


def test_a_pod_with_room_elsewhere_moves() -> None:
    each = told(cluster().put("pods", replica("web-1"), replica("web-2", "n2")), "web-1")
    assert said(each) == ("moves", SAFE, "")
    assert each.text == "moves to another node"
    assert (each.subject.kind, each.subject.uid, each.node) == ("pod", "uid-web-1", "n1")


def test_a_pod_without_room_elsewhere_says_what_is_missing() -> None:
    each = told(cluster("n1").put("pods", replica("web-1")), "web-1")
    assert said(each)[:2] == ("moves", NO)
    assert "no node can take it: there is no other open node" in said(each)[2]


def test_a_pod_whose_volume_is_here_stays_pending() -> None:
    volume, claim = local_volume("data-0", "n1", "/disks/a")
    world = cluster().put("statefulsets", stateful_set()).put("pods", member(0, "n1", spec=using("data-0")))
    world.put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
    each = told(world, "zk-0")
    assert said(each) == ("waits", DECIDE, "pv-data-0 (/disks/a) lies here")
    assert each.text == "stays pending until n1 is back: its volume is there"
    assert [reason.decision for reason in each.reasons] == ["stays-pending"]


def test_daemons_and_static_pods_stay() -> None:
    mirror = {"annotations": {"kubernetes.io/config.mirror": "x"}}
    world = cluster().put("daemonsets", {"metadata": {"name": "agent", "namespace": "ns"}})
    world.put("pods", pod("agent-1", owner="DaemonSet/agent"), pod("proxy-n1", meta=mirror))
    assert said(told(world, "agent-1")) == ("daemonset", SAFE, "")
    assert told(world, "agent-1").text == "stays: DaemonSet agent"
    assert said(told(world, "proxy-n1")) == ("static", SAFE, "")


def test_unmanaged_pods_and_those_of_a_daemon_set_that_is_gone_are_lost() -> None:
    world = cluster().put("pods", pod("shell"), pod("agent-1", owner="DaemonSet/agent"))
    assert said(told(world, "shell")) == ("lost", DECIDE, "nobody makes it again")
    assert told(world, "agent-1").text == "is lost: DaemonSet agent is not there any more"


def test_the_data_of_empty_dirs_goes_whatever_becomes_of_the_pod() -> None:
    spec: dict[str, Any] = {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]}
    world = cluster().put("pods", replica("web-1", spec=spec), replica("web-2", "n2"))
    assert said(told(world, "web-1")) == ("moves", DECIDE, "the data of its 2 emptyDir volumes goes")


def test_a_budget_s_need_and_have_stand_at_each_of_its_pods() -> None:
    world = cluster().put("pods", replica("web-1"), replica("web-2"), replica("web-3", "n2"))
    world.put("poddisruptionbudgets", budget("b", "web", healthy=2, desired=2, allowed=0, status={"expectedPods": 3}))
    for name in ("web-1", "web-2"):
        what, answer, why = said(told(world, name))
        assert (what, answer) == ("moves", NO)
        assert why.startswith("ns/b needs 2 healthy, has 2, allows 0; 2 pods of it must go")


def test_two_budgets_on_one_pod() -> None:
    world = cluster().put("pods", replica("web-1"), replica("web-2", "n2"))
    for name in ("a", "b"):
        world.put("poddisruptionbudgets", budget(name, "web", healthy=2, desired=1, allowed=1))
    assert said(told(world, "web-1"))[1] is NO
    assert "under two budgets, a and b" in said(told(world, "web-1"))[2]


def test_a_finalizer_holds_and_is_unknown() -> None:
    world = cluster().put("pods", replica("web-1", meta={"finalizers": ["example.com/hold"]}), replica("web-2", "n2"))
    assert said(told(world, "web-1"))[:2] == ("moves", UNKNOWN)
    assert "held by example.com/hold" in said(told(world, "web-1"))[2]


def test_a_terminating_pod_says_how_far_it_is() -> None:
    world = cluster().put("pods", replica("web-1", meta={"deletionTimestamp": "2023-11-14T22:13:30Z"}))
    world.put("pods", replica("web-2", meta={"deletionTimestamp": "2023-11-14T22:08:20Z"}))
    assert said(told(world, "web-1")) == ("leaving", SAFE, "")
    assert told(world, "web-1").text == "is terminating already, 10 s of its grace left"
    assert "5 min over its grace: its kubelet on n1 has not confirmed the end" in told(world, "web-2").text


def test_finished_pods_jobs_and_owners_that_nobody_knows() -> None:
    world = cluster().put("pods", pod("done", status={"phase": "Succeeded"}), pod("job-1", owner="Job/job"))
    world.put("pods", pod("pg-1", owner="Cluster/pg"))
    assert said(told(world, "done"))[:2] == ("finished", SAFE)
    assert said(told(world, "job-1")) == ("moves", DECIDE, "it starts again from the beginning")
    assert said(told(world, "pg-1"))[:2] == ("unknown", UNKNOWN)


def test_nothing_is_told_of_pods_while_a_table_is_old() -> None:
    world = World()
    world.store.forget(world.facts.instance)
    assert pods(world.store.facts(world.facts.instance), Target("drain", ("n1",))) == ()  # type: ignore[arg-type]


# ------------------------------------------------------------------------- budgets that never let go, and the way out


def _single(**spec: Any) -> str:
    world = cluster().put("pods", replica("web-1"))
    numbers = {"expectedPods": 1}
    world.put("poddisruptionbudgets", budget("b", "web", healthy=1, desired=1, allowed=0, spec=spec, status=numbers))
    return about(judged(world), "budgets")[0].text


def test_one_replica_under_min_available_one_never_goes_and_a_second_replica_is_the_way_out() -> None:
    text = _single(minAvailable=1, maxUnavailable=None)
    assert "allows 0 for good" in text
    assert "evicting never works; add a replica first (kubectl -n ns scale deployment/web --replicas=2)" in text
    assert "by minReplicas where an autoscaler counts" in text, "else it takes the replica away again"


def test_max_unavailable_zero_never_goes_and_more_replicas_would_not_help() -> None:
    for spec in ({"maxUnavailable": 0}, {"minAvailable": "100%", "maxUnavailable": None}):
        text = _single(**spec)
        assert "evicting never works; allow one to be away (kubectl -n ns patch pdb b" in text
        assert "scale" not in text


def test_a_member_that_no_other_node_takes_waits_as_one_with_a_volume_does() -> None:
    world = cluster("n1").put("statefulsets", stateful_set()).put("pods", member(0, "n1"))
    each = told(world, "zk-0")
    assert (each.what, each.answer) == ("waits", DECIDE)
    assert each.text == "stays pending until n1 is back: no other node takes it"
