"""A node whose pods can all live elsewhere: a Deployment that prefers it, and nothing stateful."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from tests.lab.world.api import Api, Object
from tests.lab.world.topology import node

NODE = "movable"
SPACE = "movable"
_PODS = f"/api/v1/namespaces/{SPACE}/pods"
_PATIENCE = 120.0


@contextmanager
def movable(api: Api, pods: int) -> Generator[None]:
    """Have the node with so many pods on it; both are gone afterwards."""
    api.apply(node(NODE, "10.9.7.1", "", [{"key": SPACE, "effect": "PreferNoSchedule"}]))
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    api.apply(_deployment(pods))
    try:
        gather(api, pods)
        yield
    finally:
        api.call("DELETE", f"/api/v1/namespaces/{SPACE}")
        api.call("DELETE", f"/api/v1/nodes/{NODE}")


def gather(api: Api, pods: int) -> None:
    """Uncordon the node, and have all pods made anew on it."""
    api.patch(f"/api/v1/nodes/{NODE}", {"spec": {"unschedulable": None}})
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = [pod for pod in api.items(_PODS) if "deletionTimestamp" not in pod["metadata"]]
        stray = [pod for pod in found if pod["spec"].get("nodeName") not in {NODE, None}]
        if not stray and len(on_node(api)) == pods:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(on_node(api))} of {pods} pods are on {NODE}")
        for pod in stray:
            api.call("DELETE", f"{_PODS}/{pod['metadata']['name']}?gracePeriodSeconds=0")
        time.sleep(0.5)


def on_node(api: Api) -> set[str]:
    """The names of its pods that run and were not told to go."""
    return {
        pod["metadata"]["name"]
        for pod in api.items(f"{_PODS}?fieldSelector=spec.nodeName%3D{NODE}")
        if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
    }


def _deployment(pods: int) -> Object:
    labels = {"app": "stateless"}
    prefer: Object = {
        "weight": 100,
        "preference": {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [NODE]}]},
    }
    requests = {"cpu": "1m", "memory": "1Mi"}
    pod: Object = {
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [prefer]}},
        "containers": [{"name": "app", "image": "example/app:1", "resources": {"requests": requests}}],
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 5,
        "tolerations": [{"key": SPACE, "operator": "Exists"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": SPACE, "name": "stateless"},
        "spec": {
            "replicas": pods,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
