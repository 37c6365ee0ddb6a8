"""The StatefulSet controller: names by ordinal, and claims that stay.

OrderedReady or Parallel, and rolling updates from the top.
"""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.controllers.base import Desk, copy, template_hash
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.fields import child, rows, texts
from plugins.kubernetes.simulator.index import is_done, is_ready
from plugins.kubernetes.simulator.kinds import CLAIMS, PODS, REVISIONS, STATEFUL_SETS
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import key_of, reference_to

Object = dict[str, Any]
SOURCE = "statefulset-controller"


def ordinal(name: str) -> int:
    """2 for `kafka-2`; -1 when the name ends in no number."""
    tail = name.rpartition("-")[2]
    return int(tail) if tail.isdigit() else -1


class StatefulSets:
    """Reconciles every StatefulSet when it or one of its pods changes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = Queue(lambda: desk.world.clock, self.reconcile)
        desk.store.listen(self._set_changed, STATEFUL_SETS)
        desk.store.listen(self._pod_changed, PODS)

    def _set_changed(self, change: Change) -> None:
        self.queue.add(change.new.key)

    def _pod_changed(self, change: Change) -> None:
        if owner := self.desk.controller(change.new, STATEFUL_SETS):
            self.queue.add(owner.key)

    def reconcile(self, key: str) -> None:
        """Bring the pods of one set one step nearer to what it asks for."""
        sts = self.desk.store.get(STATEFUL_SETS, key)
        if sts is None or sts.deleting:
            return
        revision = self._revision(sts)
        pods = {ordinal(pod.name): pod for pod in self.desk.pods.owned_by(sts.uid)}
        first = int(child(sts.spec, "ordinals").get("start", 0))
        wanted = range(first, first + int(sts.spec["replicas"]))
        ordered = sts.spec["podManagementPolicy"] == "OrderedReady"
        settled = self._fill(sts, pods, wanted, revision) if ordered else self._fill_all(sts, pods, wanted, revision)
        if settled:
            settled = self._shrink(sts, pods, wanted, ordered=ordered)
        if settled:
            self._roll(sts, pods, wanted, revision)
        self._status(sts.key, revision)

    def _fill(self, sts: Entry, pods: dict[int, Entry], wanted: range, revision: str) -> bool:
        for number in wanted:
            pod = pods.get(number)
            if pod is None:
                self._start(sts, number, revision)
                return False
            if is_done(pod) and not pod.deleting:
                self.desk.world.delete(pod)
                return False
            if pod.deleting or not is_ready(pod):
                return False
        return True

    def _fill_all(self, sts: Entry, pods: dict[int, Entry], wanted: range, revision: str) -> bool:
        for number in wanted:
            pod = pods.get(number)
            if pod is None:
                self._start(sts, number, revision)
            elif is_done(pod) and not pod.deleting:
                self.desk.world.delete(pod)
        return True

    def _shrink(self, sts: Entry, pods: dict[int, Entry], wanted: range, *, ordered: bool) -> bool:
        extra = sorted((number for number in pods if number not in wanted), reverse=True)
        for number in extra:
            pod = pods[number]
            if not pod.deleting:
                self.desk.stop(sts, pod, source=SOURCE)
            if ordered:
                return False
        return not extra

    def _roll(self, sts: Entry, pods: dict[int, Entry], wanted: range, revision: str) -> None:
        strategy = child(sts.spec, "updateStrategy")
        if strategy.get("type") != "RollingUpdate":
            return
        partition = int(child(strategy, "rollingUpdate").get("partition", 0))
        for number in reversed(wanted):
            pod = pods.get(number)
            if number < partition or pod is None:
                return
            if pod.labels.get("controller-revision-hash") != revision and not pod.deleting:
                self.desk.stop(sts, pod, source=SOURCE)
                return
            if pod.deleting or not is_ready(pod):
                return

    def _start(self, sts: Entry, number: int, revision: str) -> None:
        name = f"{sts.name}-{number}"
        if self.desk.store.get(PODS, key_of(sts.namespace, name)) is not None:
            return
        partition = int((child(child(sts.spec, "updateStrategy"), "rollingUpdate")).get("partition", 0))
        current = sts.status.get("currentRevision", revision)
        use = current if number < partition else revision
        labels = {
            "apps.kubernetes.io/pod-index": str(number),
            "controller-revision-hash": use,
            "statefulset.kubernetes.io/pod-name": name,
        }
        pod = self.desk.pod_from(sts, name, sts.spec["template"], labels)
        pod["metadata"]["generateName"] = f"{sts.name}-"
        pod["spec"] |= {"hostname": name, "subdomain": sts.spec.get("serviceName", "")}
        volumes: list[Object] = []
        for claim in rows(sts.spec, "volumeClaimTemplates"):
            claim_name = f"{claim['metadata']['name']}-{name}"
            self._claim(sts, claim, claim_name)
            volumes.append({"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name}})
        if volumes:
            pod["spec"]["volumes"] = [*volumes, *rows(pod["spec"], "volumes")]
        self.desk.start(sts, pod, source=SOURCE)

    def _claim(self, sts: Entry, template: Object, name: str) -> None:
        if self.desk.store.get(CLAIMS, key_of(sts.namespace, name)) is not None:
            return
        labels = (texts(sts.spec["selector"], "matchLabels")) | texts(template["metadata"], "labels")
        body: Object = {"metadata": {"name": name, "namespace": sts.namespace, "labels": labels}}
        self.desk.world.create(CLAIMS, body | {"spec": copy(template["spec"])})

    def _revision(self, sts: Entry) -> str:
        name = f"{sts.name}-{template_hash(sts.spec['template'])}"
        if self.desk.store.get(REVISIONS, key_of(sts.namespace, name)) is None:
            held = [entry for entry in self.desk.store.each(REVISIONS, sts.namespace) if _owns(sts, entry)]
            self.desk.world.create(
                REVISIONS,
                {
                    "metadata": {
                        "name": name,
                        "namespace": sts.namespace,
                        "labels": texts(sts.spec["selector"], "matchLabels"),
                        "ownerReferences": [reference_to(sts)],
                    },
                    "data": {"spec": {"template": copy(sts.spec["template"])}},
                    "revision": len(held) + 1,
                },
            )
        return name

    def _status(self, key: str, revision: str) -> None:
        sts = self.desk.store.get(STATEFUL_SETS, key)
        if sts is None:
            return
        pods = self.desk.pods.owned_by(sts.uid)
        alive = [pod for pod in pods if not pod.deleting]
        ready = sum(is_ready(pod) for pod in alive)
        updated = sum(pod.labels.get("controller-revision-hash") == revision for pod in alive)
        current = sts.status.get("currentRevision", revision)
        if updated == int(sts.spec["replicas"]) and updated == ready == len(pods):
            current = revision
        status: Object = {"observedGeneration": sts.meta["generation"], "replicas": len(pods)}
        at_current = sum(pod.labels.get("controller-revision-hash") == current for pod in alive)
        for field, value in (("readyReplicas", ready), ("currentReplicas", at_current), ("updatedReplicas", updated)):
            if value:
                status[field] = value
        status |= {"currentRevision": current, "updateRevision": revision, "collisionCount": 0}
        self.desk.world.set_status(sts, status | {"availableReplicas": ready})


def _owns(sts: Entry, revision: Entry) -> bool:
    return any(ref["uid"] == sts.uid for ref in rows(revision.meta, "ownerReferences"))
