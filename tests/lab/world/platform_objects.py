"""What stands around the stateful systems: system pods, applications, Jobs, tokens, Helm releases, and some faults.

Deployments, DaemonSets and Jobs are made real by the controller manager; mirror pods are made here, as a kubelet does
for its static pods. On purpose there are a pod that nobody owns, a token that never expires, a release stuck half-way.
"""

from __future__ import annotations

import base64
import datetime
import gzip
import json
from collections.abc import Iterator
from typing import Any

from tests.lab.world.api import Object

_EVERYWHERE = [{"operator": "Exists"}]
_KUBERNETES = "v1.35.4"
_MASTER = "k8s-master1"
_PULSAR_POOL: Object = {
    "nodeSelector": {"node-role.kubernetes.io/pulsar": "pulsar"},
    "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "pulsar", "effect": "NoSchedule"}],
}
_PULSAR = {"app": "pulsar", "release": "pulsar", "cluster": "pulsar"}


def objects() -> Iterator[Object]:
    """Everything but the systems themselves."""
    for space in ("dapr-system", "istio-system", "istio-ingress", "flink", "pilothouse"):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    yield from _system()
    yield from _around_systems()
    yield from _applications()
    yield _bootstrap_token("labday", "0123456789abcdef", 24)
    yield _bootstrap_token("forevr", "fedcba9876543210", None)
    yield _helm_release("pulsar", "pulsar", 1, ("pulsar", "2.7.7"), status="superseded")
    yield _helm_release("pulsar", "pulsar", 2, ("pulsar", "2.7.7"))
    yield _helm_release("redis", "my-redis", 1, ("redis-ha", "3.4.0"))
    yield _helm_release("rabbitmq", "my-rabbitmq-ha", 3, ("rabbitmq-ha", "1.25.0"), status="pending-upgrade")


def _system() -> Iterator[Object]:
    yield _daemon_set("calico-node", "calico/node:v3.24.5")
    yield _daemon_set("kube-proxy", f"kube-proxy:{_KUBERNETES}")
    for component in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        yield _mirror(component)
    dns = _pod("coredns:v1.12.0", priorityClassName="system-cluster-critical")
    yield _deployment("kube-system", "coredns", dns, replicas=2, labels={"k8s-app": "kube-dns"})


def _around_systems() -> Iterator[Object]:
    strimzi = {"name": "strimzi-cluster-operator", "strimzi.io/kind": "cluster-operator"}
    operator = _pod("strimzi/operator:0.27.1", memory="384Mi")
    yield _deployment("kafka", "strimzi-cluster-operator", operator, labels=strimzi)
    exporter = {"strimzi.io/cluster": "my-cluster", "strimzi.io/name": "my-cluster-kafka-exporter"}
    yield _deployment("kafka", "my-cluster-kafka-exporter", _pod("strimzi/kafka:0.27.1-kafka-2.8.1"), labels=exporter)
    yield _deployment("kafka", "zoo-entrance", _pod("zoo-entrance:latest"))
    keeper = _pod("apachepulsar/pulsar-manager:v0.2.0", scratch=True, **_PULSAR_POOL)
    manager = {**_PULSAR, "component": "pulsar-manager"}
    yield _deployment("pulsar", "pulsar-pulsar-manager", keeper, labels=manager)
    yield _init_job("pulsar-bookie-init")
    yield _init_job("pulsar-pulsar-init")


def _applications() -> Iterator[Object]:
    for name in ("dapr-operator", "dapr-sidecar-injector", "dapr-sentry", "dapr-dashboard"):
        yield _deployment("dapr-system", name, _pod(f"daprio/{name}:1.9.5"))
    for n, app in enumerate(("addapp", "multiplyapp", "divideapp", "subtractapp", "calculator-front-end")):
        notes = {"dapr.io/enabled": "true", "dapr.io/app-id": app, "dapr.io/app-port": str(6000 + n)}
        image = f"dapr/samples/distributed-calculator-{app}:latest"
        yield _deployment("default", app, _pod(image), annotations=notes)
    yield _deployment("default", "httpbin", _pod("kennethreitz/httpbin"))
    yield _deployment("default", "zipkin", _pod("openzipkin/zipkin", scratch=True))
    yield _deployment("istio-system", "istiod", _pod("istio/pilot:1.16.0", cpu="500m", memory="512Mi"))
    yield _deployment("istio-ingress", "gateway", _pod("istio/proxyv2:1.16.0"))
    for part, replicas in (("jobmanager", 1), ("taskmanager", 2)):
        labels = {"app": "flink", "component": part}
        flink = _pod("flink:1.16", memory="1Gi")
        yield _deployment("flink", f"flink-{part}", flink, replicas=replicas, labels=labels)
    # Nobody's: a drain would lose it.
    meta = _meta("default", "debug-shell")
    yield {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": _pod("busybox:1.36")}


def _meta(space: str, name: str, labels: dict[str, str] | None = None, **more: Any) -> Object:
    return {"namespace": space, "name": name, "labels": labels or {"app": name}, **more}


def _pod(image: str, *, cpu: str = "50m", memory: str = "64Mi", scratch: bool = False, **more: Any) -> Object:
    requests = {"cpu": cpu, "memory": memory}
    container: Object = {"name": "main", "image": image, "resources": {"requests": requests}}
    spec: Object = {"containers": [container], "terminationGracePeriodSeconds": 5, **more}
    if scratch:
        container["volumeMounts"] = [{"name": "scratch", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    return spec


def _deployment(
    space: str,
    name: str,
    spec: Object,
    *,
    replicas: int = 1,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> Object:
    labels = labels or {"app": name}
    template = {"metadata": {"labels": labels, "annotations": annotations or {}}, "spec": spec}
    wanted = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _meta(space, name, labels), "spec": wanted}


def _daemon_set(name: str, image: str) -> Object:
    labels = {"k8s-app": name}
    spec = _pod(image, tolerations=_EVERYWHERE, hostNetwork=True, priorityClassName="system-node-critical")
    template = {"metadata": {"labels": labels}, "spec": spec}
    wanted = {"selector": {"matchLabels": labels}, "template": template}
    meta = _meta("kube-system", name, labels)
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta, "spec": wanted}


def _mirror(component: str) -> Object:
    """A static pod's mirror: drain leaves it alone, deleting it does nothing to the process."""
    spec = _pod(
        f"{component}:{_KUBERNETES}", nodeName=_MASTER, hostNetwork=True, tolerations=_EVERYWHERE,
        priorityClassName="system-node-critical",
    )  # fmt: skip
    notes = {f"kubernetes.io/config.{key}": value for key, value in _MIRRORED.items()}
    labels = {"component": component, "tier": "control-plane"}
    meta = _meta("kube-system", f"{component}-{_MASTER}", labels, annotations=notes)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


_MIRRORED = {"mirror": "lab", "hash": "lab", "source": "file"}


def _init_job(name: str) -> Object:
    spec = _pod("apachepulsar/pulsar-all:2.7.4", restartPolicy="Never")
    template = {"metadata": {"annotations": {"lab/completes": "yes"}}, "spec": spec}
    meta = _meta("pulsar", name, {"component": "init"})
    wanted = {"backoffLimit": 3, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": wanted}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _secret(meta: Object, kind: str, values: dict[str, str]) -> Object:
    data = {key: _encoded(text) for key, text in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "data": data}


def _bootstrap_token(token: str, value: str, hours: float | None) -> Object:
    """A kubeadm join token; without an end it stays a standing credential."""
    data = {
        "token-id": token,
        "token-secret": value,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        "description": "lab",
    }
    if hours is not None:
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
        data["expiration"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    return _secret(_meta("kube-system", f"bootstrap-token-{token}"), "bootstrap.kubernetes.io/token", data)


def _helm_release(space: str, name: str, revision: int, chart: tuple[str, str], *, status: str = "deployed") -> Object:
    """A Helm 3 release as its Secret holds it: JSON, gzip, base64, and the Secret's own base64."""
    now = datetime.datetime.now(datetime.UTC).isoformat()
    title, version = chart
    release: Object = {
        "name": name,
        "namespace": space,
        "version": revision,
        "config": {},
        "manifest": "",
        "info": {
            "first_deployed": now,
            "last_deployed": now,
            "deleted": "",
            "description": "Install complete",
            "status": status,
        },
        "chart": {
            "metadata": {"name": title, "version": version, "appVersion": version},
            "templates": [],
            "values": {},
        },
    }
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode())).decode()
    labels = {"owner": "helm", "name": name, "status": status, "version": str(revision)}
    meta = _meta(space, f"sh.helm.release.v1.{name}.v{revision}", labels)
    return _secret(meta, "helm.sh/release.v1", {"release": packed})
