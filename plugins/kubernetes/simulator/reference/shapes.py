"""Short ways to write the manifests of the reference topology."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

from plugins.kubernetes.simulator.fields import texts

Object = dict[str, Any]
Ports = dict[str, int] | list[Object]
PULSAR_POOL: Object = {
    "nodeSelector": {"node-role.kubernetes.io/pulsar": "pulsar"},
    "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "pulsar", "effect": "NoSchedule"}],
}


class Box(NamedTuple):
    """What a container asks for."""

    cpu: str = "50m"
    memory: str = "64Mi"


SMALL = Box()


def meta(space: str, name: str, labels: dict[str, str] | None = None, **more: Any) -> Object:
    """Metadata of a namespaced object."""
    return {"namespace": space, "name": name, "labels": dict(labels or {"app": name})} | more


def container(name: str, image: str, box: Box, ports: dict[str, int] | None = None) -> Object:
    """One container."""
    made: Object = {"name": name, "image": image}
    if ports:
        made["ports"] = [{"name": key, "containerPort": port} for key, port in ports.items()]
    return made | {"resources": {"requests": {"cpu": box.cpu, "memory": box.memory}}}


def pod(
    image: str, box: Box = SMALL, *, ports: dict[str, int] | None = None, scratch: bool = False, **more: Any
) -> Object:
    """A pod spec of one container, with an emptyDir where `scratch`."""
    main = container("main", image, box, ports)
    if scratch:
        main["volumeMounts"] = [{"name": "scratch", "mountPath": "/data"}]
        more["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    return {"containers": [main], "terminationGracePeriodSeconds": 5, **more}


def deployment(space: str, name: str, replicas: int, spec: Object, **more: dict[str, str]) -> Object:
    """A Deployment; `labels` and `annotations` are its pods'."""
    labels = more.get("labels") or {"app": name}
    template = {"metadata": {"labels": labels, "annotations": texts(more, "annotations")}, "spec": spec}
    body = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(space, name, labels), "spec": body}


def daemon_set(name: str, image: str) -> Object:
    """A DaemonSet of kube-system that tolerates everything."""
    labels = {"k8s-app": name}
    spec = pod(image, tolerations=[{"operator": "Exists"}], hostNetwork=True, priorityClassName="system-node-critical")
    body = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta("kube-system", name, labels), "spec": body}


def service(space: str, name: str, labels: dict[str, str], ports: Ports, **spec: Any) -> Object:
    """A Service; `clusterIP="None"` makes it headless."""
    listed = [{"name": key, "port": port} for key, port in ports.items()] if isinstance(ports, dict) else ports
    body: Object = {"selector": labels, "ports": listed} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(space, name, labels), "spec": body}


def budget(space: str, name: str, labels: dict[str, str]) -> Object:
    """A budget of one unavailable pod."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta(space, name, labels),
        "spec": spec,
    }


def secret(space: str, name: str, values: dict[str, str], kind: str = "Opaque", **more: Any) -> Object:
    """A Secret of texts."""
    data = {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta(space, name, **more), "type": kind, "data": data}


def config(space: str, name: str, data: dict[str, str]) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": space, "name": name}, "data": data}
