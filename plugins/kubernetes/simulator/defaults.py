"""What the API server adds to an object that is created.

Defaults of its fields, and what its registry prepares: status, addresses, tolerations.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from plugins.kubernetes.simulator import kinds
from plugins.kubernetes.simulator.fields import child, rows, texts
from plugins.kubernetes.simulator.kinds import Kind

if TYPE_CHECKING:
    from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]

_CONTAINER: Object = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "imagePullPolicy": "IfNotPresent",
}
_EVICT_AFTER = 300
_PRIORITIES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}


def pod_spec(spec: Object) -> None:
    """Default a pod spec in place, also inside templates."""
    for part in ("initContainers", "containers"):
        for container in rows(spec, part):
            container.setdefault("resources", {})
            for field, value in _CONTAINER.items():
                container.setdefault(field, value)
            for port in rows(container, "ports"):
                port.setdefault("protocol", "TCP")
    for field, value in (
        ("restartPolicy", "Always"),
        ("terminationGracePeriodSeconds", 30),
        ("dnsPolicy", "ClusterFirst"),
        ("schedulerName", "default-scheduler"),
    ):
        spec.setdefault(field, value)
    spec.setdefault("securityContext", {})


def fill(kind: Kind, body: Object) -> None:
    """Static defaults, in place."""
    spec: Object = child(body, "spec")
    if kind is kinds.PODS:
        pod_spec(spec)
    elif kind in (kinds.DEPLOYMENTS, kinds.REPLICA_SETS, kinds.STATEFUL_SETS, kinds.DAEMON_SETS, kinds.JOBS):
        _workload(kind, spec)
    elif kind is kinds.SERVICES:
        _service(spec)
    else:
        _fill_plain(kind, body)
    if kind in (kinds.DEPLOYMENTS, kinds.STATEFUL_SETS, kinds.DAEMON_SETS, kinds.REPLICA_SETS):
        body.setdefault("status", {})


def _fill_plain(kind: Kind, body: Object) -> None:
    spec: Object = child(body, "spec")
    if kind is kinds.CLAIMS:
        spec.setdefault("volumeMode", "Filesystem")
        body["status"] = {"phase": "Pending"}
    elif kind is kinds.VOLUMES:
        spec.setdefault("volumeMode", "Filesystem")
        spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
        body.setdefault("status", {"phase": "Pending"})
    elif kind is kinds.NAMESPACES:
        body["spec"] = {"finalizers": ["kubernetes"]}
        body["status"] = {"phase": "Active"}
        body["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = body["metadata"]["name"]
    elif kind is kinds.SECRETS:
        fold_strings(kind, body)
        body.setdefault("type", "Opaque")
    elif kind is kinds.BUDGETS:
        body["status"] = {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
    elif kind is kinds.STORAGE_CLASSES:
        body.setdefault("reclaimPolicy", "Delete")
        body.setdefault("volumeBindingMode", "Immediate")


def fold_strings(kind: Kind, body: Object) -> None:
    """Move a Secret's stringData into its data."""
    if kind is kinds.SECRETS and "stringData" in body:
        plain = texts(body, "stringData")
        del body["stringData"]
        made = {key: base64.b64encode(text.encode()).decode() for key, text in plain.items()}
        body["data"] = dict(sorted((texts(body, "data") | made).items()))


def _workload(kind: Kind, spec: Object) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))
    if kind is kinds.JOBS:
        for field, value in (("parallelism", 1), ("completions", 1), ("backoffLimit", 6), ("suspend", False)):
            spec.setdefault(field, value)
        spec.setdefault("completionMode", "NonIndexed")
        return
    if kind is not kinds.DAEMON_SETS:
        spec.setdefault("replicas", 1)
    if kind is kinds.DEPLOYMENTS:
        spec.setdefault("strategy", {"type": "RollingUpdate"})
        if spec["strategy"].get("type") == "RollingUpdate":
            spec["strategy"].setdefault("rollingUpdate", {"maxUnavailable": "25%", "maxSurge": "25%"})
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)
    elif kind is kinds.STATEFUL_SETS:
        spec.setdefault("podManagementPolicy", "OrderedReady")
        strategy = spec.setdefault("updateStrategy", {"type": "RollingUpdate"})
        if strategy.get("type") == "RollingUpdate":
            strategy.setdefault("rollingUpdate", {"partition": 0})
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})
    elif kind is kinds.DAEMON_SETS:
        spec.setdefault(
            "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
        )
        spec.setdefault("revisionHistoryLimit", 10)


def _service(spec: Object) -> None:
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in rows(spec, "ports"):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port["port"])
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")


def prepare(world: World, kind: Kind, body: Object) -> None:
    """What depends on the world: admission of pods, addresses of services, finalizers of volumes."""
    if kind is kinds.PODS:
        _admit_pod(world, body)
    elif kind is kinds.SERVICES:
        _address(world, body)
    elif kind is kinds.CLAIMS:
        _protect(body, "kubernetes.io/pvc-protection")
    elif kind is kinds.VOLUMES:
        _protect(body, "kubernetes.io/pv-protection")
    elif kind is kinds.NODES:
        body.setdefault("spec", {})
        body.setdefault("status", {})


def _protect(body: Object, finalizer: str) -> None:
    finalizers = body["metadata"].setdefault("finalizers", [])
    if finalizer not in finalizers:
        finalizers.append(finalizer)


def _mount_token(world: World, spec: Object) -> None:
    """The projected volume with which every pod reaches the API server."""
    name = f"kube-api-access-{world.suffix()}"
    mount = {"name": name, "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    for container in (*rows(spec, "initContainers"), *rows(spec, "containers")):
        container["volumeMounts"] = [*rows(container, "volumeMounts"), mount]
    field = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources: list[Object] = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [field]}},
    ]
    volume = {"name": name, "projected": {"sources": sources, "defaultMode": 420}}
    spec["volumes"] = [*rows(spec, "volumes"), volume]


def _admit_pod(world: World, body: Object) -> None:
    spec = body["spec"]
    mirror = "kubernetes.io/config.mirror" in texts(body["metadata"], "annotations")
    if not mirror:
        spec.setdefault("serviceAccountName", "default")
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
        if spec.get("automountServiceAccountToken", True):
            _mount_token(world, spec)
    spec.setdefault("priority", _PRIORITIES.get(spec.get("priorityClassName", ""), 0))
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(t.get("key", key) == key and t.get("effect", "NoExecute") == "NoExecute" for t in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _EVICT_AFTER}
            )
    body.setdefault("status", {"phase": "Pending", "qosClass": quality(spec)})


def quality(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort, by the containers' requests and limits."""
    resources = [child(container, "resources") for container in rows(spec, "containers")]
    if not any(item.get("requests") or item.get("limits") for item in resources):
        return "BestEffort"
    for item in resources:
        limits = texts(item, "limits")
        if {"cpu", "memory"} - set(limits) or (item.get("requests") or limits) != limits:
            return "Burstable"
    return "Guaranteed"


def _address(world: World, body: Object) -> None:
    spec = body["spec"]
    body.setdefault("status", {"loadBalancer": {}})
    if spec["type"] == "ExternalName":
        return
    if not spec.get("clusterIP"):
        number = world.store.count(kinds.SERVICES)
        spec["clusterIP"] = f"10.{96 + number // 60_000}.{number // 250 % 240 + 16}.{number % 250 + 1}"
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    if spec["type"] in ("NodePort", "LoadBalancer"):
        for port in rows(spec, "ports"):
            port.setdefault("nodePort", 30_000 + world.random.randrange(2_768))
