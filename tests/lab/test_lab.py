"""The lab itself: it is a cluster, its budgets bind, its API server can be taken away, and it can be brought back."""

from __future__ import annotations

import json
import socket
import time

import pytest

from tests.lab.lab import Lab
from tests.lab.world.place import LabError

pytestmark = pytest.mark.lab

NODES = {"k8s-master1", "k8s-node1", "k8s-node2", "k8s-node3", "node1", "node2", "node3"}


def names(answer: str) -> set[str]:
    return {item["metadata"]["name"] for item in json.loads(answer)["items"]}


def eviction(pod: str) -> tuple[str, dict[str, object]]:
    meta = {"name": pod, "namespace": "pulsar"}
    body: dict[str, object] = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
    return f"/api/v1/namespaces/pulsar/pods/{pod}/eviction", body


def test_kubectl_sees_the_reference_topology(lab: Lab) -> None:
    assert names(lab.kubectl("get", "nodes", "-o", "json")) == NODES
    pinned = json.loads(lab.kubectl("-n", "pulsar", "get", "pod", "pulsar-zookeeper-0", "-o", "json"))
    assert pinned["spec"]["nodeName"] in {"node1", "node2", "node3"}


def test_the_viewer_may_read_pods_and_no_nodes(lab: Lab) -> None:
    viewer = ["kubectl", f"--kubeconfig={lab.viewer_kubeconfig}", "get"]
    assert lab.run([*viewer, "pods", "-A"]).returncode == 0
    refused = lab.run([*viewer, "nodes"])
    assert refused.returncode == 1
    assert "forbidden" in refused.stderr


def test_a_budget_refuses_the_second_eviction(fresh_lab: Lab) -> None:
    with fresh_lab.api() as api:
        for node in ("node1", "node2"):
            api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
        pods = api.items("/api/v1/namespaces/pulsar/pods?labelSelector=component%3Dbookie")
        on_node = {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in pods}
        status, _ = api.call("POST", *eviction(on_node["node1"]))
        assert status == 201
        status, answer = api.call("POST", *eviction(on_node["node2"]))
    assert status == 429
    assert answer["details"]["causes"][0]["reason"] == "DisruptionBudget"


def test_the_api_server_stops_and_comes_back(lab: Lab) -> None:
    lab.api_stop()
    with pytest.raises(LabError, match="refused"):
        lab.kubectl("get", "nodes")
    lab.api_start()
    assert names(lab.kubectl("get", "nodes", "-o", "json")) == NODES


def test_a_frozen_api_server_accepts_and_does_not_answer(lab: Lab) -> None:
    lab.api_freeze()
    with socket.create_connection(("127.0.0.1", lab.place.port), timeout=2):
        asked = lab.run(["kubectl", "get", "nodes", "--request-timeout=1s"])
    assert asked.returncode == 1
    lab.api_thaw()
    assert names(lab.kubectl("get", "nodes", "-o", "json")) == NODES


def test_reset_undoes_what_was_done(lab: Lab) -> None:
    lab.kubectl("create", "namespace", "stranger")
    lab.kubectl("cordon", "k8s-node1")
    lab.kubectl("label", "node", "k8s-node1", "left=behind")
    lab.kubectl("-n", "redis", "delete", "statefulset", "my-redis-redis-ha-server")
    lab.reset()
    node = json.loads(lab.kubectl("get", "node", "k8s-node1", "-o", "json"))
    assert not node["spec"].get("unschedulable")
    assert "left" not in node["metadata"]["labels"]
    assert "stranger" not in names(lab.kubectl("get", "namespaces", "-o", "json"))
    assert lab.kubectl("-n", "redis", "get", "pods", "--no-headers").count("3/3") == 3


def test_a_pod_that_was_marked_unready_is_mended(lab: Lab) -> None:
    path = "/api/v1/namespaces/redis/pods/my-redis-redis-ha-server-1/status"
    with lab.api() as api:
        marked = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
        assert api.call("PATCH", path, marked, kind="application/strategic-merge-patch+json")[0] == 200
    lab.settle()
    assert lab.kubectl("-n", "redis", "get", "pods", "--no-headers").count("3/3") == 3
    with lab.api() as api:
        _, pod = api.call("GET", path)
    assert {one["status"] for one in pod["status"]["conditions"] if one["type"] == "Ready"} == {"True"}


def test_load_pods_come_and_are_replaced(fresh_lab: Lab) -> None:
    fresh_lab.scale(2, 40)
    before = names(fresh_lab.kubectl("-n", "load-0", "get", "pods", "-o", "json"))
    assert len(before) == 40
    started = time.monotonic()
    assert 5 <= fresh_lab.churn(10, 1) <= 11
    assert time.monotonic() - started < 10
    assert names(fresh_lab.kubectl("-n", "load-0", "get", "pods", "-o", "json")) != before
