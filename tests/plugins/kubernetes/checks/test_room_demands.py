"""Room elsewhere by what pods demand beside CPU and memory: ports, extended resources, other pods, even spread."""

from __future__ import annotations

from typing import Any

import pytest

from console.model import Answer
from tests.plugins.kubernetes.checks.judging import NO, SAFE, about, cluster, judged
from tests.plugins.kubernetes.rows import World, node, replica

HOST = "kubernetes.io/hostname"


def told(world: World, *nodes: str) -> tuple[Answer, str]:
    found = about(judged(world, *nodes), "room elsewhere")
    worst = max(found, key=lambda reason: reason.answer is NO)
    return worst.answer, worst.text


def asking(**resources: str) -> dict[str, Any]:
    named = {key.replace("__", "."): value for key, value in resources.items()}
    return {"containers": [{"name": "main", "resources": {"requests": named}}]}


def port(number: int) -> dict[str, Any]:
    ports = [{"containerPort": number, "hostPort": number, "protocol": "TCP"}]
    return {"containers": [{"name": "main", "ports": ports}]}


def affinity(kind: str, app: str = "web", topology: str = HOST, **more: Any) -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": topology, **more}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def spread(topology: str = HOST, skew: int = 1, **more: Any) -> dict[str, Any]:
    one = {
        "maxSkew": skew,
        "topologyKey": topology,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
        **more,
    }
    return {"topologySpreadConstraints": [one]}


# ------------------------------------------------------------------------------------------- ports, extended resources


def test_a_host_port_that_is_taken_elsewhere_leaves_no_room() -> None:
    world = cluster("n1", "n2").put("pods", replica("web-1", spec=port(80)), replica("web-2", "n2", spec=port(80)))
    assert told(world) == (NO, "1 of 1 like ns/web-1 find no room: no node can take it: 1 with host port TCP/80 taken")
    assert told(world.put("nodes", node("n3")))[0] is SAFE


def test_two_that_want_one_port_do_not_fit_on_one_node() -> None:
    world = cluster("n1", "n2").put(
        "pods", replica("a-1", of="a", spec=port(80)), replica("b-1", of="b", spec=port(80))
    )
    assert told(world)[0] is NO
    assert told(world.put("nodes", node("n3")))[0] is SAFE


@pytest.mark.parametrize("resource", ["nvidia.com/gpu", "hugepages-2Mi", "ephemeral-storage", "vendor.example/fpga"])
def test_extended_resources_are_counted(resource: str) -> None:
    rich, poor = node("n2"), node("n3")
    rich["status"]["allocatable"][resource] = "2"
    spec = {"containers": [{"name": "main", "resources": {"limits": {resource: "1"}}}]}
    world = (
        World().put("nodes", node("n1"), rich, poor).put("pods", replica("w-1", spec=spec), replica("w-2", spec=spec))
    )
    assert told(world)[0] is SAFE
    world.put("pods", replica("there", "n2", of="other", spec=spec))
    answer, text = told(world)
    assert answer is NO
    assert f"1 with too little {resource}" in text


def test_a_resource_that_no_node_has_leaves_no_room_and_an_init_container_counts_beside_not_on_top() -> None:
    one = {"resources": {"requests": {"vendor.example/fpga": "2"}}}
    spec = {"initContainers": [{"name": "first", **one}], "containers": [{"name": "main", **one}]}
    world = cluster("n1", "n2").put("pods", replica("w-1", spec=spec))
    assert told(world)[0] is NO
    rich = node("n3")
    rich["status"]["allocatable"]["vendor.example/fpga"] = "2"
    assert told(world.put("nodes", rich))[0] is SAFE


# ------------------------------------------------------------------------------------------------------- other pods


def test_a_pod_that_must_stand_beside_another_goes_where_that_is() -> None:
    wants = affinity("podAffinity", app="cache")
    world = cluster().put("pods", replica("web-1", spec=wants), replica("web-2", "n3"))
    answer, text = told(world)
    assert answer is NO
    assert "2 with none of the pods that it must stand beside (affinity)" in text
    world.put("pods", replica("cache-1", "n2", of="cache"))
    assert told(world)[0] is SAFE


def test_the_first_of_its_kind_may_stand_alone_and_the_others_follow_it() -> None:
    wants = affinity("podAffinity")
    world = cluster().put("pods", replica("web-1", spec=wants), replica("web-2", spec=wants))
    assert told(world)[0] is SAFE


def test_pods_that_are_there_refuse_a_newcomer() -> None:
    refuses = affinity("podAntiAffinity", app="web")
    world = cluster("n1", "n2").put("pods", replica("web-1"), replica("lonely", "n2", of="lonely", spec=refuses))
    answer, text = told(world)
    assert answer is NO
    assert "1 with pods that refuse it (their anti-affinity)" in text
    assert told(world.put("nodes", node("n3")))[0] is SAFE


@pytest.mark.parametrize(("labels", "answer"), [({"team": "shop"}, NO), ({"team": "other"}, SAFE)])
def test_an_anti_affinity_reaches_the_namespaces_that_its_selector_chooses(
    labels: dict[str, str], answer: Answer
) -> None:
    chosen = affinity("podAntiAffinity", app="web", namespaceSelector={"matchLabels": {"team": "shop"}})
    lonely = replica("lonely", "n2", of="lonely", spec=chosen)
    lonely["metadata"]["namespace"] = "elsewhere"
    world = cluster("n1", "n2").put("pods", replica("web-1"), lonely)
    world.put("namespaces", {"metadata": {"name": "ns", "labels": labels}})
    assert told(world)[0] is answer


# ------------------------------------------------------------------------------------------------------------- spread


def web(*on: str, **spec: Any) -> list[dict[str, Any]]:
    return [replica(f"web-{number}", name, spec=_copied(spec)) for number, name in enumerate(on)]


def _copied(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec}


def test_a_spread_over_hosts_counts_the_node_that_is_out_as_an_empty_place() -> None:
    world = cluster().put("pods", *web("n1", "n2", "n3", **spread()))
    answer, text = told(world)
    assert answer is NO
    assert "2 with too many of its kind for its spread over kubernetes.io/hostname" in text


@pytest.mark.parametrize(
    "more", [{"nodeTaintsPolicy": "Honor"}, {"maxSkew": 2}, {"whenUnsatisfiable": "ScheduleAnyway"}]
)
def test_a_spread_that_honours_taints_or_bears_more_or_only_prefers_leaves_room(more: dict[str, Any]) -> None:
    assert told(cluster().put("pods", *web("n1", "n2", "n3", **spread(**more))))[0] is SAFE


def zones(**zone: str) -> World:
    return World().put("nodes", *(node(name, labels={"zone": value}) for name, value in zone.items()))


def test_a_spread_over_zones_moves_within_its_zone() -> None:
    world = zones(n1="a", n2="a", n3="b").put("pods", *web("n1", "n3", **spread("zone")))
    assert told(world)[0] is SAFE
    world = zones(n1="a", n3="b").put("pods", *web("n1", "n3", **spread("zone")))
    assert told(world)[0] is NO


def test_nodes_that_the_pod_does_not_select_are_no_place_of_its_spread() -> None:
    spec = spread() | {"nodeSelector": {"disk": "ssd"}}
    world = World().put("nodes", *(node(name, labels={"disk": "ssd"}) for name in ("n1", "n2")), node("n3"))
    world.put("pods", *web("n2", "n2", **spec), replica("web-9", "n1", spec=spec))
    assert told(world)[0] is NO
    everywhere = spread(skew=5) | {"nodeSelector": {"disk": "ssd"}}
    world.put("pods", *web("n2", "n2", **everywhere), replica("web-9", "n1", spec=everywhere))
    assert told(world)[0] is SAFE


def test_labels_that_narrow_a_spread_let_a_new_revision_start_anew() -> None:
    narrow = spread(matchLabelKeys=["pod-template-hash"])
    old = replica("web-1", "n2", meta={"labels": {"app": "web", "pod-template-hash": "old"}}, spec=narrow)
    world = cluster("n1", "n2").put("pods", replica("web-0", spec=narrow), old)
    assert told(world)[0] is SAFE
    world.put("pods", replica("web-0", spec=spread()), old | {"spec": old["spec"] | spread()})
    assert told(world)[0] is NO
