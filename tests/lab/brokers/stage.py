"""The kubelets of staged pods: what happens to a pod happens to its processes, and the other way round.

    python -m tests.lab.brokers.stage      plays those of all staged systems, until it is stopped

A member is started when its pod is bound to a node, reported ready when it answers, restarted with a back-off when it
ends, stopped with its grace period when its pod is deleted, and cut off and killed when the node is annotated lab/down.
Owns nothing: what runs when it starts is taken over, and what runs when it ends goes on.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest

from tests.lab.brokers import namespaces
from tests.lab.brokers.container import Container, timestamp
from tests.lab.brokers.logs import copy_logs
from tests.lab.brokers.pods import Pod
from tests.lab.brokers.system import System
from tests.lab.brokers.systems import systems
from tests.lab.world import staging
from tests.lab.world.api import Api, Object
from tests.lab.world.place import Place

_LOOK = 0.5  # seconds between two looks


@dataclass(slots=True)
class View:
    """What the API server said last: pods by NAMESPACE/NAME, and nodes; asked once for all actors."""

    pods: dict[str, Object] = field(default_factory=dict[str, Object])
    nodes: dict[str, Object] = field(default_factory=dict[str, Object])
    taken: float = 0.0

    def refresh(self, api: Api, spaces: set[str]) -> None:
        now = time.monotonic()
        pods = [pod for space in spaces for pod in api.items(f"/api/v1/namespaces/{space}/pods")]
        self.nodes = {item["metadata"]["name"]: item for item in api.items("/api/v1/nodes")}
        ours = [pod for pod in pods if staging.PROCESS in pod["metadata"].get("annotations", {})]
        self.pods = {f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": pod for pod in ours}
        self.taken = now


class Actor(threading.Thread):
    """The kubelet of one pod."""

    def __init__(self, place: Place, view: View, pod: Pod, system: System) -> None:
        super().__init__(daemon=True)
        self.place, self.view, self.pod = place, view, pod
        self.api = Api(place)
        self.containers = [Container(member, system) for member in pod.members]
        self.path = f"/api/v1/namespaces/{pod.space}/pods/{pod.name}"
        self.uid: str = ""
        self.shown: str = ""
        self.shown_at = 0.0
        self.connected: bool | None = None

    def run(self) -> None:
        while True:
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - one failed look must not end the kubelet
                report(f"{self.pod.key}: {error!r}"[:600])
            time.sleep(_LOOK)

    def step(self) -> None:
        """Look at the pod once, and do what it asks for."""
        pod = self.view.pods.get(self.pod.key)
        bound = pod["spec"].get("nodeName") if pod else None
        if pod is None or not bound or self.view.taken < self.shown_at:
            if self.uid and not bound:  # before its first pod, a running member is left alone
                self.halt()
            return
        node = self.view.nodes.get(bound)
        if node is None or "lab/down" in node["metadata"].get("annotations", {}):
            self.connect(connected=False)  # first: the others are not told
            self.halt(how=signal.SIGKILL)
            return
        self.meet(pod)
        if "deletionTimestamp" in pod["metadata"]:
            self.halt()
            self.api.call("DELETE", self.path, {"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}})
            return
        self.connect(connected=True)
        for container in self.containers:
            container.keep()
        self.show(pod, _address(node))

    def meet(self, pod: Object) -> None:
        if pod["metadata"]["uid"] != self.uid:
            self.uid, self.shown = pod["metadata"]["uid"], ""
            known = {item["name"]: item for item in pod["status"].get("containerStatuses", [])}
            for spec, container in zip(pod["spec"]["containers"], self.containers, strict=False):
                container.meet(known.get(spec["name"], {}))

    def connect(self, *, connected: bool) -> None:
        if self.connected is not connected:
            namespaces.connect(self.place, self.pod, connected=connected)
            self.connected = connected

    def halt(self, *, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the members, and then the pod's network."""
        for container in self.containers:
            container.halt(how)
        self.connect(connected=False)

    def show(self, pod: Object, address: str) -> None:
        """Report the pod's status as a kubelet does: when it changed, or when somebody else says otherwise."""
        ready = all(container.ready for container in self.containers)
        before = {item["type"]: item for item in pod["status"].get("conditions", [])}
        statuses = [
            _status(pod, spec, container)
            for spec, container in zip_longest(pod["spec"]["containers"], self.containers)
            if spec
        ]
        state = repr(statuses)
        if state == self.shown and before.get("Ready", {}).get("status") == str(ready):
            return
        now = timestamp()
        body: Object = {
            "phase": "Running",
            "podIP": self.pod.address,
            "podIPs": [{"ip": self.pod.address}],
            "hostIP": address,
            "startTime": pod["status"].get("startTime", now),
            "conditions": [_condition(kind, before, now, so=ready or kind == "Initialized") for kind in _CONDITIONS],
            "containerStatuses": statuses,
        }
        kind = "application/strategic-merge-patch+json"
        if self.api.call("PATCH", f"{self.path}/status", {"status": body}, kind=kind)[0] < 300:
            self.shown, self.shown_at = state, time.monotonic()
            counts = (f"{item['name']}={next(iter(item['state']))}/{item['restartCount']}" for item in statuses)
            report(f"{self.pod.key} {'ready' if ready else 'not ready'} {' '.join(counts)}")


_CONDITIONS = ("Initialized", "Ready", "ContainersReady")


def _condition(kind: str, before: dict[str, Object], now: str, *, so: bool) -> Object:
    known = before.get(kind, {})
    since = known["lastTransitionTime"] if known.get("status") == str(so) else now
    return {"type": kind, "status": str(so), "lastTransitionTime": since}


def _status(pod: Object, spec: Object, container: Container | None) -> Object:
    """A container without a member is always well."""
    if container is None:
        running = {"running": {"startedAt": pod["metadata"]["creationTimestamp"]}}
        own: Object = {"ready": True, "started": True, "restartCount": 0, "state": running}
    else:
        own = container.status()
    return {"name": spec["name"], "image": spec["image"], "imageID": "", **own}


def _address(node: Object) -> str:
    return str(node["metadata"].get("annotations", {}).get("lab/address", ""))


def report(text: str) -> None:
    """One line in the stage's log."""
    sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {text}\n")
    sys.stdout.flush()


def watch(place: Place, view: View, spaces: set[str]) -> None:
    """Keep the view fresh, for ever."""
    api = Api(place)
    while True:
        try:
            view.refresh(api, spaces)
        except Exception as error:  # noqa: BLE001 - the API server may be away; what was known goes on
            report(f"view: {error!r}"[:300])
        time.sleep(_LOOK)


def main() -> None:
    """Play until somebody says stop."""
    place = Place.from_environment()
    names, view = staging.staged(place), View()
    played = systems(place, names)
    spaces = {system.space for system in played}
    threading.Thread(target=watch, args=(place, view, spaces), daemon=True).start()
    threading.Thread(target=copy_logs, args=(place, names), daemon=True).start()
    for system in played:
        for pod in system.pods:
            Actor(place, view, pod, system).start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
