"""Nodes over time: heartbeats by lease, Ready and Unknown, and the taints of the node controllers.

Also eviction by taint, and the pods of nodes that are gone.
"""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.clock import micro_stamp
from plugins.kubernetes.simulator.controllers.base import Desk, condition, with_condition
from plugins.kubernetes.simulator.controllers.kubelets import Kubelets
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.controllers.scheduler import untolerated
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.index import is_done
from plugins.kubernetes.simulator.kinds import LEASES, NODES, PODS
from plugins.kubernetes.simulator.store import Change, Entry

Object = dict[str, Any]
HEARTBEAT = 10.0
STATUS_EVERY = 300.0
GRACE = 40.0
ORPHANS_AFTER = 40.0
UNREACHABLE, NOT_READY, CORDONED = (
    f"node.kubernetes.io/{word}" for word in ("unreachable", "not-ready", "unschedulable")
)
_HEALTHY = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


class Nodes:
    """The kubelets' heartbeats and the node lifecycle controller."""

    def __init__(self, desk: Desk, kubelets: Kubelets) -> None:
        self.desk, self.world, self.kubelets = desk, desk.world, kubelets
        self.queue = Queue(lambda: desk.world.clock, self._look)
        self._last_beat: dict[str, float] = {}
        self._evicting: set[str] = set()
        self.forgotten: dict[str, Entry] = {}
        desk.store.listen(self._changed, NODES)
        desk.world.clock.after(HEARTBEAT, self._beat)

    def _changed(self, change: Change) -> None:
        name = change.new.name
        if change.type == "DELETED":
            self._last_beat.pop(name, None)
            self.forgotten[name] = change.new
            self.desk.store.remove(LEASES, f"kube-node-lease/{name}")
            self.world.clock.after(ORPHANS_AFTER, lambda: self._orphans(name))
        else:
            if (
                change.old is not None
                and ("lab/down" in change.old.annotations)
                and "lab/down" not in change.new.annotations
            ):
                self.world.clock.after(1.0, lambda: self.back(name))
            self.queue.add(name)

    def _orphans(self, name: str) -> None:
        if self.desk.node(name) is None:
            for pod in self.desk.pods.on_node(name):
                self.desk.store.remove(PODS, pod.key)

    def beat_now(self) -> None:
        """Renew all heartbeats at once, after time was skipped."""
        now = self.world.clock.now()
        for node in tuple(self.desk.store.each(NODES)):
            if self.kubelets.alive(node.name):
                self._renew(node)
                self._last_beat[node.name] = now
                self.ready(node)

    def _beat(self) -> None:
        now = self.world.clock.now()
        for node in tuple(self.desk.store.each(NODES)):
            if self.kubelets.alive(node.name):
                self._renew(node)
                self._last_beat[node.name] = now
                if condition(rows(node.status, "conditions"), "Ready") is None:
                    self.queue.add(node.name)
            elif now - self._last_beat.get(node.name, now - GRACE) >= GRACE:
                self.lost(node.name)
        self.world.clock.after(HEARTBEAT, self._beat)

    def _renew(self, node: Entry) -> None:
        at = micro_stamp(self.world.clock.now())

        def edit(body: Object) -> None:
            body["spec"]["renewTime"] = at

        if self.world.change(LEASES, f"kube-node-lease/{node.name}", edit) is None:
            spec = {"holderIdentity": node.name, "leaseDurationSeconds": 40, "renewTime": at}
            owner = {"apiVersion": "v1", "kind": "Node", "name": node.name, "uid": node.uid}
            meta: Object = {"name": node.name, "namespace": "kube-node-lease", "ownerReferences": [owner]}
            self.world.create(LEASES, {"metadata": meta, "spec": spec})

    def stop(self, name: str) -> None:
        """The machine dies: no heartbeat from now on."""
        self.world.faults.down_nodes.add(name)

    def start(self, name: str) -> None:
        """The machine is back, or joined with a Node that is not ready yet."""
        self.world.faults.down_nodes.discard(name)
        self.world.clock.after(1.0, lambda: self.back(name))

    def back(self, name: str) -> None:
        """The kubelet posts a healthy status again."""
        node = self.desk.node(name)
        if node is None or not self.kubelets.alive(name):
            return
        was_lost = (condition(rows(node.status, "conditions"), "Ready") or {"status": ""})["status"] != "True"
        self._renew(node)
        self._last_beat[name] = self.world.clock.now()
        self.ready(node)
        if was_lost:
            self.kubelets.restart(name)

    def ready(self, node: Entry) -> None:
        """Set the conditions of a healthy node."""
        now = self.world.now()
        status = child(node.draft(), "status")
        conditions: list[Object] = rows(status, "conditions")
        for kind, value, reason, message in _HEALTHY:
            made = {"type": kind, "status": value, "lastHeartbeatTime": now, "reason": reason, "message": message}
            conditions = with_condition(conditions, made, now)
        self.world.set_status(node, status | {"conditions": conditions})

    def lost(self, name: str) -> None:
        """The node controller's judgement: unknown, tainted, its pods not ready."""
        node = self.desk.node(name)
        if node is None:
            return
        status = child(node.draft(), "status")
        conditions: list[Object] = rows(status, "conditions")
        ready = condition(conditions, "Ready")
        if ready is not None and ready["status"] == "Unknown":
            return
        now = self.world.now()
        for kind, *_ in _HEALTHY:
            made: Object = {
                "type": kind,
                "status": "Unknown",
                "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.",
            }
            made["lastHeartbeatTime"] = (condition(conditions, kind) or {}).get("lastHeartbeatTime", now)
            conditions = with_condition(conditions, made, now)
        changed = self.world.set_status(node, status | {"conditions": conditions})
        self.desk.event(
            changed or node, "NodeNotReady", f"Node {name} status is now: NodeNotReady", source="node-controller"
        )
        for pod in self.desk.pods.on_node(name):
            self._not_ready(pod)

    def _not_ready(self, pod: Entry) -> None:
        status = child(pod.draft(), "status")
        ready = condition(rows(status, "conditions"), "Ready")
        if ready is None or ready["status"] != "True":
            return
        made = {key: value for key, value in ready.items() if key != "lastTransitionTime"} | {"status": "False"}
        status["conditions"] = with_condition(status["conditions"], made, self.world.now())
        self.world.set_status(pod, status)
        self.desk.event(pod, "NodeNotReady", "Node is not ready", source="node-controller", warning=True)

    def _look(self, name: str) -> None:
        node = self.desk.node(name)
        if node is None:
            return
        if condition(rows(node.status, "conditions"), "Ready") is None and self.kubelets.alive(name):
            self._last_beat[name] = self.world.clock.now()
            self._renew(node)
            self.world.clock.after(1.0, lambda: self.back(name))
        if "lab/down" in node.annotations and self._ready_status(node) == "True":
            self.world.clock.after(1.0, lambda: self.lost(name))
        self._taint(node)
        node = self.desk.node(name)
        if node is not None and any(taint["effect"] == "NoExecute" for taint in rows(node.spec, "taints")):
            self._evict(node)

    def _ready_status(self, node: Entry) -> str:
        return (condition(rows(node.status, "conditions"), "Ready") or {"status": "False"})["status"]

    def _taint(self, node: Entry) -> None:
        ready = self._ready_status(node)
        wanted: dict[tuple[str, str], bool] = {(CORDONED, "NoSchedule"): bool(node.spec.get("unschedulable"))}
        for effect in ("NoSchedule", "NoExecute"):
            wanted[UNREACHABLE, effect] = ready == "Unknown"
            wanted[NOT_READY, effect] = ready == "False"
        held: list[Object] = rows(node.spec, "taints")
        have = {(taint["key"], taint["effect"]) for taint in held}
        kept = [taint for taint in held if wanted.get((taint["key"], taint["effect"]), True)]
        now = self.world.now()
        for (key, effect), want in wanted.items():
            if want and (key, effect) not in have:
                kept.append({"key": key, "effect": effect, "timeAdded": now})
        if kept != held:

            def edit(body: Object) -> None:
                body["spec"]["taints"] = kept
                if not kept:
                    del body["spec"]["taints"]

            self.world.change(NODES, node.key, edit)

    def _evict(self, node: Entry) -> None:
        """The taint eviction controller: what does not tolerate goes, at once or when its patience ends."""
        for pod in self.desk.pods.on_node(node.name):
            if pod.deleting or is_done(pod) or pod.uid in self._evicting:
                continue
            patience = self._patience(pod, node)
            if patience is not None:
                self._evicting.add(pod.uid)
                self.world.clock.after(patience, lambda pod=pod: self._evict_now(pod))

    def _patience(self, pod: Entry, node: Entry) -> float | None:
        """Seconds until a pod must leave because of NoExecute taints; None when it may stay."""
        if untolerated(pod.spec, node, ("NoExecute",)) is not None:
            return 0.0
        limits: list[float] = []
        for taint in rows(node.spec, "taints"):
            if taint["effect"] != "NoExecute":
                continue
            limits += (
                float(item["tolerationSeconds"])
                for item in rows(pod.spec, "tolerations")
                if item.get("key") == taint["key"] and "tolerationSeconds" in item
            )
        return min(limits, default=None)

    def _evict_now(self, pod: Entry) -> None:
        self._evicting.discard(pod.uid)
        entry = self.desk.store.get(PODS, pod.key)
        node = self.desk.node(pod.spec["nodeName"])
        if (
            entry is None
            or entry.uid != pod.uid
            or entry.deleting
            or node is None
            or self._patience(entry, node) is None
        ):
            return
        self.desk.event(
            entry, "TaintManagerEviction", f"Marking for deletion Pod {pod.key}", source="taint-eviction-controller"
        )
        self.world.delete(entry)
