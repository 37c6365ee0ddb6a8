"""What a run's proof holds: totals, each set and budget, the node and its volumes; bounded, and the same twice."""

from __future__ import annotations

from console.model import NodeName
from console.plugin import Target
from plugins.kubernetes.maintenance.proving import MOST, proof
from tests.plugins.kubernetes.rows import World, recorded

TARGET = Target("drain", (NodeName("node1"), NodeName("gone")))


def world() -> World:
    made = World()
    for kind in ("nodes", "pods", "statefulsets", "poddisruptionbudgets", "persistentvolumes"):
        made.put(kind, *recorded(kind))
    return made


def test_sets_budgets_the_node_and_its_volumes_are_told_one_by_one() -> None:
    told = proof(world().facts, TARGET)
    assert told["node node1"].startswith("Ready")
    assert told["node gone"] == "not there"
    assert [key for key in told if key.startswith("volume ")]
    assert all("Bound to" in value for key, value in told.items() if key.startswith("volume "))
    assert [value for key, value in told.items() if key.startswith("set ") and "ready" in value]
    assert [value for key, value in told.items() if key.startswith("budget ") and "allows" in value]


def test_a_member_that_is_not_ready_is_seen() -> None:
    here = world()
    before = proof(here.facts, TARGET)
    one = next(item for item in recorded("statefulsets") if item["status"].get("readyReplicas"))
    one["status"]["readyReplicas"] -= 1
    here.put("statefulsets", one)
    after = proof(here.facts, TARGET)
    differ = {key for key in before if before[key] != after[key]}
    name = f"{one['metadata']['namespace']}/StatefulSet/{one['metadata']['name']}"
    assert differ == {"members ready", f"set {name}"}


def test_the_cordon_is_told_by_the_state_alone() -> None:
    here = world()
    node = next(item for item in recorded("nodes") if item["metadata"]["name"] == "node1")
    node["spec"]["taints"] = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    node["spec"]["unschedulable"] = True
    before = proof(here.facts, TARGET)["node node1 taints"]
    told = proof(here.put("nodes", node).facts, TARGET)
    assert told["node node1"] == "Ready,cordoned"
    assert told["node node1 taints"] in {before, "none"}


def test_it_stays_small() -> None:
    here = World()
    one = recorded("statefulsets")[0]
    many = [{**one, "metadata": {**one["metadata"], "name": f"set-{at}", "uid": str(at)}} for at in range(500)]
    told = proof(here.put("statefulsets", *many).facts, TARGET)
    assert sum(key.startswith("set ") for key in told) == MOST
    assert told["members ready"].endswith(f"/{500 * one['spec']['replicas']}")
