"""Every node's kubelet, played.

Pods start after a moment, stop within their grace, crash when told to, and stand still while their node is down.
"""

from __future__ import annotations

import hashlib
from typing import Any

from plugins.kubernetes.simulator.clock import stamp
from plugins.kubernetes.simulator.controllers.base import Desk, condition, with_condition
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.controllers.volumes import claims_of
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.index import is_done
from plugins.kubernetes.simulator.kinds import CLAIMS, PODS
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import key_of

Object = dict[str, Any]
READY_TYPES = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")
BACK_OFF = (10, 20, 40, 80, 160, 300)
MIRROR = "kubernetes.io/config.mirror"


def chance(text: str) -> float:
    """A number from 0 to 1 that is always the same for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


class Kubelets:
    """Moves pods that are bound to a living node."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        self.queue = Queue(lambda: desk.world.clock, self._look, delay=0.01)
        self._planned: dict[str, str] = {}
        self._addresses: dict[str, int] = {}
        self.fixed_addresses: dict[str, str] = {}
        desk.store.listen(self._changed, PODS)

    def _changed(self, change: Change) -> None:
        if change.type == "DELETED":
            self._planned.pop(change.new.uid, None)
            if MIRROR in change.new.annotations and self.alive(change.new.spec.get("nodeName", "")):
                self._mirror_again(change.new)
        elif change.new.spec.get("nodeName"):
            self.queue.add(change.new.key)

    def alive(self, node: str) -> bool:
        """Whether a node's kubelet works."""
        entry = self.desk.node(node)
        return entry is not None and node not in self.world.faults.down_nodes and "lab/down" not in entry.annotations

    def look_again(self, node: str = "") -> None:
        """Look at the pods of a node (of all nodes) again: something outside of them changed."""
        for pod in self.desk.pods.on_node(node) if node else list(self.desk.store.each(PODS)):
            self._planned.pop(pod.uid, None)
            self.queue.add(pod.key)

    def _look(self, key: str) -> None:
        pod = self.desk.store.get(PODS, key)
        if pod is None or not self.alive(pod.spec.get("nodeName", "")):
            return
        if pod.deleting:
            self._plan(pod, "stop", self._stop_after(pod), self._gone)
        elif is_done(pod):
            return
        elif pod.status.get("phase") == "Pending":
            self._plan(pod, "start", 0.3 + 0.9 * chance(pod.uid), self._run)
        elif key in self.world.faults.crashing:
            self._plan(pod, f"crash{_restarts(pod)}", 2.0, self._crash)
        elif "lab/completes" in pod.annotations:
            self._plan(pod, "complete", 1.0, self._complete)

    def _plan(self, pod: Entry, what: str, seconds: float, act: Any) -> None:
        if self._planned.get(pod.uid) == what:
            return
        self._planned[pod.uid] = what

        def now() -> None:
            entry = self.desk.store.get(PODS, pod.key)
            if entry is not None and entry.uid == pod.uid and self._planned.get(pod.uid) == what:
                self._planned.pop(pod.uid, None)
                if self.alive(entry.spec.get("nodeName", "")):
                    act(entry)

        self.world.clock.after(seconds, now)

    def _stop_after(self, pod: Entry) -> float:
        grace = float(pod.meta.get("deletionGracePeriodSeconds", 0))
        if "lab/grace" in pod.annotations:
            return grace
        return min(grace, 0.5 + 1.5 * chance(pod.uid))

    def _gone(self, pod: Entry) -> None:
        if pod.key in self.world.faults.hanging or "lab/hang" in pod.annotations:
            return
        if pod.meta.get("finalizers"):
            return
        self.desk.event(pod, "Killing", f"Stopping container {_first(pod)}", source="kubelet")
        self.desk.store.remove(PODS, pod.key)

    def _missing(self, pod: Entry) -> str:
        for name in claims_of(pod.spec):
            claim = self.desk.store.get(CLAIMS, key_of(pod.namespace, name))
            volume = claim.spec.get("volumeName", "") if claim else ""
            if not volume:
                return f'MountVolume.SetUp failed for volume "{name}" : claim is not bound'
            if volume in self.world.faults.lost_disks:
                return f'MountVolume.NewMounter initialization failed for volume "{volume}" : path does not exist'
        return ""

    def _run(self, pod: Entry) -> None:
        if pod.key in self.world.faults.stuck or "lab/stuck" in pod.annotations:
            return
        if why := self._missing(pod):
            self.desk.event(pod, "FailedMount", why, source="kubelet", warning=True)
            self._waiting(pod)
            return
        self._set(pod, self._running(pod, restarts=0))
        self.desk.event(pod, "Started", f"Started container {_first(pod)}", source="kubelet")

    def _waiting(self, pod: Entry) -> None:
        status = child(pod.draft(), "status")
        status["containerStatuses"] = [
            _container(item, {"waiting": {"reason": "ContainerCreating"}}, ready=False, restarts=0)
            for item in pod.spec["containers"]
        ]
        self._set(pod, status)

    def _running(self, pod: Entry, *, restarts: int, last: Object | None = None) -> Object:
        now, node = self.world.now(), self.desk.node(pod.spec["nodeName"])
        old = child(pod.draft(), "status")
        conditions: list[Object] = rows(old, "conditions")
        for kind in READY_TYPES:
            conditions = with_condition(conditions, {"type": kind, "status": "True", "lastProbeTime": None}, now)
        if condition(conditions, "PodScheduled") is None:
            conditions = with_condition(
                conditions, {"type": "PodScheduled", "status": "True", "lastProbeTime": None}, now
            )
        host = _host(node)
        address = old.get("podIP") or (host if pod.spec.get("hostNetwork") else self._address(pod))
        state = {"running": {"startedAt": now}}
        status: Object = {"observedGeneration": pod.meta.get("generation", 1), "phase": "Running"}
        status |= {"conditions": conditions, "hostIP": host, "hostIPs": [{"ip": host}]}
        status |= {"podIP": address, "podIPs": [{"ip": address}], "startTime": old.get("startTime", now)}
        if started := pod.spec.get("initContainers"):
            done = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
            status["initContainerStatuses"] = [_container(item, done, ready=True, restarts=0) for item in started]
        status["containerStatuses"] = [
            _container(
                item, state, ready=True, restarts=restarts if index == 0 else 0, last=last if index == 0 else None
            )
            for index, item in enumerate(pod.spec["containers"])
        ]
        return status | {"qosClass": old.get("qosClass", "BestEffort")}

    def _set(self, pod: Entry, status: Object) -> None:
        self.world.set_status(pod, status)

    def _address(self, pod: Entry) -> str:
        if fixed := self.fixed_addresses.pop(pod.key, None):
            return fixed
        node = pod.spec["nodeName"]
        entry = self.desk.node(node)
        block = (entry.spec.get("podCIDR") if entry else None) or "10.244.0.0/24"
        base = block.partition("/")[0].split(".")
        number = self._addresses[node] = self._addresses.get(node, 0) + 1
        offset = int(base[3]) + 1 + number % 250
        return f"{base[0]}.{base[1]}.{(int(base[2]) + offset // 256) % 256}.{offset % 256}"

    def _complete(self, pod: Entry) -> None:
        now = self.world.now()
        status = pod.draft()["status"]
        for kind in ("Ready", "ContainersReady"):
            made: Object = {"type": kind, "status": "False", "lastProbeTime": None, "reason": "PodCompleted"}
            status["conditions"] = with_condition(status["conditions"], made, now)
        done: Object = {"exitCode": 0, "reason": "Completed", "startedAt": status["startTime"], "finishedAt": now}
        status["containerStatuses"] = [
            _container(item, {"terminated": done}, ready=False, restarts=0) for item in pod.spec["containers"]
        ]
        self._set(pod, status | {"phase": "Succeeded"})

    def _crash(self, pod: Entry) -> None:
        count = _restarts(pod)
        pause = BACK_OFF[min(count, len(BACK_OFF) - 1)]
        now = self.world.clock.now()
        name = _first(pod)
        message = f"back-off {pause}s restarting failed container={name} pod={pod.name}_{pod.namespace}({pod.uid})"
        started = (pod.status.get("startTime")) or stamp(now)
        ended: Object = {"exitCode": 1, "reason": "Error", "startedAt": started, "finishedAt": stamp(now)}
        status = pod.draft()["status"]
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        held = status["containerStatuses"][0]
        status["containerStatuses"][0] = held | {
            "ready": False,
            "started": False,
            "state": state,
            "lastState": {"terminated": ended},
        }
        for kind in ("Ready", "ContainersReady"):
            made = {
                "type": kind,
                "status": "False",
                "reason": "ContainersNotReady",
                "message": f"containers with unready status: [{name}]",
            }
            status["conditions"] = with_condition(status["conditions"], made, stamp(now))
        self._set(pod, status)
        self.desk.event(
            pod,
            "BackOff",
            f"Back-off restarting failed container {name} in pod {pod.name}_{pod.namespace}({pod.uid})",
            source="kubelet",
            warning=True,
        )

        def again() -> None:
            entry = self.desk.store.get(PODS, pod.key)
            if entry is not None and entry.uid == pod.uid and not entry.deleting and self.alive(entry.spec["nodeName"]):
                self._set(entry, self._running(entry, restarts=count + 1, last={"terminated": ended}))

        self.world.clock.after(pause, again)

    def restart(self, node: str) -> None:
        """A node is back: its containers start again, and what should be gone goes."""
        for pod in self.desk.pods.on_node(node):
            self._planned.pop(pod.uid, None)
            if pod.deleting or is_done(pod) or pod.status.get("phase") == "Pending":
                self.queue.add(pod.key)
            else:
                now = self.world.now()
                last: Object = {
                    "exitCode": 255,
                    "reason": "Unknown",
                    "startedAt": pod.status.get("startTime", now),
                    "finishedAt": now,
                }
                self._set(pod, self._running(pod, restarts=_restarts(pod) + 1, last={"terminated": last}))

    def _mirror_again(self, pod: Entry) -> None:
        meta = {key: pod.meta[key] for key in ("name", "namespace", "labels", "annotations") if key in pod.meta}

        def make() -> None:
            if self.desk.store.get(PODS, pod.key) is None:
                self.world.create(PODS, {"metadata": meta, "spec": pod.draft()["spec"]})

        self.world.clock.after(1.0, make)


def _first(pod: Entry) -> str:
    return pod.spec["containers"][0]["name"]


def _host(node: Entry | None) -> str:
    found = (node.status.get("addresses") if node else None) or ()
    return next((item["address"] for item in found if item["type"] == "InternalIP"), "")


def _restarts(pod: Entry) -> int:
    statuses = rows(pod.status, "containerStatuses")
    return statuses[0]["restartCount"] if statuses else 0


def _container(spec: Object, state: Object, *, ready: bool, restarts: int, last: Object | None = None) -> Object:
    digest = hashlib.sha256(spec["image"].encode()).hexdigest()
    made: Object = {"name": spec["name"], "state": state, "lastState": last or {}, "ready": ready}
    made |= {
        "restartCount": restarts,
        "image": spec["image"],
        "imageID": f"{spec['image'].partition(':')[0]}@sha256:{digest}",
    }
    if "running" in state:
        made["containerID"] = f"containerd://{digest}"
    return made | {"started": "running" in state}
