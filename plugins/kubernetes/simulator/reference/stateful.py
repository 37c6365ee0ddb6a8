"""The stateful systems of the reference topology.

Pulsar on local disks; Kafka, RabbitMQ and Redis on the common pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from plugins.kubernetes.simulator.reference.shapes import PULSAR_POOL, Box, budget, container, meta, service

Object = dict[str, Any]
LOCAL, CLOUD, CEPH = "local-storage", "rocketmq-storage", "dynamic"


@dataclass(frozen=True, slots=True)
class Set:
    """One StatefulSet as the topology names it."""

    space: str
    name: str
    replicas: int
    service: str
    labels: dict[str, str]
    containers: tuple[str, ...]
    image: str
    box: Box
    ports: dict[str, int] = field(default_factory=dict)
    policy: str = "Parallel"
    update: str = "RollingUpdate"
    claims: dict[str, tuple[str, str]] = field(default_factory=dict)
    spread: bool = True
    pool: Object = field(default_factory=dict)
    init: tuple[str, ...] = ()


def stateful_set(of: Set) -> Object:
    """The StatefulSet's manifest."""
    first = container(of.containers[0], of.image, of.box, of.ports)
    if of.claims:
        first["volumeMounts"] = [{"name": name, "mountPath": f"/data/{name}"} for name in of.claims]
    others = [container(name, of.image, Box("10m", "32Mi")) for name in of.containers[1:]]
    spec: Object = {"terminationGracePeriodSeconds": 10, "containers": [first, *others]} | of.pool
    if of.init:
        spec["initContainers"] = [container(name, of.image, Box("10m", "32Mi")) for name in of.init]
    if of.spread:
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": of.labels}}
        spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    claims = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": size}},
                "storageClassName": storage,
            },
        }
        for name, (size, storage) in of.claims.items()
    ]
    body: Object = {
        "replicas": of.replicas,
        "serviceName": of.service,
        "podManagementPolicy": of.policy,
        "updateStrategy": {"type": of.update},
        "selector": {"matchLabels": of.labels},
        "template": {"metadata": {"labels": of.labels}, "spec": spec},
    }
    if claims:
        body["volumeClaimTemplates"] = claims
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": meta(of.space, of.name, of.labels),
        "spec": body,
    }


def _pulsar(component: str) -> dict[str, str]:
    return {"app": "pulsar", "release": "pulsar", "cluster": "pulsar", "component": component}


_IMAGE = "apachepulsar/pulsar-all:2.7.4"
_TOLERANT: Object = {"tolerations": PULSAR_POOL["tolerations"]}
_STRIMZI = {"strimzi.io/cluster": "my-cluster", "strimzi.io/kind": "Kafka"}
_RABBIT, _REDIS = {"app": "rabbitmq-ha", "release": "my-rabbitmq-ha"}, {"app": "redis-ha", "release": "my-redis"}
PULSAR_SETS = (
    Set(
        "pulsar",
        "pulsar-zookeeper",
        3,
        "pulsar-zookeeper",
        _pulsar("zookeeper"),
        ("pulsar-zookeeper",),
        _IMAGE,
        Box("100m", "256Mi"),
        {"http": 8000, "client": 2181, "follower": 2888, "leader-election": 3888},
        "OrderedReady",
        claims={"pulsar-zookeeper-data": ("20Gi", LOCAL)},
        pool=_TOLERANT,
    ),
    Set(
        "pulsar",
        "pulsar-bookie",
        3,
        "pulsar-bookie",
        _pulsar("bookie"),
        ("pulsar-bookie",),
        _IMAGE,
        Box("200m", "512Mi"),
        {"bookie": 3181, "http": 8000},
        pool=_TOLERANT,
        init=("pulsar-bookkeeper-verify-clusterid",),
        claims={"pulsar-bookie-journal": ("50Gi", LOCAL), "pulsar-bookie-ledgers": ("50Gi", LOCAL)},
    ),
    Set(
        "pulsar",
        "pulsar-broker",
        3,
        "pulsar-broker",
        _pulsar("broker"),
        ("pulsar-broker",),
        _IMAGE,
        Box("200m", "512Mi"),
        {"http": 8080, "pulsar": 6650},
        spread=False,
        pool=PULSAR_POOL,
        init=("wait-zookeeper-ready", "wait-bookkeeper-ready"),
    ),
    Set(
        "pulsar",
        "pulsar-proxy",
        3,
        "pulsar-proxy",
        _pulsar("proxy"),
        ("pulsar-proxy",),
        _IMAGE,
        Box("200m", "128Mi"),
        {"http": 80, "pulsar": 6650},
        pool=PULSAR_POOL,
        init=("wait-zookeeper-ready", "wait-broker-ready"),
    ),
    Set(
        "pulsar",
        "pulsar-recovery",
        1,
        "pulsar-recovery",
        _pulsar("recovery"),
        ("pulsar-recovery",),
        _IMAGE,
        Box("50m", "64Mi"),
        {"http": 8000},
        spread=False,
        pool=PULSAR_POOL,
    ),
    Set(
        "pulsar",
        "pulsar-toolset",
        1,
        "pulsar-toolset",
        _pulsar("toolset"),
        ("pulsar-toolset",),
        _IMAGE,
        Box("100m", "256Mi"),
        spread=False,
        pool=PULSAR_POOL,
    ),
)
OTHER_SETS = (
    Set(
        "kafka",
        "my-cluster-kafka",
        3,
        "my-cluster-kafka-brokers",
        _STRIMZI | {"strimzi.io/name": "my-cluster-kafka"},
        ("kafka",),
        "strimzi/kafka:0.28.0-kafka-2.8.1",
        Box("4", "16Gi"),
        {"replication": 9091, "external": 9092, "plain": 9093, "metrics": 9404},
        update="OnDelete",
        claims={"data": ("100Gi", CLOUD)},
    ),
    Set(
        "kafka",
        "my-cluster-zookeeper",
        3,
        "my-cluster-zookeeper-nodes",
        _STRIMZI | {"strimzi.io/name": "my-cluster-zookeeper"},
        ("zookeeper",),
        "strimzi/kafka:0.28.0-kafka-2.8.1",
        Box("1", "3Gi"),
        {"clients": 2181},
        update="OnDelete",
        claims={"data": ("50Gi", CLOUD)},
    ),
    Set(
        "kafka",
        "kafka-prometheus",
        1,
        "kafka-prometheus",
        {"app": "kafka-prometheus"},
        ("kafka-prometheus",),
        "prom/prometheus:v2.28.1",
        Box("200m", "512Mi"),
        {"web": 9090},
        "OrderedReady",
        claims={"kafka-prometheus-db": ("20Gi", CLOUD)},
        spread=False,
    ),
    Set(
        "rabbitmq",
        "my-rabbitmq-ha",
        3,
        "my-rabbitmq-ha-discovery",
        _RABBIT,
        ("rabbitmq-ha", "rabbitmq-ha-exporter"),
        "rabbitmq:3.7.12-alpine",
        Box("250m", "512Mi"),
        {"http": 15672, "amqp": 5672, "epmd": 4369},
        "OrderedReady",
        "OnDelete",
        {"data": ("8Gi", CEPH)},
        spread=False,
    ),
    Set(
        "redis",
        "my-redis-redis-ha-server",
        3,
        "my-redis-redis-ha",
        _REDIS,
        ("redis", "sentinel", "redis-exporter"),
        "redis:5.0.3-alpine",
        Box("100m", "256Mi"),
        {"redis": 6379, "sentinel": 26379},
        "OrderedReady",
        claims={"data": ("10Gi", CEPH)},
    ),
    Set(
        "dapr-system",
        "dapr-placement-server",
        1,
        "dapr-placement-server",
        {"app": "dapr-placement-server"},
        ("dapr-placement-server",),
        "daprio/dapr:1.9.5",
        Box("50m", "64Mi"),
        {"api": 50005},
        spread=False,
    ),
)


def local_volume(claim: str, size: str, path: str, host: str) -> Object:
    """A hand-made local volume, reserved for its claim and pinned to its host."""
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [host]}]}]
    spec: Object = {
        "capacity": {"storage": size},
        "local": {"path": path},
        "accessModes": ["ReadWriteOnce"],
        "claimRef": {"namespace": "pulsar", "name": claim},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": LOCAL,
        "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": claim}, "spec": spec}


def storage() -> Iterator[Object]:
    """Storage classes and the nine local volumes."""
    for name, provisioner, binding, reclaim in (
        (LOCAL, "kubernetes.io/no-provisioner", "WaitForFirstConsumer", "Retain"),
        (CLOUD, "diskplugin.csi.example", "WaitForFirstConsumer", "Delete"),
        (CEPH, "rbd.csi.example", "Immediate", "Delete"),
    ):
        head: Object = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
        yield head | {"provisioner": provisioner, "reclaimPolicy": reclaim, "volumeBindingMode": binding}
    base = "/home/puslar/data"
    for n in range(3):
        host = f"node{n + 1}"
        yield local_volume(f"pulsar-zookeeper-data-pulsar-zookeeper-{n}", "20Gi", f"{base}/zookeeper-data", host)
        yield local_volume(f"pulsar-bookie-journal-pulsar-bookie-{n}", "50Gi", f"{base}/bookie-data/journal", host)
        yield local_volume(f"pulsar-bookie-ledgers-pulsar-bookie-{n}", "50Gi", f"{base}/bookie-data/ledgers", host)


def systems() -> Iterator[Object]:
    """Sets, their services and budgets."""
    budgeted = (
        "pulsar-zookeeper",
        "pulsar-bookie",
        "pulsar-broker",
        "pulsar-proxy",
        "my-cluster-kafka",
        "my-cluster-zookeeper",
    )
    for of in (*PULSAR_SETS, *OTHER_SETS):
        yield stateful_set(of)
        if of.name in budgeted:
            yield budget(of.space, of.name, of.labels)
        if of.name == "pulsar-proxy":
            ports = [
                {"name": "http", "port": 80, "nodePort": 31970},
                {"name": "pulsar", "port": 6650, "nodePort": 32631},
            ]
            yield service(of.space, of.service, of.labels, ports, type="LoadBalancer", clusterIP="10.104.105.137")
        elif of.ports:
            yield service(of.space, of.service, of.labels, of.ports, clusterIP="None")
    kafka = _STRIMZI | {"strimzi.io/name": "my-cluster-kafka"}
    yield service(
        "kafka", "my-cluster-kafka-bootstrap", kafka, {"replication": 9091, "plain": 9093}, clusterIP="10.101.0.10"
    )
    yield service("rabbitmq", "my-rabbitmq-ha", _RABBIT, {"http": 15672, "amqp": 5672}, clusterIP="None")
    for n, address in enumerate(("10.100.192.130", "10.100.55.75", "10.100.111.254")):
        chosen = _REDIS | {"statefulset.kubernetes.io/pod-name": f"my-redis-redis-ha-server-{n}"}
        yield service(
            "redis", f"my-redis-redis-ha-announce-{n}", chosen, {"redis": 6379, "sentinel": 26379}, clusterIP=address
        )


WORKERS, PULSAR_NODES = ("k8s-node1", "k8s-node2", "k8s-node3"), ("node1", "node2", "node3")


def placements() -> dict[str, str]:
    """Where the topology has each member: `namespace/pod` -> node."""
    made: dict[str, str] = {}
    for of in (*PULSAR_SETS, *OTHER_SETS):
        hosts = PULSAR_NODES if of.space == "pulsar" else WORKERS
        for n in range(of.replicas):
            made[f"{of.space}/{of.name}-{n}"] = hosts[n % 3]
    lone = {"pulsar/pulsar-recovery-0": "node3", "pulsar/pulsar-toolset-0": "node3"}
    lone |= {"kafka/kafka-prometheus-0": "k8s-node3", "dapr-system/dapr-placement-server-0": "k8s-node2"}
    return made | lone


def addresses() -> dict[str, str]:
    """The pod addresses that the topology names, for the first time a pod starts."""
    table = {
        "zookeeper": ("226.92", "63.92", "46.94"),
        "bookie": ("226.91", "63.90", "46.92"),
        "broker": ("226.90", "63.89", "46.90"),
        "proxy": ("226.93", "63.91", "46.93"),
    }
    made = {
        f"pulsar/pulsar-{name}-{n}": f"10.244.{tail}" for name, tails in table.items() for n, tail in enumerate(tails)
    }
    return made | {"pulsar/pulsar-recovery-0": "10.244.46.89", "pulsar/pulsar-toolset-0": "10.244.46.91"}
