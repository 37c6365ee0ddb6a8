"""The eviction subresource: the server's arithmetic over disruption budgets, with its messages, causes and codes."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.answers import Answer, json_answer
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.controllers.base import with_condition
from plugins.kubernetes.simulator.deleting import check_preconditions
from plugins.kubernetes.simulator.fields import child, rows, texts
from plugins.kubernetes.simulator.index import is_ready
from plugins.kubernetes.simulator.kinds import BUDGETS, PODS
from plugins.kubernetes.simulator.selectors import object_test
from plugins.kubernetes.simulator.status import (
    ApiError,
    bad_request,
    forbidden,
    not_found,
    success,
    too_many_requests,
)
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
_VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
_MOST_DISRUPTED = 2000
_RETRY_SYNC = 10


def budgets_of(world: World, pod: Entry) -> list[Entry]:
    """The budgets whose selector matches a pod; an empty selector matches all, an absent one nothing."""
    return [
        pdb for pdb in world.store.each(BUDGETS, pod.namespace) if object_test(pdb.spec.get("selector"))(pod.labels)
    ]


def evict(world: World, call: Call) -> Answer:
    """POST .../pods/NAME/eviction."""
    body = call.request.document()
    name = child(body, "metadata").get("name", "")
    if name != call.name:
        raise bad_request("name in URL does not match name in Eviction object")
    pod = world.store.get(PODS, call.key)
    if pod is None:
        raise not_found(PODS, call.name)
    options: Object = child(body, "deleteOptions")
    dry_run = call.dry_run or options.get("dryRun") == ["All"]
    if not _ignores_budgets(pod):
        _spend(world, pod, dry_run=dry_run)
    check_preconditions(pod, options)  # after the budget was spent: the server looks at them when it deletes
    if not dry_run:
        _go(world, pod, options.get("gracePeriodSeconds"))
    return json_answer(success(code=201), 201)


def _ignores_budgets(pod: Entry) -> bool:
    return pod.deleting or pod.status.get("phase") in ("Succeeded", "Failed", "Pending")


def _spend(world: World, pod: Entry, *, dry_run: bool) -> None:
    budgets = budgets_of(world, pod)
    if len(budgets) > 1:
        message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiError(500, "", message)
    if not budgets:
        return
    pdb = budgets[0]
    status = pdb.status
    if not is_ready(pod):
        if pdb.spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
            return
        if status.get("currentHealthy", 0) >= status.get("desiredHealthy", 0) > 0:
            return
    _refuse(pdb)
    if not dry_run:
        _count(world, pdb, pod)


def _refuse(pdb: Entry) -> None:
    status = pdb.status
    if status.get("observedGeneration", 0) < pdb.meta["generation"]:
        message = f"The disruption budget {pdb.name} is still being processed by the server."
        raise too_many_requests(_VIOLATES, retry_after=_RETRY_SYNC, causes=[_cause(message)])
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise forbidden(BUDGETS, pdb.name, "pdb disruptions allowed is negative")
    if len(texts(status, "disruptedPods")) > _MOST_DISRUPTED:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise forbidden(BUDGETS, pdb.name, why)
    if allowed == 0:
        needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        message = f"The disruption budget {pdb.name} needs {needs} healthy pods and has {has} currently"
        raise too_many_requests(_VIOLATES, retry_after=0, causes=[_cause(message)])


def _cause(message: str) -> Object:
    return {"reason": "DisruptionBudget", "message": message}


def _count(world: World, pdb: Entry, pod: Entry) -> None:
    status = pdb.draft()["status"]
    status["disruptionsAllowed"] -= 1
    status["disruptedPods"] = (texts(status, "disruptedPods")) | {pod.name: world.now()}
    if status["disruptionsAllowed"] == 0:
        made: Object = {"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": ""}
        made["observedGeneration"] = status.get("observedGeneration", 0)
        status["conditions"] = with_condition(rows(status, "conditions"), made, world.now())
    world.set_status(pdb, status)


def _go(world: World, pod: Entry, grace: int | None) -> None:
    def mark(body: Object) -> None:
        made: Object = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        }
        status = body.setdefault("status", {})
        status["conditions"] = with_condition(rows(status, "conditions"), made, world.now())

    marked = pod if pod.deleting else world.change(PODS, pod.key, mark)
    if marked is not None:
        world.delete(marked, grace=grace)
