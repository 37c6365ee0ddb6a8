"""The reference topology: seven nodes, their local volumes, and the stateful systems with Services and budgets.

Three nodes form a tainted pool whose local volumes pin ZooKeeper and BookKeeper members; three are workers with Kafka,
RabbitMQ and Redis; one is the control plane. What stands around the systems is in platform_objects.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.lab.world import platform_objects
from tests.lab.world.api import Object

PULSAR_TAINT: Object = {"key": "dedicated", "value": "pulsar", "effect": "NoSchedule"}
_MASTER_TAINT: Object = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
NODES: dict[str, tuple[str, str, list[Object]]] = {  # name: address, role, taints
    "k8s-master1": ("10.8.111.202", "control-plane", [_MASTER_TAINT]),
    **{f"k8s-node{n}": (f"10.8.111.{202 + n}", "", []) for n in (1, 2, 3)},
    **{f"node{n}": (f"10.8.111.{210 + n}", "pulsar", [PULSAR_TAINT]) for n in (1, 2, 3)},
}
_LOCAL_STORAGE: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "local-storage"},
    "provisioner": "kubernetes.io/no-provisioner",
    "volumeBindingMode": "WaitForFirstConsumer",
    "reclaimPolicy": "Retain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """One StatefulSet and what its pods look like."""

    space: str
    name: str
    service: str
    labels: dict[str, str]
    image: str
    ports: dict[str, int]
    containers: tuple[str, ...]
    replicas: int = 3
    ordered: bool = False
    on_delete: bool = False
    spread: bool = True
    volumes: dict[str, str] = field(default_factory=dict)  # claim template: size
    pool: Object = field(default_factory=dict)  # where its pods may stand, as fields of a pod

    def object(self) -> Object:
        """The StatefulSet as the API takes it."""
        claims = [_claim_template(name, size) for name, size in self.volumes.items()]
        spec = {
            "replicas": self.replicas,
            "serviceName": self.service,
            "podManagementPolicy": "OrderedReady" if self.ordered else "Parallel",
            "updateStrategy": {"type": "OnDelete" if self.on_delete else "RollingUpdate"},
            "selector": {"matchLabels": self.labels},
            "template": {"metadata": {"labels": self.labels}, "spec": self._pod()},
            "volumeClaimTemplates": claims,
        }
        meta = {"namespace": self.space, "name": self.name, "labels": self.labels}
        return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta, "spec": spec}

    def _pod(self) -> Object:
        containers: list[Object] = [{"name": name, "image": self.image} for name in self.containers]
        containers[0]["ports"] = [{"name": name, "containerPort": port} for name, port in self.ports.items()]
        containers[0]["volumeMounts"] = [{"name": name, "mountPath": f"/data/{name}"} for name in self.volumes]
        pod: Object = {"terminationGracePeriodSeconds": 10, "containers": containers, **self.pool}
        if self.spread:
            term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": self.labels}}
            pod["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        return pod


def reference() -> Iterator[Object]:
    """Every object of the reference topology, in the order in which it is applied."""
    yield _LOCAL_STORAGE
    for name, (address, role, taints) in NODES.items():
        yield node(name, address, role, taints)
    yield from _pulsar()
    yield from _kafka()
    yield from _rabbitmq()
    yield from _redis()
    yield from platform_objects.objects()


def node(name: str, address: str, role: str, taints: list[Object]) -> Object:
    """A node that kwok will keep alive at this address."""
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    if role:
        labels[f"node-role.kubernetes.io/{role}"] = role if role == "pulsar" else ""
    meta = {"name": name, "labels": labels, "annotations": {"lab/address": address}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {"taints": taints}}


def _claim_template(name: str, size: str) -> Object:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "local-storage",
        "resources": {"requests": {"storage": size}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def _local_volume(claim: str, size: str, path: str, host: str) -> Object:
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [host]}]}]
    spec = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "local-storage",
        "claimRef": {"namespace": "pulsar", "name": claim},
        "local": {"path": path},
        "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": claim}, "spec": spec}


def _service(space: str, name: str, labels: dict[str, str], ports: dict[str, int], *, headless: bool = True) -> Object:
    spec: Object = {"selector": labels, "ports": [{"name": key, "port": port} for key, port in ports.items()]}
    if headless:
        spec["clusterIP"] = "None"
    meta = {"namespace": space, "name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def _budget(space: str, name: str, labels: dict[str, str]) -> Object:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    meta = {"namespace": space, "name": name, "labels": labels}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}


def _pulsar_set(component: str, ports: dict[str, int], **more: Any) -> Set:
    name = f"pulsar-{component}"
    labels = {"app": "pulsar", "release": "pulsar", "cluster": "pulsar", "component": component}
    tolerations = [{**PULSAR_TAINT, "operator": "Equal"}]
    pool: Object = {"tolerations": tolerations}
    if "volumes" not in more:  # where there are local volumes, they choose the node
        pool["nodeSelector"] = {"node-role.kubernetes.io/pulsar": "pulsar"}
    image = "apachepulsar/pulsar-all:2.7.4"
    return Set(
        space="pulsar", name=name, service=name, labels=labels, image=image, ports=ports, containers=(name,),
        pool=pool, **more,
    )  # fmt: skip


def _pulsar() -> Iterator[Object]:
    for n in range(3):
        host, data = f"node{n + 1}", "/home/puslar/data"
        yield _local_volume(f"pulsar-zookeeper-data-pulsar-zookeeper-{n}", "20Gi", f"{data}/zookeeper-data", host)
        for part in ("journal", "ledgers"):
            yield _local_volume(f"pulsar-bookie-{part}-pulsar-bookie-{n}", "50Gi", f"{data}/bookie-data/{part}", host)
    voter = {"http": 8000, "client": 2181, "follower": 2888, "leader-election": 3888}
    bookie = {"pulsar-bookie-journal": "50Gi", "pulsar-bookie-ledgers": "50Gi"}
    sets = [
        _pulsar_set("zookeeper", voter, volumes={"pulsar-zookeeper-data": "20Gi"}, ordered=True),
        _pulsar_set("bookie", {"bookie": 3181, "http": 8000}, volumes=bookie),
        _pulsar_set("broker", {"http": 8080, "pulsar": 6650}, spread=False),
        _pulsar_set("proxy", {"http": 80, "pulsar": 6650}),
        _pulsar_set("recovery", {"http": 8000}, replicas=1, spread=False),
        _pulsar_set("toolset", {}, replicas=1, spread=False),
    ]
    for one in sets:
        yield one.object()
        if one.ports:
            yield _service("pulsar", one.name, one.labels, one.ports, headless=one.name != "pulsar-proxy")
        if one.replicas > 1:
            yield _budget("pulsar", one.name, one.labels)


def _kafka() -> Iterator[Object]:
    ports = {"replication": 9091, "external": 9092, "plain": 9093, "metrics": 9404}
    for name, container, service, its in (
        ("my-cluster-kafka", "kafka", "my-cluster-kafka-brokers", ports),
        ("my-cluster-zookeeper", "zookeeper", "my-cluster-zookeeper-nodes", {"clients": 2181}),
    ):
        labels = {"strimzi.io/cluster": "my-cluster", "strimzi.io/kind": "Kafka", "strimzi.io/name": name}
        yield Set(
            space="kafka", name=name, service=service, labels=labels, image="strimzi/kafka:0.28.0-kafka-2.8.1",
            ports=its, containers=(container,), on_delete=True,
        ).object()  # fmt: skip
        yield _service("kafka", service, labels, its)
        if container == "kafka":
            yield _service("kafka", "my-cluster-kafka-bootstrap", labels, {"plain": 9093}, headless=False)
        yield _budget("kafka", name, labels)


def _rabbitmq() -> Iterator[Object]:
    labels = {"app": "rabbitmq-ha", "release": "my-rabbitmq-ha"}
    clients = {"http": 15672, "amqp": 5672}
    ports = {**clients, "epmd": 4369}
    yield Set(
        space="rabbitmq", name="my-rabbitmq-ha", service="my-rabbitmq-ha-discovery", labels=labels,
        image="rabbitmq:3.7.12-alpine", ports=ports, containers=("rabbitmq-ha", "rabbitmq-ha-exporter"),
        ordered=True, on_delete=True, spread=False,
    ).object()  # fmt: skip
    yield _service("rabbitmq", "my-rabbitmq-ha", labels, clients)
    yield _service("rabbitmq", "my-rabbitmq-ha-discovery", labels, ports)


def _redis() -> Iterator[Object]:
    labels = {"app": "redis-ha", "release": "my-redis"}
    ports = {"redis": 6379, "sentinel": 26379}
    yield Set(
        space="redis", name="my-redis-redis-ha-server", service="my-redis-redis-ha", labels=labels,
        image="redis:5.0.3-alpine", ports=ports, containers=("redis", "sentinel", "redis-exporter"), ordered=True,
    ).object()  # fmt: skip
    yield _service("redis", "my-redis-redis-ha", labels, ports)
