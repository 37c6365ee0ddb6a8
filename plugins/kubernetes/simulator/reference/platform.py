"""What stands around the stateful systems.

System pods, applications, finished Jobs, tokens, Helm releases, and a few things that are wrong.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from typing import Any

from plugins.kubernetes.simulator.clock import stamp
from plugins.kubernetes.simulator.reference import authority
from plugins.kubernetes.simulator.reference.shapes import (
    PULSAR_POOL,
    Box,
    config,
    daemon_set,
    deployment,
    meta,
    pod,
    secret,
    service,
)
from plugins.kubernetes.simulator.status import encode

Object = dict[str, Any]
NAMESPACES = (
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "pulsar",
    "kafka",
    "rabbitmq",
    "redis",
    "dapr-system",
    "istio-system",
    "istio-ingress",
    "flink",
    "pilothouse",
)
APPS = ("addapp", "multiplyapp", "divideapp", "subtractapp", "calculator-front-end")
PLACES = {
    "kafka/strimzi-cluster-operator": "k8s-node2",
    "kafka/my-cluster-kafka-exporter": "k8s-node1",
    "kafka/zoo-entrance": "k8s-node2",
    "kafka/zk-exporter": "k8s-node3",
    "dapr-system/dapr-operator": "k8s-node1",
    "dapr-system/dapr-sidecar-injector": "k8s-node2",
    "dapr-system/dapr-sentry": "k8s-node3",
    "dapr-system/dapr-dashboard": "k8s-node1",
    "default/addapp": "k8s-node1",
    "default/multiplyapp": "k8s-node2",
    "default/divideapp": "k8s-node3",
    "default/subtractapp": "k8s-node1",
    "default/calculator-front-end": "k8s-node2",
    "default/httpbin": "k8s-node3",
    "default/zipkin": "k8s-node3",
    "istio-system/istiod": "k8s-node2",
    "istio-ingress/gateway": "k8s-node1",
    "flink/flink-jobmanager": "k8s-node2",
    "pulsar/pulsar-pulsar-manager": "node2",
}


def mirror(component: str, master: str, version: str) -> Object:
    """A static pod's mirror: a drain leaves it alone, deleting it does nothing to the process."""
    spec = pod(
        f"registry.k8s.io/{component}:{version}",
        nodeName=master,
        hostNetwork=True,
        priorityClassName="system-node-critical",
        tolerations=[{"operator": "Exists", "effect": "NoExecute"}],
    )
    labels = {"component": component, "tier": "control-plane"}
    marks = {
        f"kubernetes.io/config.{key}": text
        for key, text in (("mirror", "static"), ("hash", "static"), ("source", "file"))
    }
    head = meta("kube-system", f"{component}-{master}", labels, annotations=marks)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": spec}


def finished_job(name: str) -> Object:
    """A Job that ran once when its release was installed."""
    spec = pod("apachepulsar/pulsar-all:2.7.4", restartPolicy="Never")
    template = {"metadata": {"annotations": {"lab/completes": "yes"}}, "spec": spec}
    head = meta("pulsar", name, {"component": "init"})
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": head,
        "spec": {"backoffLimit": 3, "template": template},
    }


def bootstrap_token(token: str, value: str, until: float | None) -> Object:
    """A join token; without an end it stays a standing credential."""
    values = {
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        "description": "invented",
        "token-id": token,
        "token-secret": value,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
    }
    if until is not None:
        values["expiration"] = stamp(until)
    return secret("kube-system", f"bootstrap-token-{token}", values, "bootstrap.kubernetes.io/token")


def helm_release(space: str, name: str, revision: int, chart: tuple[str, str], status: str = "deployed") -> Object:
    """A Helm 3 release as its Secret holds it: JSON, gzip, base64, and the Secret's own base64."""
    at = "2025-01-01T00:00:00Z"
    release: Object = {
        "name": name,
        "namespace": space,
        "version": revision,
        "config": {},
        "manifest": "",
        "info": {
            "first_deployed": at,
            "last_deployed": at,
            "deleted": "",
            "description": "Install complete",
            "status": status,
        },
        "chart": {
            "metadata": {"name": chart[0], "version": chart[1], "appVersion": chart[1]},
            "templates": [],
            "values": {},
        },
    }
    packed = base64.b64encode(gzip.compress(encode(release), mtime=0)).decode()
    labels = {"owner": "helm", "name": name, "status": status, "version": str(revision)}
    return secret(
        space, f"sh.helm.release.v1.{name}.v{revision}", {"release": packed}, "helm.sh/release.v1", labels=labels
    )


def early(now: float, version: str) -> Iterator[Object]:
    """What is there before any workload."""
    for name in NAMESPACES:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    kubeconfig = (
        f"apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {authority.encoded()}\n"
        '    server: https://cluster-endpoint:6443\n  name: ""\ncontexts: null\ncurrent-context: ""\n'
        "kind: Config\npreferences: {}\nusers: null\n"
    )
    yield config("kube-public", "cluster-info", {"kubeconfig": kubeconfig})
    cluster = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nclusterName: pilothouse-ref\n"
    cluster += f"kubernetesVersion: {version}\n"
    yield config(
        "kube-system",
        "kubeadm-config",
        {"ClusterConfiguration": cluster + "controlPlaneEndpoint: cluster-endpoint:6443\n"},
    )
    yield bootstrap_token("labday", "0123456789abcdef", now + 24 * 3600)
    yield bootstrap_token("forevr", "fedcba9876543210", None)


def system(version: str) -> Iterator[Object]:
    """The cluster's own pods."""
    yield daemon_set("calico-node", "calico/node:v3.24.5")
    yield daemon_set("kube-proxy", f"registry.k8s.io/kube-proxy:{version}")
    for component in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        yield mirror(component, "k8s-master1", version)
    dns = pod(
        "registry.k8s.io/coredns/coredns:v1.12.0", Box("100m", "70Mi"), priorityClassName="system-cluster-critical"
    )
    yield deployment("kube-system", "coredns", 2, dns, labels={"k8s-app": "kube-dns"})
    yield service(
        "kube-system", "kube-dns", {"k8s-app": "kube-dns"}, {"dns": 53, "metrics": 9153}, clusterIP="10.96.0.10"
    )


def around() -> Iterator[Object]:
    """Operators and consoles of the stateful systems, their Jobs, releases and secrets."""
    strimzi = {"name": "strimzi-cluster-operator", "strimzi.io/kind": "cluster-operator"}
    yield deployment(
        "kafka", "strimzi-cluster-operator", 1, pod("strimzi/operator:0.28.0", Box("100m", "384Mi")), labels=strimzi
    )
    exporter = {"strimzi.io/cluster": "my-cluster", "strimzi.io/name": "my-cluster-kafka-exporter"}
    yield deployment("kafka", "my-cluster-kafka-exporter", 1, pod("strimzi/kafka:0.28.0-kafka-2.8.1"), labels=exporter)
    yield deployment("kafka", "zoo-entrance", 1, pod("zoo-entrance:latest"))
    yield deployment("kafka", "zk-exporter", 1, pod("zk-exporter:latest"))
    manager = {"app": "pulsar", "release": "pulsar", "cluster": "pulsar", "component": "pulsar-manager"}
    spec = pod("apachepulsar/pulsar-manager:v0.2.0", Box("100m", "512Mi"), scratch=True, **PULSAR_POOL)
    yield deployment("pulsar", "pulsar-pulsar-manager", 1, spec, labels=manager)
    ports = [{"name": "server", "port": 9527, "nodePort": 32764}]
    yield service("pulsar", "pulsar-pulsar-manager", manager, ports, type="LoadBalancer", clusterIP="10.110.207.9")
    yield finished_job("pulsar-bookie-init")
    yield finished_job("pulsar-pulsar-init")
    for name in ("broker-admin", "proxy-admin", "admin"):
        yield secret("pulsar", f"pulsar-token-{name}", {"TOKEN": f"invented-{name}", "TYPE": "asymmetric"})
    yield secret("pulsar", "pulsar-token-asymmetric-key", {"PRIVATEKEY": "invented", "PUBLICKEY": "invented"})
    yield secret(
        "rabbitmq",
        "my-rabbitmq-ha",
        {"rabbitmq-username": "guest", "rabbitmq-password": "invented", "rabbitmq-erlang-cookie": "invented"},
    )
    yield secret("redis", "my-redis-redis-ha", {"auth": "invented"})
    yield helm_release("pulsar", "pulsar", 1, ("pulsar", "2.7.7"), "superseded")
    yield helm_release("pulsar", "pulsar", 2, ("pulsar", "2.7.7"))
    yield helm_release("redis", "my-redis", 1, ("redis-ha", "3.4.0"))
    yield helm_release("rabbitmq", "my-rabbitmq-ha", 3, ("rabbitmq-ha", "1.25.0"), "pending-upgrade")


def applications() -> Iterator[Object]:
    """The applications that use the platform."""
    for name in ("dapr-operator", "dapr-sidecar-injector", "dapr-sentry", "dapr-dashboard"):
        yield deployment("dapr-system", name, 1, pod(f"daprio/{name}:1.9.5"))
    for n, app in enumerate(APPS):
        marks = {"dapr.io/enabled": "true", "dapr.io/app-id": app, "dapr.io/app-port": str(6000 + n)}
        image = f"dapr/samples/distributed-calculator-{app}:latest"
        yield deployment("default", app, 1, pod(image, ports={"app": 6000 + n}), annotations=marks)
        yield service(
            "default",
            f"{app}-dapr",
            {"app": app},
            {"http": 80, "grpc": 50001, "internal": 50002, "metrics": 9090},
            clusterIP="None",
        )
    yield deployment("default", "httpbin", 1, pod("kennethreitz/httpbin", ports={"http": 80}))
    yield deployment("default", "zipkin", 1, pod("openzipkin/zipkin", ports={"http": 9411}, scratch=True))
    yield service("default", "httpbin", {"app": "httpbin"}, {"http": 8000}, clusterIP="10.102.0.20")
    node_port = [{"name": "http", "port": 9411, "nodePort": 32411}]
    yield service("default", "zipkin", {"app": "zipkin"}, node_port, type="NodePort", clusterIP="10.108.46.223")
    balanced = [{"name": "http", "port": 80, "nodePort": 31701}]
    yield service(
        "default",
        "calculator-front-end",
        {"app": "calculator-front-end"},
        balanced,
        type="LoadBalancer",
        clusterIP="10.110.177.32",
    )
    yield deployment("istio-system", "istiod", 1, pod("istio/pilot:1.16.0", Box("500m", "512Mi")))
    yield deployment("istio-ingress", "gateway", 1, pod("istio/proxyv2:1.16.0"))
    for component, replicas in (("jobmanager", 1), ("taskmanager", 2)):
        labels = {"app": "flink", "component": component}
        yield deployment(
            "flink",
            f"flink-{component}",
            replicas,
            pod("flink:1.16", Box("50m", "1Gi"), ports={"rest": 8081}),
            labels=labels,
        )
    shell = {"apiVersion": "v1", "kind": "Pod", "metadata": meta("default", "debug-shell"), "spec": pod("busybox:1.36")}
    yield shell  # nobody's: a drain would lose it


def definitions() -> Iterator[Object]:
    """The one custom resource that is served."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {
        "kind": "StrimziPodSet",
        "plural": "strimzipodsets",
        "singular": "strimzipodset",
        "listKind": "StrimziPodSetList",
        "shortNames": ["sps"],
    }
    version: Object = {
        "name": "v1beta2",
        "served": True,
        "storage": True,
        "schema": schema,
        "subresources": {"status": {}},
    }
    spec: Object = {"group": "core.strimzi.io", "names": names, "scope": "Namespaced", "versions": [version]}
    head = {"name": "strimzipodsets.core.strimzi.io"}
    yield {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": head, "spec": spec}
