"""What nodes and pods use: metrics.k8s.io and the kubelets' stats/summary.

The numbers are invented, slow waves below the requests.
"""

from __future__ import annotations

import math
from typing import Any

from plugins.kubernetes.simulator.answers import Answer, json_answer
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.clock import stamp
from plugins.kubernetes.simulator.controllers.kubelets import chance
from plugins.kubernetes.simulator.controllers.volumes import claims_of
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.kinds import CLAIMS, NODE_METRICS, NODES, PODS
from plugins.kubernetes.simulator.quantity import quantity, requests
from plugins.kubernetes.simulator.selectors import label_test
from plugins.kubernetes.simulator.status import ApiError, no_such_path, not_found
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World, key_of

Object = dict[str, Any]
GIB = 2**30
HOUR = 3600.0


def _wave(text: str, now: float) -> float:
    """Between 0.25 and 0.75, slowly up and down."""
    return 0.5 + 0.25 * math.sin(now / (300 + 600 * chance(text)) + 6.28 * chance(text))


def use(world: World, pod: Entry, *, container: int | None = None) -> tuple[float, float]:
    """(cores, bytes) that a running pod uses now, or one of its containers."""
    if pod.status.get("phase") != "Running":
        return 0.0, 0.0
    now, share = world.clock.now(), 1.0
    spec: Object = pod.spec if container is None else {"containers": [pod.spec["containers"][container]]}
    asked = requests(spec)
    wave = _wave(pod.uid, now)
    return asked.get("cpu", 0.02) * wave * share, asked.get("memory", 32 * 2**20) * (0.4 + wave / 2)


def _node_use(world: World, node: Entry) -> tuple[float, float]:
    pods = [pod for pod in world.store.each(PODS) if pod.spec.get("nodeName") == node.name]
    used = [use(world, pod) for pod in pods]
    return 0.15 + sum(cores for cores, _ in used), GIB + sum(held for _, held in used)


def _amounts(cores: float, held: float) -> Object:
    return {"cpu": f"{int(cores * 1e9)}n", "memory": f"{int(held / 1024)}Ki"}


def _metrics(world: World, entry: Entry, rest: Object) -> Object:
    meta: Object = {"name": entry.name}
    if entry.namespace:
        meta["namespace"] = entry.namespace
    meta["creationTimestamp"] = world.now()
    if entry.labels:
        meta["labels"] = dict(entry.labels)
    at = {"timestamp": stamp(world.clock.now() - 10), "window": "20s"}
    return {"metadata": meta} | at | rest


def read(world: World, call: Call) -> Answer:
    """Get and list of nodes.metrics.k8s.io and pods.metrics.k8s.io."""
    if call.kind is None:
        raise no_such_path()
    nodes = call.kind is NODE_METRICS
    source = NODES if nodes else PODS
    head: Object = {"apiVersion": "metrics.k8s.io/v1beta1"}
    test = label_test(call.request.param("labelSelector"))
    if call.name:
        entry = world.store.get(source, call.key)
        if entry is None or not _measured(world, entry):
            raise not_found(call.kind, call.name)
        return json_answer({"kind": call.kind.kind} | head | _one(world, entry, nodes=nodes))
    chosen = [
        entry for entry in world.store.each(source, call.namespace) if test(entry.labels) and _measured(world, entry)
    ]
    items = [_one(world, entry, nodes=nodes) for entry in chosen]
    return json_answer({"kind": f"{call.kind.kind}List"} | head | {"metadata": {}, "items": items})


def _measured(world: World, entry: Entry) -> bool:
    if entry.kind is NODES:
        return entry.name not in world.faults.down_nodes
    return entry.status.get("phase") == "Running" and entry.spec.get("nodeName") not in world.faults.down_nodes


def _one(world: World, entry: Entry, *, nodes: bool) -> Object:
    if nodes:
        return _metrics(world, entry, {"usage": _amounts(*_node_use(world, entry))})
    containers = [
        {"name": item["name"], "usage": _amounts(*use(world, entry, container=index))}
        for index, item in enumerate(entry.spec["containers"])
    ]
    return _metrics(world, entry, {"containers": containers})


def proxy(world: World, call: Call) -> Answer:
    """GET /api/v1/nodes/NAME/proxy/stats/summary: the kubelet's own numbers, with the fill of disks and volumes."""
    node = world.store.get(NODES, call.name)
    if node is None:
        raise not_found(NODES, call.name)
    if call.rest != "stats/summary":
        world.unexpected.append(f"{call.request.method} {call.request.target}")
        raise no_such_path()
    if node.name in world.faults.down_nodes:
        address = next((a["address"] for a in rows(node.status, "addresses") if a["type"] == "InternalIP"), "")
        message = f"error trying to reach service: dial tcp {address}:10250: connect: no route to host"
        raise ApiError(503, "ServiceUnavailable", message, details={})
    pods = [
        pod
        for pod in world.store.each(PODS)
        if pod.spec.get("nodeName") == node.name and pod.status.get("phase") == "Running"
    ]
    now = world.now()
    cores, held = _node_use(world, node)
    size = quantity(node.status["capacity"]["ephemeral-storage"])
    root = _disk(size, 0.2 + 0.4 * chance(node.name), now)
    total = quantity(node.status["capacity"]["memory"])
    return json_answer(
        {
            "node": {
                "nodeName": node.name,
                "startTime": node.meta["creationTimestamp"],
                "cpu": _cpu(cores, now, world),
                "memory": {
                    "time": now,
                    "availableBytes": int(total - held),
                    "usageBytes": int(held),
                    "workingSetBytes": int(held),
                },
                "fs": root,
                "runtime": {"imageFs": _disk(size, 0.3, now)},
            },
            "pods": [_pod_stats(world, pod) for pod in pods],
        }
    )


def _cpu(cores: float, now: str, world: World) -> Object:
    seconds = max(1.0, world.clock.now() - world.created)
    return {"time": now, "usageNanoCores": int(cores * 1e9), "usageCoreNanoSeconds": int(cores * seconds * 1e9)}


def _disk(size: float, fill: float, now: str) -> Object:
    used = int(size * min(0.98, fill))
    files = int(size / 16384)
    return {
        "time": now,
        "availableBytes": int(size) - used,
        "capacityBytes": int(size),
        "usedBytes": used,
        "inodesFree": files - used // 65536,
        "inodes": files,
        "inodesUsed": used // 65536,
    }


def _pod_stats(world: World, pod: Entry) -> Object:
    now = world.now()
    cores, held = use(world, pod)
    containers = [
        {
            "name": item["name"],
            "startTime": pod.status.get("startTime", now),
            "cpu": _cpu(use(world, pod, container=index)[0], now, world),
            "memory": {"time": now, "workingSetBytes": int(use(world, pod, container=index)[1])},
        }
        for index, item in enumerate(pod.spec["containers"])
    ]
    return {
        "podRef": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
        "startTime": pod.status.get("startTime", now),
        "containers": containers,
        "cpu": _cpu(cores, now, world),
        "memory": {"time": now, "workingSetBytes": int(held)},
        "volume": _volumes(world, pod, now),
    }


def _volumes(world: World, pod: Entry, now: str) -> list[Object]:
    made: list[Object] = []
    hours = (world.clock.now() - world.created) / HOUR
    for claim_name in claims_of(pod.spec):
        claim = world.store.get(CLAIMS, key_of(pod.namespace, claim_name))
        if claim is None or not claim.status.get("capacity"):
            continue
        name = next(
            v["name"] for v in pod.spec["volumes"] if child(v, "persistentVolumeClaim").get("claimName") == claim_name
        )
        fill = 0.25 + 0.4 * chance(claim.uid) + hours * 0.002
        disk = _disk(quantity(claim.status["capacity"]["storage"]), fill, now)
        made.append(disk | {"name": name, "pvcRef": {"name": claim_name, "namespace": pod.namespace}})
    return made
