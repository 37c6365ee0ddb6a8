"""Endpoints and EndpointSlices of services that select pods."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.controllers.base import Desk
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.index import is_done, is_ready
from plugins.kubernetes.simulator.kinds import ENDPOINTS, PODS, SERVICES, SLICES
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import reference_to

Object = dict[str, Any]
BY_SERVICE = "kubernetes.io/service-name"


class Endpoints:
    """Follows services and the pods they select."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queue = Queue(lambda: desk.world.clock, self.reconcile)
        desk.store.listen(lambda change: self.queue.add(change.new.key), SERVICES)
        desk.store.listen(self._pod_changed, PODS)

    def _pod_changed(self, change: Change) -> None:
        for service in self.desk.store.each(SERVICES, change.new.namespace):
            if _selects(service, change.new):
                self.queue.add(service.key)

    def reconcile(self, key: str) -> None:
        """Write the endpoints of one service."""
        service = self.desk.store.get(SERVICES, key)
        if service is None:
            self.desk.store.remove(ENDPOINTS, key)
            return
        if not service.spec.get("selector"):
            return
        pods = [
            pod
            for pod in self.desk.store.each(PODS, service.namespace)
            if _selects(service, pod) and pod.status.get("podIP") and not is_done(pod)
        ]
        self._endpoints(service, pods)
        self._slice(service, pods)

    def _endpoints(self, service: Entry, pods: list[Entry]) -> None:
        ready = [_address(pod) for pod in pods if is_ready(pod) and not pod.deleting]
        unready = [_address(pod) for pod in pods if not is_ready(pod) and not pod.deleting]
        subset: Object = {}
        if ready:
            subset["addresses"] = ready
        if unready:
            subset["notReadyAddresses"] = unready
        if subset:
            subset["ports"] = _ports(service)
        subsets = [subset] if subset else []

        def edit(body: Object) -> None:
            body["subsets"] = subsets
            if not subsets:
                del body["subsets"]

        if self.desk.world.change(ENDPOINTS, service.key, edit) is None:
            meta: Object = {"name": service.name, "namespace": service.namespace, "labels": dict(service.labels)}
            self.desk.world.create(ENDPOINTS, {"metadata": meta} | ({"subsets": subsets} if subsets else {}))

    def _slice(self, service: Entry, pods: list[Entry]) -> None:
        points: list[Object] = []
        for pod in pods:
            going = pod.deleting
            ready = is_ready(pod)
            state = {"ready": ready and not going, "serving": ready, "terminating": going}
            target = {"kind": "Pod", "namespace": pod.namespace, "name": pod.name, "uid": pod.uid}
            point: Object = {"addresses": [pod.status["podIP"]], "conditions": state}
            if pod.spec.get("hostname"):
                point["hostname"] = pod.spec["hostname"]
            point["targetRef"] = target
            points.append(point | {"nodeName": pod.spec.get("nodeName", "")})
        held = next(
            (s for s in self.desk.store.each(SLICES, service.namespace) if s.labels.get(BY_SERVICE) == service.name),
            None,
        )
        if held is not None:

            def edit(body: Object) -> None:
                body["endpoints"] = points

            self.desk.world.change(SLICES, held.key, edit)
            return
        labels = dict(service.labels) | {
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            BY_SERVICE: service.name,
        }
        if service.spec.get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        meta: Object = {"generateName": f"{service.name}-", "namespace": service.namespace, "labels": labels}
        meta["ownerReferences"] = [reference_to(service)]
        self.desk.world.create(
            SLICES, {"metadata": meta, "addressType": "IPv4", "endpoints": points, "ports": _ports(service)}
        )


def _selects(service: Entry, pod: Entry) -> bool:
    chosen = child(service.spec, "selector")
    return bool(chosen) and all(pod.labels.get(key) == value for key, value in chosen.items())


def _address(pod: Entry) -> Object:
    made: Object = {"ip": pod.status["podIP"], "nodeName": pod.spec.get("nodeName", "")}
    if pod.spec.get("hostname"):
        made = {"ip": made["ip"], "hostname": pod.spec["hostname"], "nodeName": made["nodeName"]}
    return made | {"targetRef": {"kind": "Pod", "namespace": pod.namespace, "name": pod.name, "uid": pod.uid}}


def _ports(service: Entry) -> list[Object]:
    ports: list[Object] = []
    for port in rows(service.spec, "ports"):
        target = port.get("targetPort", port["port"])
        made: Object = {"name": port["name"]} if port.get("name") else {}
        ports.append(made | {"port": target if isinstance(target, int) else port["port"], "protocol": port["protocol"]})
    return ports
