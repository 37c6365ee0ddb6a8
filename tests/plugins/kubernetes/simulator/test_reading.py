from __future__ import annotations

import pytest

from tests.plugins.kubernetes.simulator.conftest import Wire

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
PARTIAL = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"}


async def test_pages_together_are_the_list_and_stand_still_while_the_world_moves(wire: Wire) -> None:
    whole = await wire.names("/api/v1/pods")
    first = await wire.get("/api/v1/pods", limit=20)
    assert first["metadata"]["remainingItemCount"] == len(whole) - 20
    wire.simulator.cluster.delete_pods("redis/my-redis-redis-ha-server-0", "default/debug-shell")
    wire.clock.advance(30)
    found = [item["metadata"]["name"] for item in first["items"]]
    token = first["metadata"]["continue"]
    while token:
        page = await wire.get("/api/v1/pods", limit=20, **{"continue": token})
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
        found += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
    assert found == whole


async def test_a_page_from_before_the_kept_history_is_410(wire: Wire) -> None:
    first = await wire.get("/api/v1/pods", limit=5)
    wire.simulator.cluster.delete_pods("default/debug-shell")
    wire.clock.advance(30)
    wire.simulator.world.store.forget_history()
    token = first["metadata"]["continue"]
    answer = await wire.http.get("/api/v1/pods", params={"limit": 5, "continue": token})
    assert answer.status_code == 410
    assert answer.json()["reason"] == "Expired"
    assert "continue parameter is too old" in answer.json()["message"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"labelSelector": "component=bookie"}, [f"pulsar-bookie-{n}" for n in range(3)]),
        ({"labelSelector": "component in (bookie),app"}, [f"pulsar-bookie-{n}" for n in range(3)]),
        ({"labelSelector": "component in (proxy,toolset),component!=proxy"}, ["pulsar-toolset-0"]),
        ({"labelSelector": "component=bookie", "fieldSelector": "spec.nodeName=node2"}, ["pulsar-bookie-1"]),
        ({"fieldSelector": "metadata.name=pulsar-proxy-1,status.phase=Running"}, ["pulsar-proxy-1"]),
        ({"labelSelector": "!app,!component,!batch.kubernetes.io/job-name"}, []),
    ],
)
async def test_selectors_choose(wire: Wire, params: dict[str, str], names: list[str]) -> None:
    assert await wire.names("/api/v1/namespaces/pulsar/pods", **params) == names


async def test_secrets_are_selected_by_type_and_an_unknown_field_is_refused(wire: Wire) -> None:
    tokens = await wire.names("/api/v1/secrets", fieldSelector="type=bootstrap.kubernetes.io/token")
    assert tokens == ["bootstrap-token-forevr", "bootstrap-token-labday"]
    answer = await wire.http.get("/api/v1/pods", params={"fieldSelector": "spec.color=red"})
    assert answer.status_code == 400
    assert "field label not supported: spec.color" in answer.json()["message"]


async def test_items_of_lists_carry_no_kind_but_single_objects_do(wire: Wire) -> None:
    listed = await wire.get("/api/v1/nodes")
    assert (listed["kind"], listed["apiVersion"]) == ("NodeList", "v1")
    assert "kind" not in listed["items"][0]
    one = await wire.get("/api/v1/nodes/node1")
    assert list(one)[:3] == ["kind", "apiVersion", "metadata"]
    assert one["spec"]["taints"] == [{"key": "dedicated", "value": "pulsar", "effect": "NoSchedule"}]


async def test_tables_have_the_printer_columns(wire: Wire) -> None:
    answer = await wire.http.get("/api/v1/namespaces/pulsar/pods", headers=TABLE, params={"limit": 3})
    table = answer.json()
    assert table["kind"] == "Table"
    shown = [c["name"] for c in table["columnDefinitions"] if c["priority"] == 0]
    assert shown == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert table["rows"][0]["cells"][:5] == ["pulsar-bookie-0", "1/1", "Running", "0", "12d"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert table["metadata"]["continue"]


async def test_metadata_alone(wire: Wire) -> None:
    listed = (await wire.http.get("/api/v1/namespaces/kafka/pods", headers=PARTIAL)).json()
    assert listed["kind"] == "PartialObjectMetadataList"
    assert {key for item in listed["items"] for key in item} == {"kind", "apiVersion", "metadata"}


async def test_what_is_not_there_is_a_status(wire: Wire) -> None:
    missing = await wire.http.get("/api/v1/namespaces/kafka/pods/nobody")
    assert missing.status_code == 404
    assert missing.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'pods "nobody" not found',
        "reason": "NotFound",
        "details": {"name": "nobody", "kind": "pods"},
        "code": 404,
    }
    grouped = (await wire.http.get("/apis/apps/v1/namespaces/kafka/deployments/nobody")).json()
    assert grouped["message"] == 'deployments.apps "nobody" not found'
    assert grouped["details"] == {"name": "nobody", "group": "apps", "kind": "deployments"}


async def test_a_call_that_nothing_covers_is_recorded(wire: Wire) -> None:
    assert (await wire.http.get("/api/v1/unicorns")).json()[
        "message"
    ] == "the server could not find the requested resource"
    assert (await wire.http.post("/apis/metrics.k8s.io/v1beta1/nodes", json={})).status_code == 405
    unexpected = wire.simulator.world.unexpected
    assert unexpected == ["GET /api/v1/unicorns", "POST /apis/metrics.k8s.io/v1beta1/nodes"]
    unexpected.clear()


async def test_discovery_names_every_resource_with_its_verbs(wire: Wire) -> None:
    core = await wire.get("/api/v1")
    by_name = {item["name"]: item for item in core["resources"]}
    assert by_name["pods"]["shortNames"] == ["po"]
    assert "watch" in by_name["nodes"]["verbs"]
    assert by_name["pods/eviction"]["group"] == "policy"
    groups = [group["name"] for group in (await wire.get("/apis"))["groups"]]
    assert {"apps", "policy", "core.strimzi.io", "metrics.k8s.io", "authorization.k8s.io"} <= set(groups)
    assert (await wire.get("/version"))["gitVersion"] == "v1.35.4"
    assert (await wire.http.get("/readyz")).text == "ok"


async def test_metrics_and_the_kubelets_summary_agree_with_the_pods(wire: Wire) -> None:
    nodes = await wire.get("/apis/metrics.k8s.io/v1beta1/nodes")
    assert {item["metadata"]["name"] for item in nodes["items"]} >= {"node1", "k8s-node3"}
    summary = await wire.get("/api/v1/nodes/node1/proxy/stats/summary")
    assert summary["node"]["nodeName"] == "node1"
    bookie = next(pod for pod in summary["pods"] if pod["podRef"]["name"] == "pulsar-bookie-0")
    volumes = {volume["pvcRef"]["name"]: volume["capacityBytes"] for volume in bookie["volume"]}
    assert volumes["pulsar-bookie-ledgers-pulsar-bookie-0"] == 50 * 2**30
    measured = await wire.get("/apis/metrics.k8s.io/v1beta1/namespaces/kafka/pods/my-cluster-kafka-0")
    assert measured["containers"][0]["usage"]["cpu"].endswith("n")
