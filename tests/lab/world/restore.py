"""Back to the reference topology: what a test added goes, what it removed or changed returns, and all is ready again.

The baseline is what stood there when the topology was settled for the first time. Pods keep the nodes that they moved
to; everything that the topology names, cordons, taints, labels, annotations and strangers are undone.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from tests.lab.world import staging
from tests.lab.world.api import METADATA, Api, Object
from tests.lab.world.place import LabError, Place
from tests.lab.world.topology import NODES, reference

_SETTLE_SECONDS = 240.0
_CLUSTER_WIDE = {
    "/api/v1": ("nodes", "persistentvolumes"),
    "/apis/rbac.authorization.k8s.io/v1": ("clusterroles", "clusterrolebindings"),
    "/apis/apiextensions.k8s.io/v1": ("customresourcedefinitions",),
}
_NAMESPACED = {
    "/apis/apps/v1": ("deployments", "statefulsets", "daemonsets", "replicasets"),
    "/apis/batch/v1": ("cronjobs", "jobs"),
    "/apis/policy/v1": ("poddisruptionbudgets",),
    "/apis/rbac.authorization.k8s.io/v1": ("roles", "rolebindings"),
    "/apis/coordination.k8s.io/v1": ("leases",),
    "/api/v1": ("pods", "services", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "events"),
}
_ALIVE = ("kube-system", "kube-node-lease")  # whose Leases belong to what runs

Baseline = dict[str, Any]


def fill(api: Api, place: Place) -> None:
    """Apply the reference topology to a new lab, wait until it is settled, and note what stands there."""
    api.apply_all(reference())
    settle(api)
    nodes = {item["metadata"]["name"]: item["metadata"] for item in api.items("/api/v1/nodes")}
    keys = {name: [*meta["labels"], *meta.get("annotations", {})] for name, meta in nodes.items()}
    spaces = [item["metadata"]["name"] for item in api.items("/api/v1/namespaces")]
    paths = [path for path, _ in _unowned(api)]
    place.baseline.write_text(json.dumps({"paths": paths, "spaces": spaces, "keys": keys}))


def restore(api: Api, place: Place) -> None:
    """Bring a used lab back to its baseline."""
    baseline: Baseline = json.loads(place.baseline.read_text())
    _remove_strangers(api, baseline, place)
    for item in api.items("/api/v1/persistentvolumes"):
        if item["status"].get("phase") in {"Released", "Failed"}:  # its claim is gone: only a new volume binds again
            api.call("DELETE", f"/api/v1/persistentvolumes/{item['metadata']['name']}")
    api.apply_all(staging.topology(place))
    for name in NODES:
        _reset_node(api, name, baseline["keys"][name])
    settle(api, staging.staged(place))


def _remove_strangers(api: Api, baseline: Baseline, place: Place) -> None:
    kept, systems = staging.kept(place), staging.staged(place)
    gone = [
        item["metadata"]["name"]
        for item in api.items("/api/v1/namespaces", accept=METADATA)
        if item["metadata"]["name"] not in baseline["spaces"]
    ]
    gone = [name for name in gone if f"/api/v1/namespaces/{name}" not in kept]
    for name in gone:  # before their nodes: a pod whose node is gone waits for the garbage collector
        api.call("DELETE", f"/api/v1/namespaces/{name}")
    deadline = time.monotonic() + _SETTLE_SECONDS
    while left := {item["metadata"]["name"] for item in api.items("/api/v1/namespaces", accept=METADATA)} & set(gone):
        if time.monotonic() > deadline:
            raise LabError(f"namespaces do not go away: {', '.join(sorted(left))}")
        _remove_abandoned(api, systems)
        time.sleep(0.2)
    known = {*baseline["paths"], *kept}
    for path, space in _unowned(api):
        theirs = f"/api/v1/namespaces/{space}" in kept or (space in _ALIVE and "/leases/" in path)
        if path not in known and not theirs:
            api.call("DELETE", f"{path}?gracePeriodSeconds=1&propagationPolicy=Background")
    for pod in api.items("/api/v1/pods"):  # of DaemonSets: without a kubelet they would wait for the garbage collector
        meta = pod["metadata"]
        if pod["spec"].get("nodeName") not in {None, *NODES}:
            api.call("DELETE", f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}?gracePeriodSeconds=0")


def _remove_abandoned(api: Api, systems: tuple[str, ...]) -> list[str]:
    """Remove and name pods of a system that was staged: its sets make played ones in their place.

    Again and again: while a set rolls, the controller also makes pods of the revision that goes.
    """
    found: list[str] = []
    for pod in api.items("/api/v1/pods"):
        meta = pod["metadata"]
        if meta.get("annotations", {}).get(staging.PROCESS) not in {None, *systems}:
            api.call("DELETE", f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}?gracePeriodSeconds=0")
            found.append(f"pod {meta['namespace']}/{meta['name']} without a server")
    return found


def _unowned(api: Api) -> list[tuple[str, str]]:
    """Path and namespace of all objects that no other object owns."""
    found: list[tuple[str, str]] = []
    for table in (_CLUSTER_WIDE, _NAMESPACED):
        for base, plurals in table.items():
            for plural in plurals:
                for item in api.items(f"{base}/{plural}", accept=METADATA):
                    meta = item["metadata"]
                    space = meta.get("namespace", "")
                    inside = f"/namespaces/{space}" if space else ""
                    if not meta.get("ownerReferences"):
                        found.append((f"{base}{inside}/{plural}/{meta['name']}", space))
    return found


def _reset_node(api: Api, name: str, keys: list[str]) -> None:
    """Schedulable, with its own taints, labels and annotations; those that keep it alive are the controllers'."""
    status, item = api.call("GET", f"/api/v1/nodes/{name}")
    if status != 200:
        raise LabError(f"node {name}: {item.get('message')}")
    meta, known = item["metadata"], set(keys)
    change: Object = {
        "metadata": {
            kind: {key: None for key in meta.get(kind, {}) if key not in known} for kind in ("labels", "annotations")
        },
        "spec": {"unschedulable": None, "taints": NODES[name][2]},
    }
    api.patch(f"/api/v1/nodes/{name}", change)


def settle(api: Api, systems: tuple[str, ...] = ()) -> None:
    """Return when every node and pod is ready, every set complete, and nothing is on its way out.

    Pods of other systems than these `systems` are played.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while waits := [*_remove_abandoned(api, systems), *_waits_for(api)]:
        if time.monotonic() > deadline:
            raise LabError(f"the lab does not settle; it waits for {', '.join(waits[:8])}")
        _mend_unready(api)
        time.sleep(0.25)


def wait_for_heartbeats(api: Api) -> None:
    """Return when every node of the topology has renewed its Lease since the call."""
    since = datetime.now(UTC)
    deadline = time.monotonic() + _SETTLE_SECONDS
    while late := NODES.keys() - _renewed(api, since):
        if time.monotonic() > deadline:
            raise LabError(f"no heartbeat of {', '.join(sorted(late))}")
        time.sleep(0.25)


def _renewed(api: Api, since: datetime) -> set[str]:
    leases = api.items("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")
    return {item["metadata"]["name"] for item in leases if datetime.fromisoformat(item["spec"]["renewTime"]) > since}


def _mend_unready(api: Api) -> None:
    """Do what a kubelet does after its node was away: say that the pods which the controllers marked are ready.

    The node controller sets a pod's Ready condition to False when heartbeats are late; a played kubelet never looks
    at a running pod again.
    """
    nodes = {item["metadata"]["name"] for item in api.items("/api/v1/nodes") if _is_ready(item)}
    for pod in api.items("/api/v1/pods?fieldSelector=status.phase%3DRunning"):
        meta = pod["metadata"]
        marked = not _is_ready(pod) and all(one.get("ready") for one in pod["status"].get("containerStatuses", []))
        played = not any(key.startswith("lab/") for key in meta.get("annotations", {}))
        if marked and played and "deletionTimestamp" not in meta and pod["spec"].get("nodeName") in nodes:
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
            ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
            api.call("PATCH", path, ready, kind="application/strategic-merge-patch+json")


def _waits_for(api: Api) -> list[str]:
    found = [f"node {item['metadata']['name']}" for item in api.items("/api/v1/nodes") if not _is_ready(item)]
    for item in api.items("/api/v1/pods"):
        meta = item["metadata"]
        if "deletionTimestamp" in meta or not (item["status"].get("phase") == "Succeeded" or _is_ready(item)):
            found.append(f"pod {meta['namespace']}/{meta['name']}")
    for plural in ("statefulsets", "deployments", "daemonsets"):
        found += [
            f"{plural} {item['metadata']['name']}" for item in api.items(f"/apis/apps/v1/{plural}") if _short(item)
        ]
    for item in api.items("/apis/policy/v1/poddisruptionbudgets"):
        status = item.get("status", {})
        if status.get("observedGeneration") != item["metadata"]["generation"] or not status.get("disruptionsAllowed"):
            found.append(f"budget {item['metadata']['name']}")
    return found


def _is_ready(item: Object) -> bool:
    conditions = item["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _short(item: Object) -> bool:
    status = item.get("status", {})
    if status.get("observedGeneration") != item["metadata"]["generation"]:
        return True
    if "replicas" not in item["spec"]:  # a DaemonSet: one on every node
        return status["numberReady"] != len(NODES)
    return status.get("readyReplicas", 0) != item["spec"]["replicas"]
