"""The ReplicaSet and Deployment controllers: pods with random names, and rollouts by surge and unavailability."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from plugins.kubernetes.simulator.controllers.base import Desk, copy, template_hash, with_condition
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.fields import child, rows, texts
from plugins.kubernetes.simulator.index import is_done, is_ready
from plugins.kubernetes.simulator.kinds import DEPLOYMENTS, PODS, REPLICA_SETS
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import key_of, reference_to

Object = dict[str, Any]
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"


class ReplicaSets:
    """Keeps as many pods as a ReplicaSet asks for."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = Queue(lambda: desk.world.clock, self.reconcile)
        desk.store.listen(lambda change: self.queue.add(change.new.key), REPLICA_SETS)
        desk.store.listen(self._pod_changed, PODS)

    def _pod_changed(self, change: Change) -> None:
        if owner := self.desk.controller(change.new, REPLICA_SETS):
            self.queue.add(owner.key)

    def reconcile(self, key: str) -> None:
        """Create or delete pods of one ReplicaSet, and tell its status."""
        rs = self.desk.store.get(REPLICA_SETS, key)
        if rs is None or rs.deleting:
            return
        pods = self.desk.pods.owned_by(rs.uid)
        alive = [pod for pod in pods if not pod.deleting and not is_done(pod)]
        wanted = int(rs.spec["replicas"])
        for _ in range(wanted - len(alive)):
            pod = self.desk.pod_from(rs, f"{rs.name}-", rs.spec["template"], {})
            alive.append(self.desk.start(rs, pod, source="replicaset-controller"))
        if len(alive) > wanted:
            for pod in sorted(alive, key=_first_to_go)[: len(alive) - wanted]:
                self.desk.stop(rs, pod, source="replicaset-controller")
                alive.remove(pod)
        ready = sum(is_ready(pod) for pod in alive)
        status: Object = {"replicas": len(alive)}
        if alive:
            status["fullyLabeledReplicas"] = len(alive)
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        self.desk.world.set_status(rs, status | {"observedGeneration": rs.meta["generation"]})


def _first_to_go(pod: Entry) -> tuple[bool, bool, str, str]:
    newest = "".join(chr(255 - ord(letter)) for letter in pod.meta["creationTimestamp"])
    return (bool(pod.spec.get("nodeName")), is_ready(pod), newest, pod.name)


class Deployments:
    """Owns ReplicaSets by template and moves replicas from old to new."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = Queue(lambda: desk.world.clock, self.reconcile)
        desk.store.listen(lambda change: self.queue.add(change.new.key), DEPLOYMENTS)
        desk.store.listen(self._set_changed, REPLICA_SETS)

    def _set_changed(self, change: Change) -> None:
        if owner := self.desk.controller(change.new, DEPLOYMENTS):
            self.queue.add(owner.key)

    def reconcile(self, key: str) -> None:
        """Bring one Deployment a step further."""
        deployment = self.desk.store.get(DEPLOYMENTS, key)
        if deployment is None or deployment.deleting:
            return
        held = [rs for rs in self.desk.store.each(REPLICA_SETS, deployment.namespace) if _owned(deployment, rs)]
        name = f"{deployment.name}-{template_hash(deployment.spec['template'])}"
        new = next((rs for rs in held if rs.name == name), None) or self._make(deployment, name, held)
        olds = [rs for rs in held if rs.name != name]
        if deployment.annotations.get(REVISION) != new.annotations.get(REVISION):
            self._annotate(deployment, new)
        if not deployment.spec.get("paused"):
            self._move(deployment, new, olds)
        self._status(key, name)

    def _make(self, deployment: Entry, name: str, held: list[Entry]) -> Entry:
        digest = name.rpartition("-")[2]
        template = copy(deployment.spec["template"])
        template["metadata"]["labels"] = (texts(template["metadata"], "labels")) | {HASH: digest}
        selector = copy(deployment.spec["selector"])
        selector["matchLabels"] = (texts(selector, "matchLabels")) | {HASH: digest}
        revision = 1 + max((int(rs.annotations.get(REVISION, 0)) for rs in held), default=0)
        meta: Object = {
            "name": name,
            "namespace": deployment.namespace,
            "labels": template["metadata"]["labels"],
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": str(deployment.spec["replicas"]),
                REVISION: str(revision),
            },
            "ownerReferences": [reference_to(deployment)],
        }
        replicas = 0 if held else int(deployment.spec["replicas"])
        made = self.desk.world.create(
            REPLICA_SETS,
            {"metadata": meta, "spec": {"replicas": replicas, "selector": selector, "template": template}},
        )
        self._told_scale(deployment, made, 0, replicas)
        return made

    def _annotate(self, deployment: Entry, new: Entry) -> None:
        def edit(body: Object) -> None:
            body["metadata"].setdefault("annotations", {})[REVISION] = new.annotations.get(REVISION, "1")

        self.desk.world.change(DEPLOYMENTS, deployment.key, edit)

    def _move(self, deployment: Entry, new: Entry, olds: list[Entry]) -> None:
        wanted = int(deployment.spec["replicas"])
        surge, unavailable = _limits(deployment, wanted)
        total = int(new.spec["replicas"]) + sum(int(rs.spec["replicas"]) for rs in olds)
        live = [rs for rs in olds if int(rs.spec["replicas"])]
        if not live:
            self._scale(deployment, new, wanted)
            return
        grow = max(0, min(wanted - int(new.spec["replicas"]), wanted + surge - total))
        if grow:
            self._scale(deployment, new, int(new.spec["replicas"]) + grow)
        available = sum(int(rs.status.get("availableReplicas", 0)) for rs in (new, *olds))
        shrink = available - (wanted - unavailable)
        for rs in live:
            take = min(int(rs.spec["replicas"]), max(0, shrink))
            if take:
                self._scale(deployment, rs, int(rs.spec["replicas"]) - take)
                shrink -= take

    def _scale(self, deployment: Entry, rs: Entry, replicas: int) -> None:
        before = int(rs.spec["replicas"])
        if before == replicas:
            return

        def edit(body: Object) -> None:
            body["spec"]["replicas"] = replicas

        self.desk.world.change(REPLICA_SETS, rs.key, edit)
        self._told_scale(deployment, rs, before, replicas)

    def _told_scale(self, deployment: Entry, rs: Entry, before: int, after: int) -> None:
        way = "up" if after > before else "down"
        message = f"Scaled {way} replica set {rs.name} from {before} to {after}"
        self.desk.event(deployment, "ScalingReplicaSet", message, source="deployment-controller")

    def _status(self, key: str, newest: str) -> None:
        deployment = self.desk.store.get(DEPLOYMENTS, key)
        if deployment is None:
            return
        held = [rs for rs in self.desk.store.each(REPLICA_SETS, deployment.namespace) if _owned(deployment, rs)]
        wanted = int(deployment.spec["replicas"])
        counts: dict[str, int] = {}
        for field in ("replicas", "readyReplicas", "availableReplicas"):
            counts[field] = sum(int(rs.status.get(field, 0)) for rs in held)
        updated = sum(int(rs.status.get("replicas", 0)) for rs in held if rs.name == newest)
        status: Object = {"observedGeneration": deployment.meta["generation"]}
        status |= {name: count for name, count in counts.items() if count}
        if updated:
            status["updatedReplicas"] = updated
        if missing := max(0, wanted - counts["availableReplicas"]):
            status["unavailableReplicas"] = missing
        _, unavailable = _limits(deployment, wanted)
        status["conditions"] = self._conditions(deployment, newest, available=missing <= unavailable, done=not missing)
        self.desk.world.set_status(deployment, status)

    def _conditions(self, deployment: Entry, newest: str, *, available: bool, done: bool) -> list[Object]:
        now = self.desk.world.now()
        words = (
            ("True", "MinimumReplicasAvailable", "has")
            if available
            else ("False", "MinimumReplicasUnavailable", "does not have")
        )
        conditions = with_condition(
            rows(deployment.status, "conditions"),
            {
                "type": "Available",
                "status": words[0],
                "reason": words[1],
                "message": f"Deployment {words[2]} minimum availability.",
            },
            now,
        )
        progress: Object = {"type": "Progressing", "status": "True"}
        progress |= (
            {"reason": "NewReplicaSetAvailable", "message": f'ReplicaSet "{newest}" has successfully progressed.'}
            if done
            else {"reason": "ReplicaSetUpdated", "message": f'ReplicaSet "{newest}" is progressing.'}
        )
        return with_condition(conditions, progress, now)


def _owned(deployment: Entry, rs: Entry) -> bool:
    return any(ref["uid"] == deployment.uid for ref in rows(rs.meta, "ownerReferences"))


def _limits(deployment: Entry, wanted: int) -> tuple[int, int]:
    """(surge, unavailable) as numbers of pods."""
    strategy = deployment.spec["strategy"]
    if strategy["type"] == "Recreate":
        return 0, wanted
    rolling = child(strategy, "rollingUpdate")
    surge = share(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, unavailable if surge or unavailable else 1


def share(value: str | int, total: int, *, up: bool) -> int:
    """A number, or a percentage of a total rounded up or down."""
    if isinstance(value, int):
        return value
    part = int(value.rstrip("%")) * total / 100
    return ceil(part) if up else floor(part)


__all__ = ["Deployments", "ReplicaSets", "key_of", "share"]
