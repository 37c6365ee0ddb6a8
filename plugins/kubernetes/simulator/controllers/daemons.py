"""The DaemonSet and Job controllers: a pod on every node that fits, and jobs that run to their end once."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.controllers.base import Desk, template_hash, with_condition
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.controllers.scheduler import fits_affinity, untolerated
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.index import is_done, is_ready
from plugins.kubernetes.simulator.kinds import DAEMON_SETS, JOBS, NODES, PODS
from plugins.kubernetes.simulator.store import Change, Entry

Object = dict[str, Any]
_NO_EXECUTE = ("not-ready", "unreachable")
_NO_SCHEDULE = ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")


def daemon_tolerations(*, host_network: bool) -> list[Object]:
    """What the controller adds to each of its pods, so that node trouble does not move them."""
    pairs = [(word, "NoExecute") for word in _NO_EXECUTE] + [(word, "NoSchedule") for word in _NO_SCHEDULE]
    if host_network:
        pairs.append(("network-unavailable", "NoSchedule"))
    return [{"key": f"node.kubernetes.io/{word}", "operator": "Exists", "effect": effect} for word, effect in pairs]


class DaemonSets:
    """One pod on every node that its spec admits."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = Queue(lambda: desk.world.clock, self.reconcile)
        desk.store.listen(lambda change: self.queue.add(change.new.key), DAEMON_SETS)
        desk.store.listen(self._pod_changed, PODS)
        desk.store.listen(self._node_changed, NODES)

    def _pod_changed(self, change: Change) -> None:
        if owner := self.desk.controller(change.new, DAEMON_SETS):
            self.queue.add(owner.key)

    def _node_changed(self, change: Change) -> None:
        old = change.old
        if old is None or change.type == "DELETED" or old.spec != change.new.spec or old.labels != change.new.labels:
            for entry in self.desk.store.each(DAEMON_SETS):
                self.queue.add(entry.key)

    def reconcile(self, key: str) -> None:
        """Create and delete the pods of one DaemonSet."""
        ds = self.desk.store.get(DAEMON_SETS, key)
        if ds is None or ds.deleting:
            return
        held: dict[str, Entry] = {}
        for pod in self.desk.pods.owned_by(ds.uid):
            if is_done(pod) and not pod.deleting:
                self.desk.stop(ds, pod, source="daemonset-controller")
            else:
                held[_target(pod)] = pod
        wanted: set[str] = set()
        template: Object = ds.spec["template"]
        added = daemon_tolerations(host_network=bool(template["spec"].get("hostNetwork")))
        spec = template["spec"] | {"tolerations": [*rows(template["spec"], "tolerations"), *added]}
        for node in self.desk.store.each(NODES):
            if untolerated(spec, node) is None and fits_affinity(spec, node):
                wanted.add(node.name)
                if node.name not in held:
                    self._start(ds, node.name, spec)
        for name, pod in held.items():
            if name not in wanted and not pod.deleting and self.desk.node(name) is not None:
                self.desk.stop(ds, pod, source="daemonset-controller")
        self._status(ds, wanted)

    def _start(self, ds: Entry, node: str, spec: Object) -> None:
        labels = {"controller-revision-hash": template_hash(ds.spec["template"]), "pod-template-generation": "1"}
        pod = self.desk.pod_from(ds, f"{ds.name}-", ds.spec["template"] | {"spec": spec}, labels)
        fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
        required = {"nodeSelectorTerms": [{"matchFields": fields}]}
        pod["spec"]["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
        self.desk.start(ds, pod, source="daemonset-controller")

    def _status(self, ds: Entry, wanted: set[str]) -> None:
        pods = [pod for pod in self.desk.pods.owned_by(ds.uid) if _target(pod) in wanted and not pod.deleting]
        ready = sum(is_ready(pod) for pod in pods)
        digest = template_hash(ds.spec["template"])
        updated = sum(pod.labels.get("controller-revision-hash") == digest for pod in pods)
        status: Object = {
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": len(wanted),
        }
        status |= {"numberReady": ready, "observedGeneration": ds.meta["generation"]}
        for field, value in (
            ("updatedNumberScheduled", updated),
            ("numberAvailable", ready),
            ("numberUnavailable", len(wanted) - ready),
        ):
            if value:
                status[field] = value
        self.desk.world.set_status(ds, status)


def _target(pod: Entry) -> str:
    affinity = child(
        child(child(pod.spec, "affinity"), "nodeAffinity"), "requiredDuringSchedulingIgnoredDuringExecution"
    )
    for term in rows(affinity, "nodeSelectorTerms"):
        for item in rows(term, "matchFields"):
            return item["values"][0]
    return pod.spec.get("nodeName", "")


class Jobs:
    """Runs a Job's pods until enough of them have succeeded."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = Queue(lambda: desk.world.clock, self.reconcile)
        desk.store.listen(lambda change: self.queue.add(change.new.key), JOBS)
        desk.store.listen(self._pod_changed, PODS)

    def _pod_changed(self, change: Change) -> None:
        if owner := self.desk.controller(change.new, JOBS):
            self.queue.add(owner.key)

    def reconcile(self, key: str) -> None:
        """Start what is missing and tell how far it is."""
        job = self.desk.store.get(JOBS, key)
        if job is None or job.deleting or _complete(job) or job.spec.get("suspend"):
            return
        pods = self.desk.pods.owned_by(job.uid)
        done = sum(pod.status.get("phase") == "Succeeded" for pod in pods)
        active = [pod for pod in pods if not is_done(pod) and not pod.deleting]
        wanted = int(job.spec["completions"])
        for _ in range(min(int(job.spec["parallelism"]), wanted - done) - len(active)):
            labels = {
                "batch.kubernetes.io/controller-uid": job.uid,
                "batch.kubernetes.io/job-name": job.name,
                "controller-uid": job.uid,
                "job-name": job.name,
            }
            pod = self.desk.pod_from(job, f"{job.name}-", job.spec["template"], labels)
            active.append(self.desk.start(job, pod, source="job-controller"))
        now = self.desk.world.now()
        status: Object = dict(job.status) | {
            "startTime": job.status.get("startTime", now),
            "uncountedTerminatedPods": {},
        }
        counts = {
            "active": len(active),
            "succeeded": done,
            "ready": sum(is_ready(pod) for pod in active),
            "terminating": 0,
        }
        status |= counts
        if done >= wanted:
            conditions: list[Object] = []
            for kind in ("SuccessCriteriaMet", "Complete"):
                made: Object = {"type": kind, "status": "True", "lastProbeTime": now, "reason": "CompletionsReached"}
                made["message"] = "Reached expected number of succeeded pods"
                conditions = with_condition(conditions, made, now)
            status |= {"completionTime": now, "conditions": conditions}
            status.pop("active")
            self.desk.event(job, "Completed", "Job completed", source="job-controller")
        self.desk.world.set_status(job, status)


def _complete(job: Entry) -> bool:
    return any(
        item["type"] in ("Complete", "Failed") and item["status"] == "True" for item in rows(job.status, "conditions")
    )
