"""The disruption controller: what each budget allows now, from the pods that are and the pods that should be."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.clock import seconds_of
from plugins.kubernetes.simulator.controllers.base import Desk, with_condition
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.controllers.replicas import share
from plugins.kubernetes.simulator.fields import rows, texts
from plugins.kubernetes.simulator.index import is_done, is_ready
from plugins.kubernetes.simulator.kinds import BUDGETS, DEPLOYMENTS, POD_SETS, PODS, REPLICA_SETS, STATEFUL_SETS
from plugins.kubernetes.simulator.selectors import object_test
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import key_of, owner_of

Object = dict[str, Any]
_DISRUPTION_TIMEOUT = 120.0
_SCALED = {kind.kind: kind for kind in (REPLICA_SETS, STATEFUL_SETS, DEPLOYMENTS, POD_SETS)}


class Budgets:
    """Keeps the status of every PodDisruptionBudget."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = Queue(lambda: desk.world.clock, self.reconcile)
        desk.store.listen(self._budget_changed, BUDGETS)
        desk.store.listen(self._pod_changed, PODS)
        desk.store.listen(self._scaled, REPLICA_SETS, STATEFUL_SETS)

    def _budget_changed(self, change: Change) -> None:
        if change.type != "DELETED":
            self.queue.add(change.new.key)

    def _pod_changed(self, change: Change) -> None:
        for pdb in self.desk.store.each(BUDGETS, change.new.namespace):
            if object_test(pdb.spec.get("selector"))(change.new.labels):
                self.queue.add(pdb.key)

    def _scaled(self, change: Change) -> None:
        if change.old is not None and change.old.spec.get("replicas") != change.new.spec.get("replicas"):
            for pdb in self.desk.store.each(BUDGETS, change.new.namespace):
                self.queue.add(pdb.key)

    def reconcile(self, key: str) -> None:
        """Do the arithmetic of one budget."""
        pdb = self.desk.store.get(BUDGETS, key)
        if pdb is None:
            return
        test = object_test(pdb.spec.get("selector"))
        pods = [pod for pod in self.desk.store.each(PODS, pdb.namespace) if test(pod.labels) and not is_done(pod)]
        expected, desired = self._wanted(pdb, pods)
        disrupted = self._disrupted(pdb, pods)
        healthy = sum(is_ready(pod) and not pod.deleting and pod.name not in disrupted for pod in pods)
        allowed = max(0, healthy - desired) if expected > 0 else 0
        status: Object = {"observedGeneration": pdb.meta["generation"]}
        if disrupted:
            status["disruptedPods"] = disrupted
        status |= {
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
        }
        made: Object = {
            "type": "DisruptionAllowed",
            "status": "True" if allowed else "False",
            "observedGeneration": pdb.meta["generation"],
        }
        made |= {"reason": "SufficientPods" if allowed else "InsufficientPods", "message": ""}
        status["conditions"] = with_condition(rows(pdb.status, "conditions"), made, self.desk.world.now())
        self.desk.world.set_status(pdb, status)

    def _wanted(self, pdb: Entry, pods: list[Entry]) -> tuple[int, int]:
        """(expected pods, desired healthy)."""
        if "maxUnavailable" in pdb.spec:
            expected = self._expected(pods)
            return expected, max(0, expected - share(pdb.spec["maxUnavailable"], expected, up=True))
        least = pdb.spec.get("minAvailable", 0)
        if isinstance(least, int):
            return len(pods), least
        expected = self._expected(pods)
        return expected, share(least, expected, up=True)

    def _expected(self, pods: list[Entry]) -> int:
        scales: dict[str, int] = {}
        for pod in pods:
            ref = owner_of(pod)
            kind = _SCALED.get(ref["kind"]) if ref else None
            owner = self.desk.store.get(kind, key_of(pod.namespace, ref["name"])) if kind and ref else None
            above = owner_of(owner) if owner is not None else None
            if owner is not None and above is not None and above["kind"] == "Deployment":
                owner = self.desk.store.get(DEPLOYMENTS, key_of(pod.namespace, above["name"])) or owner
            if owner is not None:
                pods_of = owner.spec.get("pods")
                scales[owner.uid] = len(pods_of) if pods_of is not None else int(owner.spec.get("replicas", 0))
        return sum(scales.values())

    def _disrupted(self, pdb: Entry, pods: list[Entry]) -> dict[str, str]:
        """Evictions that are granted but whose pod is not marked yet; they are forgotten after two minutes."""
        here = {pod.name: pod for pod in pods if not pod.deleting}
        now = self.desk.world.clock.now()
        held = texts(pdb.status, "disruptedPods").items()
        kept = {name: at for name, at in held if name in here and now - seconds_of(at) < _DISRUPTION_TIMEOUT}
        if kept:
            self.queue.later(pdb.key, _DISRUPTION_TIMEOUT)
        return kept
