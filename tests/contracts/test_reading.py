"""Lists, pages, tables, selectors, discovery and refusals."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.contracts.manifests import config_map
from tests.contracts.served import Object, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def names(answer: Object) -> list[str]:
    return [item["metadata"]["name"] for item in answer["items"]]


def refusal(answer: httpx.Response, code: int, reason: str) -> str:
    """The message of a Status that must have this code and reason."""
    assert answer.status_code == code, answer.text
    status = answer.json()
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", code)
    assert status.get("reason", "") == reason
    return status["message"]


async def test_pages_together_are_the_list(served: Served) -> None:
    for number in range(7):
        await served.make(f"{served.space}/configmaps", config_map(f"map-{number}"))
    path = f"{served.space}/configmaps"
    whole = await served.get(path, labelSelector="")
    assert whole["kind"] == "ConfigMapList"
    page = await served.get(path, limit="3")
    found, versions, left = names(page), {page["metadata"]["resourceVersion"]}, page["metadata"]["remainingItemCount"]
    assert left == len(whole["items"]) - 3
    while token := page["metadata"].get("continue"):
        page = await served.get(path, limit="3", **{"continue": token})
        found += names(page)
        versions.add(page["metadata"]["resourceVersion"])
    assert found == names(whole)
    assert len(versions) == 1  # all pages are of one moment


async def test_a_page_token_that_is_none_is_refused(served: Served) -> None:
    answer = await served.http.get(f"{served.space}/configmaps", params={"limit": "3", "continue": "rubbish"})
    assert "continue key is not valid" in refusal(answer, 400, "BadRequest")


async def test_a_page_token_that_is_too_old_is_410(served: Served) -> None:
    for number in range(3):
        await served.make(f"{served.space}/configmaps", config_map(f"map-{number}"))
    page = await served.get(f"{served.space}/configmaps", limit="1")
    await served.make(f"{served.space}/configmaps", config_map("later"))
    await served.forget_history()
    asked = {"limit": "1", "continue": page["metadata"]["continue"]}
    answer = await served.http.get(f"{served.space}/configmaps", params=asked)
    assert "The provided continue parameter is too old" in refusal(answer, 410, "Expired")


async def test_items_of_a_list_name_neither_kind_nor_version(served: Served) -> None:
    nodes = await served.get("/api/v1/nodes")
    assert (nodes["kind"], nodes["apiVersion"]) == ("NodeList", "v1")
    assert all("kind" not in item and "apiVersion" not in item for item in nodes["items"])
    one = await served.get("/api/v1/nodes/node1")
    assert (one["kind"], one["apiVersion"]) == ("Node", "v1")


async def test_selectors(served: Served) -> None:
    path = f"{served.space}/configmaps"
    for number, colour in enumerate(("red", "red", "blue")):
        item = config_map(f"map-{number}")
        item["metadata"]["labels"] = {"colour": colour}
        await served.make(path, item)
    assert names(await served.get(path, labelSelector="colour=red")) == ["map-0", "map-1"]
    assert names(await served.get(path, labelSelector="colour in (blue,green)")) == ["map-2"]
    assert "map-2" in names(await served.get(path, labelSelector="colour!=red"))
    assert names(await served.get(path, fieldSelector="metadata.name=map-1")) == ["map-1"]
    answer = await served.http.get(path, params={"fieldSelector": "data.colour=red"})
    assert '"data.colour" is not a known field selector' in refusal(answer, 400, "BadRequest")


async def test_pods_by_node(served: Served) -> None:
    pods = await served.get("/api/v1/pods", fieldSelector="spec.nodeName=node1")
    assert pods["items"]
    assert {pod["spec"]["nodeName"] for pod in pods["items"]} == {"node1"}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/api/v1/pods", ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node"]),
        ("/api/v1/nodes", ["Name", "Status", "Roles", "Age", "Version", "Internal-IP"]),
        ("/apis/apps/v1/statefulsets", ["Name", "Ready", "Age", "Containers", "Images"]),
        ("/apis/apps/v1/deployments", ["Name", "Ready", "Up-to-date", "Available", "Age"]),
        (
            "/apis/policy/v1/poddisruptionbudgets",
            ["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"],
        ),
    ],
)
async def test_tables(served: Served, path: str, wanted: list[str]) -> None:
    answer = await served.http.get(path, headers={"Accept": TABLE})
    table = answer.json()
    assert table["kind"] == "Table"
    columns = table["columnDefinitions"]
    assert [column["name"] for column in columns][: len(wanted)] == wanted
    assert {"name", "type", "format", "description", "priority"} <= set(columns[0])
    row = table["rows"][0]
    assert len(row["cells"]) == len(columns)
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == row["cells"][0]


async def test_the_table_of_a_pod_that_runs(served: Served) -> None:
    path = "/api/v1/namespaces/pulsar/pods"
    answer = await served.http.get(path, headers={"Accept": TABLE}, params={"fieldSelector": "spec.nodeName=node1"})
    rows = {row["cells"][0]: row["cells"] for row in answer.json()["rows"]}
    bookie = next(cells for name, cells in rows.items() if name.startswith("pulsar-bookie-"))
    ready, of = bookie[1].split("/")
    assert ready == of
    assert bookie[2] == "Running"
    assert str(bookie[3]).startswith("0")
    assert re.fullmatch(r"(\d+[smhdy])+", bookie[4])


async def test_metadata_alone(served: Served) -> None:
    answer = await served.http.get("/api/v1/pods", headers={"Accept": METADATA})
    found = answer.json()
    assert found["kind"] == "PartialObjectMetadataList"
    assert all(not item.get("spec") and item["metadata"]["uid"] for item in found["items"])


async def test_discovery(served: Served) -> None:
    version = await served.get("/version")
    assert re.fullmatch(r"v1\.\d+\.\d+.*", version["gitVersion"])
    assert (await served.get("/api"))["versions"] == ["v1"]
    core = {item["name"]: item for item in (await served.get("/api/v1"))["resources"]}
    assert core["nodes"]["namespaced"] is False
    assert core["pods"]["shortNames"] == ["po"]
    assert core["pods/eviction"]["kind"] == "Eviction"
    assert {"get", "list", "watch", "create", "delete", "patch"} <= set(core["pods"]["verbs"])
    groups = {group["name"]: group for group in (await served.get("/apis"))["groups"]}
    assert {"apps", "batch", "policy", "coordination.k8s.io", "storage.k8s.io"} <= set(groups)
    assert groups["apps"]["preferredVersion"]["groupVersion"] == "apps/v1"
    apps = {item["name"]: item for item in (await served.get("/apis/apps/v1"))["resources"]}
    assert (apps["statefulsets"]["kind"], apps["statefulsets"]["shortNames"]) == ("StatefulSet", ["sts"])


async def test_what_is_not_there(served: Served) -> None:
    answer = await served.http.get(f"{served.space}/pods/nobody")
    assert refusal(answer, 404, "NotFound") == 'pods "nobody" not found'


async def test_who_is_not_known(served: Served) -> None:
    login = {"Authorization": "Bearer nobody"}
    answer = await served.viewer.get("/api/v1/nodes", headers=login)
    assert refusal(answer, 401, "Unauthorized") == "Unauthorized"


async def test_who_may_not(served: Served) -> None:
    answer = await served.viewer.get("/api/v1/nodes")
    message = refusal(answer, 403, "Forbidden")
    assert re.fullmatch(
        r'nodes is forbidden: User "[^"]+" cannot list resource "nodes" in API group "" at the cluster scope', message
    )
    answer = await served.viewer.delete("/api/v1/namespaces/kafka/pods/my-cluster-kafka-0")
    message = refusal(answer, 403, "Forbidden")
    assert re.fullmatch(
        r'pods "my-cluster-kafka-0" is forbidden: User "[^"]+" cannot delete resource "pods" in API group "" '
        r'in the namespace "kafka"',
        message,
    )


@pytest.mark.parametrize(("verb", "resource", "allowed"), [("list", "pods", True), ("delete", "nodes", False)])
async def test_rights_are_told_beforehand(served: Served, verb: str, resource: str, *, allowed: bool) -> None:
    attributes = {"verb": verb, "resource": resource, "namespace": "kafka" if resource == "pods" else ""}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = await served.viewer.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json=review)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"]["allowed"] is allowed


async def test_bootstrap_tokens(served: Served) -> None:
    path = "/api/v1/namespaces/kube-system/secrets"
    found = await served.get(path, fieldSelector="type=bootstrap.kubernetes.io/token")
    assert found["items"]
    assert {item["type"] for item in found["items"]} == {"bootstrap.kubernetes.io/token"}
    assert all({"token-id", "token-secret"} <= set(item["data"]) for item in found["items"])
    assert all(name.startswith("bootstrap-token-") for name in names(found))


async def test_events_of_one_subject(served: Served) -> None:
    for number, subject in enumerate(("first", "second")):
        await served.make(
            f"{served.space}/events",
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"event-{number}"},
                "involvedObject": {"kind": "Pod", "name": subject, "namespace": served.namespace},
                "reason": "Tried",
                "message": "by a test",
                "type": "Warning",
                "firstTimestamp": "2026-01-01T00:00:00Z",
                "lastTimestamp": "2026-01-01T00:00:00Z",
            },
        )
    found = await served.get(f"{served.space}/events", fieldSelector="involvedObject.name=second")
    assert names(found) == ["event-1"]


async def test_logs_are_lines(served: Served) -> None:
    path = "/api/v1/namespaces/kafka/pods/my-cluster-kafka-0/log"
    answer = await served.http.get(path, params={"tailLines": "3", "container": "kafka"})
    assert answer.status_code == 200, answer.text
    assert len(answer.text.splitlines()) == 3
    answer = await served.http.get(path, params={"container": "nobody"})
    assert "container nobody is not valid for pod my-cluster-kafka-0" in refusal(answer, 400, "BadRequest")


async def test_exec_needs_an_upgrade_and_a_pod(served: Served) -> None:
    path = "/api/v1/namespaces/{}/pods/{}/exec"
    asked = {"command": "true", "stdout": "true"}
    answer = await served.http.get(path.format("kafka", "nobody"), params=asked)
    assert refusal(answer, 404, "NotFound") == 'pods "nobody" not found'
    answer = await served.http.get(path.format("kafka", "my-cluster-kafka-0"), params=asked)
    assert answer.status_code in {400, 403, 426}, answer.text
