"""Verdict vectors: what a drain would meet of pods, budgets and sets, with the arithmetic in words."""

from __future__ import annotations

from typing import Any

import pytest

from console.model import Answer
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.checks.judging import DECIDE, NO, SAFE, UNKNOWN, about, cluster, judged, spread
from tests.plugins.kubernetes.rows import (
    budget,
    local_volume,
    member,
    node,
    pod,
    replica,
    stateful_set,
    using,
)


def test_an_empty_node_is_safe() -> None:
    assert judged(cluster()).answer is SAFE
    assert judged(cluster()).reasons == ()


def test_pods_with_replicas_elsewhere_move_and_the_room_is_said() -> None:
    world = cluster().put("pods", replica("web-1"), replica("web-2", "n2"))
    found = judged(world)
    assert found.answer is SAFE
    assert about(found, "room elsewhere")[0].text == "100m of 7.9 cores, 128Mi of 32Gi free on 2 nodes"


def test_only_nodes_that_could_take_a_pod_count_as_room() -> None:
    tainted = node("n3", taints=[{"key": "dedicated", "effect": "NoSchedule"}])
    world = cluster("n1", "n2").put("nodes", tainted).put("pods", replica("web-1"), replica("web-2", "n2"))
    assert about(judged(world), "room elsewhere")[0].text == "100m of 3.9 cores, 128Mi of 16Gi free on 1 node"


def test_the_only_ready_pod_of_a_deployment_is_a_short_outage_to_be_agreed() -> None:
    world = cluster().put("pods", replica("web-1"), replica("web-2", "n2", ready=False))
    found = judged(world)
    assert found.answer is DECIDE
    assert [reason.decision for reason in found.decisions] == ["outage"]
    assert "Deployment ns/web: its only ready pod is here" in found.decisions[0].text


def test_two_nodes_together_can_be_an_outage_where_each_alone_is_none() -> None:
    world = cluster().put("pods", replica("web-1"), replica("web-2", "n2"))
    assert judged(world, "n1").answer is SAFE
    assert judged(world, "n2").answer is SAFE
    assert "all 2 ready pods are here" in judged(world, "n1", "n2").decisions[0].text


def test_a_pod_without_owner_is_lost() -> None:
    found = judged(cluster().put("pods", pod("shell")))
    assert [(reason.decision, reason.text) for reason in found.decisions] == [
        ("unmanaged", "1 pod that nobody makes again: ns/shell")
    ]


def test_a_daemon_pod_stays_unless_its_daemon_set_is_gone() -> None:
    world = cluster().put("pods", pod("agent-1", owner="DaemonSet/agent"))
    assert [reason.decision for reason in judged(world).decisions] == ["unmanaged"]
    world.put("daemonsets", {"metadata": {"name": "agent", "namespace": "ns"}})
    assert judged(world).answer is SAFE


def test_a_finished_pod_and_one_on_its_way_out_ask_for_nothing() -> None:
    gone = {"deletionTimestamp": "2023-11-14T22:00:00Z"}
    world = cluster().put("pods", pod("done", status={"phase": "Succeeded"}), replica("web-1", meta=gone))
    assert judged(world).reasons == ()


def test_empty_dir_data_is_a_decision_but_not_of_a_daemon() -> None:
    spec: dict[str, Any] = {"volumes": [{"name": "tmp", "emptyDir": {}}]}
    world = cluster().put("pods", replica("web-1", spec=spec), replica("web-2", "n2"))
    world.put("daemonsets", {"metadata": {"name": "agent", "namespace": "ns"}})
    world.put("pods", pod("agent-1", owner="DaemonSet/agent", spec=spec))
    found = judged(world)
    assert [reason.decision for reason in found.decisions] == ["emptydir"]
    assert "1 pod with an emptyDir volume" in found.decisions[0].text


def test_a_running_job_starts_again() -> None:
    found = judged(cluster().put("pods", pod("job-x", owner="Job/job")))
    assert [reason.decision for reason in found.decisions] == ["jobs"]


def test_an_owner_of_unknown_kind_is_unknown() -> None:
    found = judged(cluster().put("pods", pod("pg-1", owner="Cluster/pg")))
    assert (found.answer, found.reasons[0].topic) == (UNKNOWN, "owners")


def test_foreign_finalizers_are_unknown_and_those_of_jobs_are_not() -> None:
    world = cluster().put("pods", replica("web-1", meta={"finalizers": ["example.com/hold"]}), replica("web-2", "n2"))
    assert "held by example.com/hold" in about(judged(world), "finalizers")[0].text
    tracked = pod("j", owner="Job/j", meta={"finalizers": ["batch.kubernetes.io/job-tracking"]})
    assert not about(judged(cluster().put("pods", tracked)), "finalizers")


# ------------------------------------------------------------------------------------------------------------ budgets


@pytest.mark.parametrize(
    ("here", "numbers", "spec", "answer", "words"),
    [
        (1, (3, 2, 1), {}, SAFE, "allows 1, needs 1"),
        (2, (3, 2, 1), {}, SAFE, "allows 1, needs 2, one after another"),
        (1, (2, 2, 0), {}, NO, "needs 2 healthy, has 2, allows 0; 1 pod of it must go (web-0)"),
        (1, (3, 3, 0), {"maxUnavailable": 0}, NO, "allows 0 for good"),
        (1, (3, 2, 1), {"maxUnavailable": "34%"}, SAFE, "allows 1"),
        (1, (3, 3, 0), {"minAvailable": "100%", "maxUnavailable": None}, NO, "for good"),
    ],
)
def test_budgets_over_pods_that_move(
    here: int, numbers: tuple[int, int, int], spec: dict[str, Any], answer: Answer, words: str
) -> None:
    world = cluster().put("pods", *(replica(f"web-{n}", "n1" if n < here else "n2") for n in range(3)))
    healthy, desired, allowed = numbers
    status = {"expectedPods": 3}
    made = budget("b", "web", healthy=healthy, desired=desired, allowed=allowed, spec=spec, status=status)
    found = about(judged(world.put("poddisruptionbudgets", made)), "budgets")
    assert [reason.answer for reason in found] == [answer]
    assert words in found[0].text


def test_two_budgets_on_one_pod_refuse_every_eviction() -> None:
    world = cluster().put("pods", replica("web-0"), replica("web-1", "n2"))
    for name in ("a", "b"):
        world.put("poddisruptionbudgets", budget(name, "web", healthy=2, desired=1, allowed=1))
    found = about(judged(world), "budgets")
    assert [reason.answer for reason in found] == [NO]
    assert "ns/web-0 is under two budgets, a and b" in found[0].text


@pytest.mark.parametrize(
    ("policy", "healthy", "answer"),
    [("IfHealthyBudget", 1, NO), ("IfHealthyBudget", 2, SAFE), ("AlwaysAllow", 1, SAFE)],
)
def test_a_pod_that_is_not_ready_goes_as_its_budget_says(policy: str, healthy: int, answer: Answer) -> None:
    world = cluster().put("pods", replica("web-0", ready=False), replica("web-1", "n2"), replica("web-2", "n2"))
    spec = {"unhealthyPodEvictionPolicy": policy}
    world.put("poddisruptionbudgets", budget("b", "web", healthy=healthy, desired=2, allowed=0, spec=spec))
    assert [reason.answer for reason in about(judged(world), "budgets")] == [answer]


def test_a_pending_pod_asks_nothing_of_its_budget() -> None:
    world = cluster().put("pods", replica("web-0", status={"phase": "Pending"}, ready=False), replica("web-1", "n2"))
    world.put("poddisruptionbudgets", budget("b", "web", healthy=1, desired=1, allowed=0))
    assert not about(judged(world), "budgets")


def test_a_budget_that_its_controller_has_not_seen_is_unknown() -> None:
    world = cluster().put("pods", replica("web-0"), replica("web-1", "n2"))
    status = {"observedGeneration": 0}
    world.put("poddisruptionbudgets", budget("b", "web", healthy=2, desired=1, allowed=1, status=status))
    assert [reason.answer for reason in about(judged(world), "budgets")] == [UNKNOWN]


@pytest.mark.parametrize(("selector", "count"), [({}, 1), (None, 0), ({"matchLabels": {"app": "db"}}, 0)])
def test_an_empty_selector_is_every_pod_and_none_is_no_pod(selector: Any, count: int) -> None:
    world = cluster().put("pods", replica("web-0"), replica("web-1", "n2"))
    made = budget("b", "web", healthy=2, desired=1, allowed=1, spec={"selector": selector})
    assert len(about(judged(world.put("poddisruptionbudgets", made)), "budgets")) == count


def test_budgets_are_summed_over_all_nodes_for_pods_that_stay_away() -> None:
    world = spread(cluster())
    for number in range(3):
        volume, claim = local_volume(f"data-{number}", f"n{number + 1}")
        world.put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
        world.put("pods", member(number, f"n{number + 1}", spec=using(f"data-{number}")))
    world.put("poddisruptionbudgets", budget("zk", "zk", healthy=3, desired=2, allowed=1))
    assert [reason.answer for reason in about(judged(world, "n1"), "budgets")] == [SAFE]
    both = about(judged(world, "n1", "n2"), "budgets")
    assert [reason.answer for reason in both] == [NO]
    assert "allows 1; 2 pods of it must go (zk-0, zk-1)" in both[0].text


# --------------------------------------------------------------------------------------------------------------- sets


def test_a_set_is_unknown_until_a_plugin_vouches_for_it() -> None:
    world = spread(cluster())
    found = about(judged(world), "zk")
    assert [reason.answer for reason in found] == [UNKNOWN]
    assert found[0].text == "no plugin knows the quorum of ns/zk: 2 of 3 would be ready; no budget protects it"
    assert not about(judged(world, vouched=["ns/StatefulSet/zk"]), "zk")


def test_with_a_budget_a_person_may_go_by_it_where_no_plugin_knows_the_quorum() -> None:
    world = spread(cluster())
    world.put("poddisruptionbudgets", budget("zk", "zk", healthy=3, desired=2, allowed=1))
    found = about(judged(world), "zk")
    assert [(reason.answer, reason.decision) for reason in found] == [(DECIDE, "unknown-quorum")]
    assert found[0].text == "no plugin knows the quorum of ns/zk: 2 of 3 would be ready; budget zk allows 1"
    assert not about(judged(world, vouched=["ns/StatefulSet/zk"]), "zk")


def test_a_member_whose_volume_lies_here_stays_pending() -> None:
    world = spread(cluster())
    volume, claim = local_volume("data-0", "n1")
    world.put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
    world.put("pods", member(0, "n1", spec=using("data-0")))
    found = [reason for reason in judged(world).decisions if reason.topic == "zk"]
    assert [reason.decision for reason in found] == ["stays-pending"]
    assert found[0].text.startswith("zk 2 of 3 while n1 is out: zk-0 stays pending, for its volume lies there")
    assert "OrderedReady" in found[0].text
    assert not about(judged(world), "room elsewhere")


def test_a_second_member_must_not_go_while_another_is_away() -> None:
    world = spread(cluster(), ready=2)
    world.put("pods", member(1, "", ready=False, status={"phase": "Pending"}))
    found = about(judged(world), "zk")
    assert found[0].answer is NO
    assert found[0].text == "ns/zk: 2 of 3 are ready already (zk-1 Pending); without zk-0 it would be 1"


def test_a_member_that_was_not_made_again_counts_as_away() -> None:
    world = spread(cluster(), ready=2)
    world.drop(tables.PODS, "ns/zk-2")
    assert "(1 not made)" in about(judged(world), "zk")[0].text


def test_a_member_on_a_node_that_is_out_is_named_with_its_node() -> None:
    world = spread(cluster(), ready=2)
    world.put("nodes", node("n2", ready="Unknown", unschedulable=True)).put("pods", member(1, "n2", ready=False))
    text = about(judged(world), "zk")[0].text
    assert "n2 is Unknown,cordoned" in text


def test_the_sick_member_on_this_very_node_is_no_reason_to_keep_the_node() -> None:
    world = spread(cluster(), ready=2).put("pods", member(0, "n1", ready=False))
    assert [reason.answer for reason in about(judged(world), "zk")] == [UNKNOWN]


def test_pods_of_a_set_that_is_not_there_are_unknown() -> None:
    found = about(judged(cluster().put("pods", member(0, "n1"))), "zk")
    assert [reason.answer for reason in found] == [UNKNOWN]
    assert "is not there" in found[0].text


def test_a_member_that_fits_nowhere_else_waits_for_this_node() -> None:
    affinity = {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": "zk"}}, "topologyKey": "kubernetes.io/hostname"}
            ]
        }
    }
    world = cluster().put("statefulsets", stateful_set())
    world.put("pods", *(member(number, f"n{number + 1}", spec={"affinity": affinity}) for number in range(3)))
    found = about(judged(world), "room elsewhere")
    assert [(reason.answer, reason.decision) for reason in found] == [(DECIDE, "stays-pending")]
    assert "2 with one of its kind already (anti-affinity)" in found[0].text
    world.put("nodes", node("n4"))
    assert [reason.answer for reason in about(judged(world), "room elsewhere")] == [SAFE]


@pytest.mark.parametrize(("strategy", "decisions"), [("OnDelete", ["new-revision"]), ("RollingUpdate", [])])
def test_a_pending_revision_of_a_set_that_waits_for_deletions_is_a_silent_upgrade(
    strategy: str, decisions: list[str]
) -> None:
    made = stateful_set(updateStrategy={"type": strategy})
    made["status"] |= {"currentRevision": "zk-old", "updateRevision": "zk-new"}
    old = {"labels": {"app": "zk", "controller-revision-hash": "zk-old"}}
    world = cluster().put("statefulsets", made).put("pods", *(member(n, f"n{n + 1}", meta=old) for n in range(3)))
    found = [reason for reason in about(judged(world), "zk") if reason.answer is DECIDE]
    assert [reason.decision for reason in found] == decisions
    if decisions:
        assert found[0].text == "zk-0 would be made again from the pending revision zk-new: a silent upgrade"
