"""A cluster of any size for load: empty nodes, and pods that run already, in ten namespaces.

The pods are put into the store as they will be, so that ten thousand take a second; what they have in common is shared.
"""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.clock import Clock, ManualClock
from plugins.kubernetes.simulator.cluster import Cluster
from plugins.kubernetes.simulator.defaults import pod_spec
from plugins.kubernetes.simulator.kinds import PODS
from plugins.kubernetes.simulator.reference.build import DAY, begin
from plugins.kubernetes.simulator.reference.nodes import Machine, node
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import reference_to

Object = dict[str, Any]
SET, SPACES, BLOCK = 100, 10, 250
_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def scale(clock: Clock, *, nodes: int, pods: int, version: str = "v1.35.4") -> Cluster:
    """So many nodes `load-0000` and running pods in namespaces `load-0` to `load-9`, in ReplicaSets of a hundred."""
    past = ManualClock(clock.now() - DAY)
    cluster = Cluster(past, version=version)
    crowd(cluster, past, nodes=nodes, pods=pods)
    past.advance(5)
    begin(cluster, past, clock)
    return cluster


def crowd(cluster: Cluster, past: ManualClock, *, nodes: int, pods: int) -> None:
    """Add such nodes and pods to a cluster whose past is still to go by."""
    for n in range(SPACES):
        cluster.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"load-{n}"}})
    for n in range(nodes):
        address, block = f"10.9.{n // BLOCK}.{n % BLOCK + 1}", f"10.{n // BLOCK + 128}.{n % BLOCK}.0/24"
        machine = Machine(f"load-{n:04}", address, "", (("load", ""),), 64, 256, block)
        made = node(machine, cluster.world.version)
        for room in ("capacity", "allocatable"):
            made["status"][room]["pods"] = "250"
        cluster.add(made)
    past.advance(5)
    for n in range((pods + SET - 1) // SET):
        rs = cluster.add(_set(n, min(SET, pods - n * SET)))
        for k in range(int(rs.spec["replicas"])):
            _put(cluster, rs, n * SET + k, nodes)


def _set(n: int, replicas: int) -> Object:
    labels = {"app": f"load-{n:04}", "tier": "backend"}
    container: Object = {"name": "app", "image": "example/app:1.2.3"}
    container["env"] = [{"name": f"SETTING_{k}", "value": "x" * 40} for k in range(20)]
    container["resources"] = {"requests": {"cpu": "1m", "memory": "1Mi"}}
    spec: Object = {"containers": [container], "tolerations": [{"key": "load", "operator": "Exists"}]}
    pod_spec(spec)
    template: Object = {"metadata": {"labels": labels}, "spec": spec}
    body: Object = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    meta = {"namespace": f"load-{n % SPACES}", "name": f"load-{n:04}"}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": body}


def _put(cluster: Cluster, rs: Entry, number: int, nodes: int) -> None:
    world, host = cluster.world, number % nodes
    now, name = world.now(), f"{rs.name}-{world.suffix()}"
    address, ip = (
        f"10.9.{host // BLOCK}.{host % BLOCK + 1}",
        f"10.{host // BLOCK + 128}.{host % BLOCK}.{number // nodes % BLOCK + 2}",
    )
    meta: Object = {"name": name, "generateName": f"{rs.name}-", "namespace": rs.namespace, "uid": world.uid()}
    meta |= {"resourceVersion": "", "generation": 1, "creationTimestamp": now}
    meta |= {"labels": rs.spec["template"]["metadata"]["labels"], "ownerReferences": [reference_to(rs)]}
    container: Object = {"name": "app", "state": {"running": {"startedAt": now}}, "lastState": {}, "ready": True}
    container |= {"restartCount": 0, "image": "example/app:1.2.3", "imageID": "", "started": True}
    status: Object = {"phase": "Running", "hostIP": address, "podIP": ip, "podIPs": [{"ip": ip}], "startTime": now}
    status["conditions"] = [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in _CONDITIONS]
    status |= {"containerStatuses": [container], "qosClass": "Burstable"}
    spec: Object = rs.spec["template"]["spec"] | {"nodeName": f"load-{host:04}"}
    world.store.put(PODS, f"{rs.namespace}/{name}", {"metadata": meta, "spec": spec, "status": status})
