"""Writes: conflicts, patches, dry runs, Leases by compare-and-swap."""

from __future__ import annotations

import pytest

from tests.contracts.manifests import config_map, lease
from tests.contracts.served import JSON_PATCH, STRATEGIC, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


async def test_an_old_version_is_a_conflict(served: Served) -> None:
    path = f"{served.space}/configmaps"
    old = await served.make(path, config_map("one", a="1"))
    answer = await served.patch(f"{path}/one", {"data": {"a": "2"}})
    assert answer.json()["data"] == {"a": "2"}
    for late in (
        await served.http.put(f"{path}/one", json=old),
        await served.patch(
            f"{path}/one", {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"a": "3"}}
        ),
    ):
        assert late.status_code == 409
        status = late.json()
        assert (status["reason"], status["details"]["name"], status["details"]["kind"]) == (
            "Conflict",
            "one",
            "configmaps",
        )
        assert status["message"] == f'Operation cannot be fulfilled on configmaps "one": {MODIFIED}'
    assert (await served.get(f"{path}/one"))["data"] == {"a": "2"}


async def test_another_uid_is_a_conflict(served: Served) -> None:
    path = f"{served.space}/configmaps"
    await served.make(path, config_map("one"))
    wrong = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    answer = await served.http.request("DELETE", f"{path}/one", json=wrong)
    assert answer.status_code == 409, answer.text
    assert answer.json()["reason"] == "Conflict"
    assert "UID in the precondition (00000000-0000-0000-0000-000000000000)" in answer.json()["message"]
    assert (await served.get(f"{path}/one"))["metadata"]["name"] == "one"


async def test_patches(served: Served) -> None:
    path = f"{served.space}/configmaps"
    await served.make(path, config_map("one", a="1", b="2"))
    answer = await served.patch(f"{path}/one", {"data": {"a": None, "c": "3"}})
    assert answer.json()["data"] == {"b": "2", "c": "3"}
    edits = [{"op": "test", "path": "/data/b", "value": "2"}, {"op": "replace", "path": "/data/b", "value": "9"}]
    answer = await served.patch(f"{path}/one", edits, JSON_PATCH)
    assert answer.json()["data"] == {"b": "9", "c": "3"}
    answer = await served.patch(f"{path}/one", edits, JSON_PATCH)
    assert answer.status_code == 422, answer.text
    answer = await served.patch(f"{path}/one", {"data": {"c": "4"}}, STRATEGIC)
    assert answer.json()["data"] == {"b": "9", "c": "4"}
    answer = await served.patch(f"{path}/two", {"data": {}})
    assert answer.status_code == 404


async def test_cordon_and_back(served: Served) -> None:
    path = "/api/v1/nodes/k8s-node3"
    answer = await served.patch(path, {"spec": {"unschedulable": True}}, STRATEGIC)
    assert answer.json()["spec"]["unschedulable"] is True

    async def tainted() -> dict[str, object] | None:
        taints = (await served.get(path))["spec"].get("taints", [])
        return next((taint for taint in taints if taint["key"] == "node.kubernetes.io/unschedulable"), None)

    assert (await served.until(tainted))["effect"] == "NoSchedule"
    answer = await served.patch(path, {"spec": {"unschedulable": None}}, STRATEGIC)
    assert "unschedulable" not in answer.json()["spec"]


async def test_a_dry_run_changes_nothing(served: Served) -> None:
    path = f"{served.space}/configmaps"
    answer = await served.http.post(path, json=config_map("ghost"), params={"dryRun": "All"})
    assert answer.status_code == 201
    assert (await served.http.get(f"{path}/ghost")).status_code == 404
    await served.make(path, config_map("one", a="1"))
    answer = await served.patch(f"{path}/one", {"data": {"a": "2"}}, dryRun="All")
    assert answer.json()["data"] == {"a": "2"}
    assert (await served.get(f"{path}/one"))["data"] == {"a": "1"}


async def test_only_one_takes_a_lease(served: Served) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{served.namespace}/leases"
    held = await served.make(path, lease("node1", "first"))
    again = await served.http.post(path, json=lease("node1", "second"))
    assert again.status_code == 409
    assert again.json()["reason"] == "AlreadyExists"
    assert again.json()["message"] == 'leases.coordination.k8s.io "node1" already exists'
    first = await served.http.put(
        f"{path}/node1", json=held | {"spec": held["spec"] | {"holderIdentity": "first again"}}
    )
    assert first.status_code == 200, first.text
    second = await served.http.put(f"{path}/node1", json=held | {"spec": held["spec"] | {"holderIdentity": "second"}})
    assert second.status_code == 409
    assert second.json()["reason"] == "Conflict"
    assert (await served.get(f"{path}/node1"))["spec"]["holderIdentity"] == "first again"
