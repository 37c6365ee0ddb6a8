"""What the board shows of a run's nodes: every pod as it is now, and those that wait for the nodes."""

from __future__ import annotations

from typing import Any

import pytest

from console.model import NodeName, Presence, Ref, Tone
from console.plugin import Target
from plugins.kubernetes.checks.presence import present
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.checks.judging import cluster, spread
from tests.plugins.kubernetes.maintenance.bench import deleted
from tests.plugins.kubernetes.rows import World, budget, local_volume, member, pod, replica, stateful_set, using


def seen(world: World, *named: Ref, run: str = "drain", options: Any = None) -> dict[str, Presence]:
    """What is seen of node n1, by the name of the pod."""
    target = Target(run, (NodeName("n1"),), options or {})
    return {each.subject.name: each for each in present(world.facts, target, named)}


def said(each: Presence) -> tuple[str, str, Tone]:
    return each.state, each.text, each.tone


def ref(name: str) -> Ref:
    return Ref("pod", name, "ns", f"uid-{name}")


def test_what_stays_says_why_and_what_is_wrong_with_it() -> None:
    world = cluster().put("daemonsets", {"metadata": {"name": "cni", "namespace": "ns"}})
    mirror = {"annotations": {"kubernetes.io/config.mirror": "x"}}
    world.put(
        "pods",
        pod("cni-1", owner="DaemonSet/cni"),
        pod("cni-2", owner="DaemonSet/cni", ready=False),
        pod("etcd-n1", owner="Node/n1", meta=mirror),
        pod("elsewhere", "n2"),
    )
    found = seen(world)
    assert said(found["cni-1"]) == ("stays", "DaemonSet cni", Tone.MUTED)
    assert said(found["cni-2"]) == ("stays", "DaemonSet cni; Running but not ready", Tone.WARN)
    assert said(found["etcd-n1"]) == ("stays", "static pod", Tone.MUTED)
    assert "elsewhere" not in found


def test_a_budget_that_lets_none_go_says_need_have_and_which_pod_is_why_and_lets_go_when_it_changes() -> None:
    world = spread(cluster())
    world.put("pods", member(2, "n3", ready=False))
    world.put("poddisruptionbudgets", budget("zk", "zk", healthy=2, desired=2, allowed=0))
    text = "budget ns/zk needs 2 healthy, has 2, because zk-2 is Running but not ready"
    assert said(seen(world)["zk-0"]) == ("held", text, Tone.WARN)
    assert seen(world, options={"disable-eviction": True})["zk-0"].state == "here"
    world.put("poddisruptionbudgets", budget("zk", "zk", healthy=3, desired=2, allowed=1))
    assert said(seen(world)["zk-0"]) == ("here", "moves to another node", Tone.MUTED)


def test_two_budgets_hold_a_pod_for_good() -> None:
    world = cluster().put("pods", replica("web-1"))
    world.put("poddisruptionbudgets", *(budget(name, "web", healthy=2, desired=1, allowed=1) for name in "ab"))
    assert seen(world)["web-1"].text == "under two budgets, a and b: the server refuses every eviction"


@pytest.mark.parametrize(
    ("late", "finalizers", "text", "tone"),
    [
        (-20, [], "20 s of its grace left", Tone.BUSY),
        (10, ["a/b"], "finalizer a/b holds it; 10 s over its grace", Tone.WARN),
        (120, [], "2 min over its grace: its kubelet on n1 has not confirmed the end", Tone.BAD),
    ],
)
def test_a_pod_on_its_way_out_says_how_much_of_its_grace_is_left_and_what_holds_it(
    late: int, finalizers: list[str], text: str, tone: Tone
) -> None:
    meta = {"deletionTimestamp": deleted(-late), "finalizers": finalizers}
    world = cluster().put("pods", replica("web-1", meta=meta))
    found = seen(world)["web-1"]
    assert found.state == "terminating"
    assert found.text.startswith(text)
    assert found.tone is tone


def test_a_finalizer_is_told_before_it_holds() -> None:
    world = cluster().put("pods", replica("web-1", meta={"finalizers": ["example.org/keep"]}))
    assert said(seen(world)["web-1"]) == ("here", "finalizer example.org/keep will hold it", Tone.WARN)


def test_a_pinned_pod_waits_for_its_node_by_the_name_of_its_volume_until_it_is_back() -> None:
    volume, claim = local_volume("data-zk-0", "n1")
    world = cluster().put("statefulsets", stateful_set()).put("persistentvolumes", volume)
    world.put("persistentvolumeclaims", claim).put("pods", member(0, "n1", spec=using("data-zk-0")))
    assert seen(world)["zk-0"].text == "will wait for n1 (its volume)"
    again: dict[str, Any] = {"meta": {"uid": "uid-new"}, "spec": using("data-zk-0")}
    world.put("pods", member(0, "", ready=False, status={"phase": "Pending", "containerStatuses": []}, **again))
    for named in ((ref("zk-0"),), ()):
        text = "waits for n1: volume pv-data-zk-0"
        assert said(seen(world, *named)["zk-0"]) == ("waits", text, Tone.WARN)
        assert said(seen(world, *named, run="rejoin")["zk-0"]) == ("waits", text, Tone.WARN)
    world.put("pods", member(0, "n1", ready=False, **again))
    assert said(seen(world, run="rejoin")["zk-0"]) == ("starting", "Running but not ready on n1", Tone.BUSY)
    world.put("pods", member(0, "n1", **again))
    assert said(seen(world, run="rejoin")["zk-0"]) == ("back", "ready on n1", Tone.OK)


def test_what_a_step_names_is_told_of_when_it_is_gone_and_where_it_is_again() -> None:
    world = spread(cluster())
    assert seen(world, ref("zk-0"))["zk-0"].state == "here"
    world.put("pods", member(0, "n3", meta={"uid": "uid-new"}))
    assert said(seen(world, ref("zk-0"))["zk-0"]) == ("back", "ready on n3", Tone.OK)
    world.drop(tables.PODS, "ns/zk-0")
    assert said(seen(world, ref("zk-0"))["zk-0"]) == ("gone", "", Tone.OK)
    assert "zk-0" not in seen(world)


def test_what_the_selector_leaves_out_stays() -> None:
    world = cluster().put("pods", replica("web-1"), replica("db-1", of="db"))
    found = seen(world, options={"pod-selector": "app=web"})
    assert found["db-1"].text == "--pod-selector does not select it"
    assert found["web-1"].state == "here"
