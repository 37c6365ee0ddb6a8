"""Evictions against budgets, and what becomes of the pods of a StatefulSet afterwards."""

from __future__ import annotations

import httpx
import pytest

from plugins.kubernetes.client.answers import read_status
from plugins.kubernetes.client.evicting import Eviction, Outcome, judge
from tests.contracts.manifests import budget, stateful_set
from tests.contracts.served import Object, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETS, BUDGETS = "/apis/apps/v1/namespaces/{}/statefulsets", "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"


def is_ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


async def with_set(served: Served, replicas: int) -> None:
    """A set `web` of ready pods."""
    await served.make(SETS.format(served.namespace), stateful_set("web", replicas))

    async def ready() -> Object | None:
        found = await served.get(f"{served.space}/pods")
        return found if sum(is_ready(pod) for pod in found["items"]) == replicas else None

    await served.until(ready)


async def with_budget(served: Served, name: str, at_least: int, allowed: int) -> None:
    """A budget of `web` that the controller has worked out."""
    path = BUDGETS.format(served.namespace)
    await served.make(path, budget(name, "web", at_least))

    async def counted() -> Object | None:
        found = await served.get(f"{path}/{name}")
        status = found.get("status", {})
        counted = status.get("observedGeneration") == found["metadata"]["generation"]
        return found if counted and status["disruptionsAllowed"] == allowed else None

    await served.until(counted)


async def test_a_budget_is_spent_and_then_refuses(served: Served) -> None:
    await with_set(served, 3)
    await with_budget(served, "web", 2, 1)
    assert (await served.evict("web-0")).status_code == 201
    answer = await served.evict("web-1")
    assert answer.status_code == 429, answer.text
    status = answer.json()
    assert status["reason"] == "TooManyRequests"
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    (cause,) = status["details"]["causes"]
    assert cause["reason"] == "DisruptionBudget"
    assert cause["message"].startswith("The disruption budget web ")


async def test_a_budget_that_allows_nothing_says_what_it_needs(served: Served) -> None:
    await with_set(served, 2)
    await with_budget(served, "web", 2, 0)
    for dry_run in (True, False):
        answer = await served.evict("web-0", dry_run=dry_run)
        assert answer.status_code == 429
        (cause,) = answer.json()["details"]["causes"]
        assert cause["message"] == "The disruption budget web needs 2 healthy pods and has 2 currently"
    pods = await served.get(f"{served.space}/pods")
    assert all("deletionTimestamp" not in pod["metadata"] for pod in pods["items"])


async def test_two_budgets_are_an_error_of_the_server(served: Served) -> None:
    await with_set(served, 2)
    await with_budget(served, "web", 1, 1)
    await with_budget(served, "web-too", 1, 1)
    answer = await served.evict("web-0")
    assert answer.status_code == 500
    assert "This pod has more than one PodDisruptionBudget" in answer.json()["message"]


async def test_preconditions_and_dry_runs(served: Served) -> None:
    await with_set(served, 1)
    uid = (await served.get(f"{served.space}/pods/web-0"))["metadata"]["uid"]
    wrong = await served.evict("web-0", preconditions={"uid": "00000000-0000-0000-0000-000000000000"})
    assert wrong.status_code == 409, wrong.text
    assert wrong.json()["reason"] == "Conflict"
    assert (await served.evict("web-0", dry_run=True)).status_code == 201
    assert "deletionTimestamp" not in (await served.get(f"{served.space}/pods/web-0"))["metadata"]
    assert (await served.evict("web-0", preconditions={"uid": uid})).status_code == 201

    async def replaced() -> Object | None:
        answer = await served.http.get(f"{served.space}/pods/web-0")
        pod = answer.json()
        return pod if answer.status_code == 200 and pod["metadata"]["uid"] != uid and is_ready(pod) else None

    assert (await served.until(replaced))["metadata"]["ownerReferences"][0]["name"] == "web"
    gone = await served.evict("web-0", preconditions={"uid": uid})
    assert gone.status_code == 409
    assert (await served.evict("nobody")).status_code == 404


async def test_pods_of_a_set_come_in_order(served: Served) -> None:
    async with served.watching(f"{served.space}/pods") as watch:
        await served.make(SETS.format(served.namespace), stateful_set("web", 3))
        ready: set[str] = set()
        added: list[str] = []
        while len(ready) < 3:
            kind, pod = await watch.next()
            name = pod["metadata"]["name"]
            if kind == "ADDED":
                assert ready == set(added), f"{name} came before {added} were ready"
                added.append(name)
            elif is_ready(pod):
                ready.add(name)
    assert added == ["web-0", "web-1", "web-2"]


async def test_a_pod_with_a_local_volume_waits_for_its_node(served: Served) -> None:
    space, node = "/api/v1/namespaces/pulsar/pods", "/api/v1/nodes/node1"
    pods = await served.get(space, fieldSelector="spec.nodeName=node1", labelSelector="component=bookie")
    (bookie,) = pods["items"]
    name, uid = bookie["metadata"]["name"], bookie["metadata"]["uid"]
    await served.patch(node, {"spec": {"unschedulable": True}})
    assert (await served.evict(name, namespace="pulsar", gracePeriodSeconds=1)).status_code == 201

    async def waits() -> Object | None:
        answer = await served.http.get(f"{space}/{name}")
        pod = answer.json()
        if answer.status_code != 200 or pod["metadata"]["uid"] == uid:
            return None
        conditions = pod["status"].get("conditions", [])
        return next((one for one in conditions if one["type"] == "PodScheduled" and one["status"] == "False"), None)

    condition = await served.until(waits)
    assert condition["reason"] == "Unschedulable"
    assert condition["message"].startswith("0/7 nodes are available: ")
    assert "1 node(s) were unschedulable" in condition["message"]
    pod = await served.get(f"{space}/{name}")
    assert pod["status"]["phase"] == "Pending"
    assert "nodeName" not in pod["spec"]
    await served.patch(node, {"spec": {"unschedulable": None}})

    async def back() -> Object | None:
        pod = await served.get(f"{space}/{name}")
        return pod if is_ready(pod) else None

    assert (await served.until(back))["spec"]["nodeName"] == "node1"


def meaning(answer: httpx.Response) -> Eviction | None:
    """What our client takes an answer for."""
    return judge(answer.status_code, read_status(answer.content), answer.headers)


async def test_each_refusal_means_what_the_client_takes_it_for(served: Served) -> None:
    await with_set(served, 2)
    await with_budget(served, "web", 2, 0)
    held = meaning(await served.evict("web-0"))
    assert held is not None
    assert (held.outcome, held.budget, held.needed, held.healthy) == (Outcome.BUDGET, "web", 2, 2)
    gone = meaning(await served.evict("nobody"))
    assert gone is not None
    assert gone.outcome is Outcome.GONE
    await with_budget(served, "web-too", 1, 1)
    twice = meaning(await served.evict("web-0"))
    assert twice is not None
    assert twice.outcome is Outcome.SEVERAL_BUDGETS


async def test_a_budget_without_disruptions_names_no_time_so_it_is_watched(served: Served) -> None:
    await with_set(served, 1)
    await with_budget(served, "web", 1, 0)
    answer = await served.evict("web-0")
    assert answer.status_code == 429
    assert not answer.json()["details"].get("retryAfterSeconds")


async def test_a_deletion_names_the_uid_and_its_grace_as_an_eviction_does(served: Served) -> None:
    await with_set(served, 1)
    await with_budget(served, "web", 1, 0)
    place = f"{served.space}/pods/web-0"
    uid = (await served.get(place))["metadata"]["uid"]
    other = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    wrong = await served.http.request("DELETE", place, json=other)
    assert (wrong.status_code, wrong.json()["reason"]) == (409, "Conflict")
    mine = {"preconditions": {"uid": uid}, "gracePeriodSeconds": 2}
    right = await served.http.request("DELETE", place, json=mine)
    assert right.status_code == 200, right.text
    assert right.json()["metadata"]["deletionGracePeriodSeconds"] == 2
