from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.kubernetes.simulator.kinds import CLAIMS, DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS
from tests.plugins.kubernetes.simulator.conftest import Wire

MAPS = "/api/v1/namespaces/kafka/configmaps"


async def test_create_get_update_conflict_delete(wire: Wire) -> None:
    made = await wire.http.post(MAPS, json={"metadata": {"name": "one"}, "data": {"a": "1"}})
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["metadata"]["namespace"]) == ("ConfigMap", "kafka")
    again = await wire.http.post(MAPS, json={"metadata": {"name": "one"}})
    assert (again.status_code, again.json()["reason"]) == (409, "AlreadyExists")
    body["data"]["a"] = "2"
    updated = (await wire.http.put(f"{MAPS}/one", json=body)).json()
    assert int(updated["metadata"]["resourceVersion"]) > int(body["metadata"]["resourceVersion"])
    stale = await wire.http.put(f"{MAPS}/one", json=body | {"data": {}})
    assert stale.status_code == 409
    assert "the object has been modified" in stale.json()["message"]
    gone = (await wire.http.delete(f"{MAPS}/one")).json()
    assert gone["status"] == "Success"
    assert gone["details"] == {"name": "one", "kind": "configmaps", "uid": body["metadata"]["uid"]}
    assert (await wire.http.get(f"{MAPS}/one")).status_code == 404


async def test_an_update_that_changes_nothing_keeps_the_version(wire: Wire) -> None:
    body = (await wire.http.post(MAPS, json={"metadata": {"name": "same"}, "data": {"a": "1"}})).json()
    put = (await wire.http.put(f"{MAPS}/same", json=body)).json()
    assert put["metadata"]["resourceVersion"] == body["metadata"]["resourceVersion"]


async def test_dry_runs_store_nothing_and_other_values_are_refused(wire: Wire) -> None:
    dry = await wire.http.post(MAPS, json={"metadata": {"name": "dry"}}, params={"dryRun": "All"})
    assert dry.status_code == 201
    assert "resourceVersion" not in dry.json()["metadata"]
    assert (await wire.http.get(f"{MAPS}/dry")).status_code == 404
    patched = await wire.patch("/api/v1/nodes/node1", {"spec": {"unschedulable": True}}, dryRun="All")
    assert patched.json()["spec"]["unschedulable"] is True
    assert "unschedulable" not in (await wire.get("/api/v1/nodes/node1"))["spec"]
    assert (await wire.http.post(MAPS, json={"metadata": {"name": "x"}}, params={"dryRun": "Some"})).status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"metadata": {}}, 422, "name or generateName is required"),
        ({"metadata": {"name": "Bad_Name"}}, 422, "a lowercase RFC 1123 subdomain"),
        ({"metadata": {"name": "x", "namespace": "other"}}, 400, "the namespace of the provided object does not match"),
        ({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}}, 400, "cannot be handled as a ConfigMap"),
    ],
)
async def test_what_makes_no_object_is_refused(wire: Wire, body: dict[str, Any], status: int, message: str) -> None:
    answer = await wire.http.post(MAPS, json=body)
    assert answer.status_code == status
    assert message in answer.json()["message"]


async def test_an_object_that_cannot_be_read_is_500_and_found_among_the_unexpected(wire: Wire) -> None:
    made = {"metadata": {"name": "x"}, "spec": {"ports": ["80"]}}
    answer = await wire.http.post("/api/v1/namespaces/kafka/services", json=made)
    assert (answer.status_code, answer.json()["reason"]) == (500, "InternalError")
    (line,) = wire.simulator.world.unexpected
    assert line.startswith("POST /api/v1/namespaces/kafka/services: ")
    wire.simulator.world.unexpected.clear()


async def test_a_namespace_must_be_there(wire: Wire) -> None:
    answer = await wire.http.post("/api/v1/namespaces/nowhere/configmaps", json={"metadata": {"name": "x"}})
    assert (answer.status_code, answer.json()["message"]) == (404, 'namespaces "nowhere" not found')


async def test_a_cordon_by_strategic_merge_adds_the_taint_and_its_end_removes_it(wire: Wire) -> None:
    await wire.patch("/api/v1/nodes/node1", {"spec": {"unschedulable": True}})
    wire.clock.advance(1)
    node = await wire.get("/api/v1/nodes/node1")
    added = [taint for taint in node["spec"]["taints"] if taint["key"] == "node.kubernetes.io/unschedulable"]
    assert [(taint["effect"], "timeAdded" in taint) for taint in added] == [("NoSchedule", True)]
    await wire.patch("/api/v1/nodes/node1", {"spec": {"unschedulable": None}})
    wire.clock.advance(1)
    node = await wire.get("/api/v1/nodes/node1")
    assert [taint["key"] for taint in node["spec"]["taints"]] == ["dedicated"]


async def test_conditions_merge_by_type_and_status_is_its_own_subresource(wire: Wire) -> None:
    made = {"type": "DiskGone", "status": "True", "reason": "Test", "message": "m"}
    answer = await wire.patch("/api/v1/nodes/node1/status", {"status": {"conditions": [made]}})
    types = [condition["type"] for condition in answer.json()["status"]["conditions"]]
    assert "DiskGone" in types
    assert "Ready" in types
    await wire.patch("/api/v1/nodes/node1", {"status": {"conditions": [made | {"type": "Ignored"}]}})
    node = await wire.get("/api/v1/nodes/node1")
    assert "Ignored" not in [condition["type"] for condition in node["status"]["conditions"]]


async def test_json_patch_tests_before_it_acts(wire: Wire) -> None:
    await wire.http.post(MAPS, json={"metadata": {"name": "j"}, "data": {"a": "1"}})
    failed = [{"op": "test", "path": "/data/a", "value": "2"}, {"op": "remove", "path": "/data/a"}]
    assert (await wire.patch(f"{MAPS}/j", failed, "json-patch")).status_code == 422
    done = [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "add", "path": "/data/b~1c", "value": "3"}]
    assert (await wire.patch(f"{MAPS}/j", done, "json-patch")).json()["data"] == {"a": "1", "b/c": "3"}


async def test_apply_creates_and_then_merges(wire: Wire) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s"}, "data": {"a": "1"}}
    first = await wire.patch(f"{MAPS}/s", manifest, "apply", fieldManager="pilothouse")
    second = await wire.patch(f"{MAPS}/s", manifest | {"data": {"b": "2"}}, "apply", fieldManager="pilothouse")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["data"] == {"a": "1", "b": "2"}
    assert (await wire.patch(f"{MAPS}/s", manifest, "apply")).status_code == 422


async def test_an_unknown_patch_type_is_415(wire: Wire) -> None:
    answer = await wire.http.patch(f"{MAPS}/x", content=b"{}", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (415, "UnsupportedMediaType")


async def test_a_delete_for_another_uid_is_409(wire: Wire) -> None:
    wrong = {"preconditions": {"uid": "11111111-1111-4111-8111-111111111111"}}
    path = "/api/v1/namespaces/default/pods/debug-shell"
    answer = await wire.http.request("DELETE", path, content=json.dumps(wrong))
    assert answer.status_code == 409
    assert "The object might have been deleted and then recreated" in answer.json()["message"]
    assert not wire.pod("default/debug-shell").deleting


async def test_a_finalizer_keeps_an_object_until_it_is_taken_off(wire: Wire) -> None:
    await wire.http.post(MAPS, json={"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    assert "deletionTimestamp" in (await wire.http.delete(f"{MAPS}/held")).json()["metadata"]
    assert (await wire.http.get(f"{MAPS}/held")).status_code == 200
    await wire.patch(f"{MAPS}/held", {"metadata": {"finalizers": None}}, "merge")
    assert (await wire.http.get(f"{MAPS}/held")).status_code == 404


async def test_what_an_owner_owned_goes_with_it_or_stays_orphaned(wire: Wire) -> None:
    store = wire.simulator.world.store
    await wire.http.delete("/apis/apps/v1/namespaces/default/deployments/httpbin")
    options = {"propagationPolicy": "Orphan"}
    await wire.http.request(
        "DELETE", "/apis/apps/v1/namespaces/default/deployments/zipkin", content=json.dumps(options)
    )
    wire.clock.advance(20)
    names = [rs.name for rs in store.each(REPLICA_SETS, "default")]
    assert not [name for name in names if name.startswith("httpbin")]
    (orphan,) = [rs for rs in store.each(REPLICA_SETS, "default") if rs.name.startswith("zipkin")]
    assert "ownerReferences" not in orphan.meta
    assert not [pod.key for pod in store.each(PODS, "default") if pod.name.startswith("httpbin")]
    assert [pod.key for pod in store.each(PODS, "default") if pod.name.startswith("zipkin")]


async def test_a_foreground_deletion_ends_with_the_owner(wire: Wire) -> None:
    store = wire.simulator.world.store
    options = {"propagationPolicy": "Foreground"}
    await wire.http.request(
        "DELETE", "/apis/apps/v1/namespaces/flink/deployments/flink-taskmanager", content=json.dumps(options)
    )
    held = store.get(DEPLOYMENTS, "flink/flink-taskmanager")
    assert held is not None
    assert held.meta["finalizers"] == ["foregroundDeletion"]
    wire.clock.advance(20)
    assert store.get(DEPLOYMENTS, "flink/flink-taskmanager") is None
    assert [pod.name.rpartition("-")[0].rpartition("-")[0] for pod in store.each(PODS, "flink")] == ["flink-jobmanager"]


async def test_a_namespace_takes_its_contents_with_it(wire: Wire) -> None:
    store = wire.simulator.world.store
    answer = await wire.http.delete("/api/v1/namespaces/redis")
    assert answer.json()["status"]["phase"] == "Terminating"
    late = await wire.http.post("/api/v1/namespaces/redis/configmaps", json={"metadata": {"name": "late"}})
    assert late.status_code == 403
    assert late.json()["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    wire.clock.advance(60)
    assert store.get(NAMESPACES, "redis") is None
    assert not list(store.each(CLAIMS, "redis"))


async def test_scale_by_its_subresource(wire: Wire) -> None:
    path = "/apis/apps/v1/namespaces/flink/deployments/flink-taskmanager/scale"
    scale = await wire.get(path)
    assert (scale["kind"], scale["spec"], scale["status"]["replicas"]) == ("Scale", {"replicas": 2}, 2)
    await wire.patch(path, {"spec": {"replicas": 4}}, "merge")
    wire.clock.advance(10)
    assert (await wire.get(path))["status"]["replicas"] == 4
    refused = await wire.http.put(path, json=scale | {"spec": {"replicas": -1}})
    assert refused.status_code in (409, 422)


async def test_a_pods_place_cannot_be_patched(wire: Wire) -> None:
    answer = await wire.patch("/api/v1/namespaces/default/pods/debug-shell", {"spec": {"nodeName": "node1"}})
    assert answer.status_code == 422
    assert "pod updates may not change fields other than" in answer.json()["message"]


async def test_a_new_template_rolls_a_deployment_without_losing_availability(wire: Wire) -> None:
    path = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    marks = {"kubectl.kubernetes.io/restartedAt": "2025-06-15T15:06:40Z"}
    await wire.patch(path, {"spec": {"template": {"metadata": {"annotations": marks}}}})
    least = 2
    for _ in range(100):
        wire.clock.advance(0.2)
        least = min(least, (await wire.get(path))["status"].get("availableReplicas", 0))
    done = (await wire.get(path))["status"]
    assert least == 2
    assert (done["updatedReplicas"], done["readyReplicas"], done["replicas"]) == (2, 2, 2)
    pods = [pod for pod in wire.simulator.world.store.each(PODS, "kube-system") if pod.name.startswith("coredns")]
    assert [pod.annotations for pod in pods] == [marks, marks]
