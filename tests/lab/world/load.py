"""Load for benchmarks: empty nodes, pods in the namespaces load-0 to load-9, and their churn."""

from __future__ import annotations

import time

from tests.lab.world.api import METADATA, Api, Object
from tests.lab.world.place import LabError
from tests.lab.world.topology import node

SPACES = [f"load-{n}" for n in range(10)]
_A_SET = 100  # pods of one ReplicaSet
_DEADLINE = 1800.0


def scale(api: Api, nodes: int, pods: int) -> None:
    """Make NODES empty nodes and PODS pods, and return when the pods are ready."""
    for n in range(nodes):
        address = f"10.9.{n // 250}.{n % 250 + 1}"
        api.apply(node(f"load-{n:04}", address, "", [{"key": "load", "effect": "NoSchedule"}]))
    for space in SPACES:
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    for n in range(-(-pods // _A_SET)):
        api.apply(_replica_set(n, min(_A_SET, pods - n * _A_SET)))
    deadline = time.monotonic() + _DEADLINE
    while (ready := _ready(api)) < pods:
        if time.monotonic() > deadline:
            raise LabError(f"{ready} of {pods} load pods are ready after {_DEADLINE:.0f} s")
        time.sleep(1)


def clear(api: Api) -> None:
    """Take all load pods away at once; without this each goes by itself, as slowly as its namespace is emptied."""
    known = {item["metadata"]["name"] for item in api.items("/api/v1/namespaces", accept=METADATA)}
    for space in [space for space in SPACES if space in known]:
        api.call("DELETE", f"/apis/apps/v1/namespaces/{space}/replicasets?propagationPolicy=Background")
        api.call("DELETE", f"/api/v1/namespaces/{space}/pods?gracePeriodSeconds=0")


def churn(api: Api, rate: float, seconds: float) -> int:
    """Delete RATE load pods a second (their ReplicaSets replace them); how many were deleted."""
    names: list[tuple[str, str]] = []
    for space in SPACES:
        pods = api.items(f"/api/v1/namespaces/{space}/pods?limit=500")
        names += [(space, pod["metadata"]["name"]) for pod in pods]
    started, done = time.monotonic(), 0
    while (elapsed := time.monotonic() - started) < seconds and names:
        if done >= elapsed * rate:
            time.sleep(0.002)
            continue
        space, name = names.pop()
        api.call("DELETE", f"/api/v1/namespaces/{space}/pods/{name}?gracePeriodSeconds=1")
        done += 1
    return done


def _replica_set(n: int, replicas: int) -> Object:
    labels = {"app": f"load-{n:04}", "tier": "backend"}
    container = {
        "name": "app",
        "image": "example/app:1.2.3",
        "env": [{"name": f"SETTING_{k}", "value": "x" * 40} for k in range(20)],
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}},
    }
    pod = {
        "tolerations": [{"key": "load", "operator": "Exists"}],
        "containers": [container],
        "automountServiceAccountToken": False,
    }
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    meta = {"namespace": f"load-{n % 10}", "name": f"load-{n:04}"}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec}


def _ready(api: Api) -> int:
    sets = [item for space in SPACES for item in api.items(f"/apis/apps/v1/namespaces/{space}/replicasets")]
    return sum(item["status"].get("readyReplicas", 0) for item in sets)
