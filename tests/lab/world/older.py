"""Old versions beside the reference topology: a namespace each, made when a test asks for one of them.

All their pods are real; nothing else is in their namespaces, and the last test that asks takes it all away again. Their
servers are in tests/lab/brokers/older.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab.world.api import Object
from tests.lab.world.topology import Set

# By system: its namespace, and its sets: name, first address, kind of member, replicas, ports.
OLDER: dict[str, tuple[str, tuple[tuple[str, str, str, int, dict[str, int]], ...]]] = {
    "kafka-2.8": (
        "kafka-2-8",
        (
            ("old-kafka-zookeeper", "10.244.205.10", "zk", 1, {"clients": 2181}),
            ("old-kafka", "10.244.205.20", "kafka", 3, {"replication": 9091, "external": 9092, "plain": 9093}),
        ),
    ),
    "pulsar-2.10": (
        "pulsar-2-10",
        (
            ("old-pulsar-zookeeper", "10.244.206.10", "zk", 1, {"http": 8000, "client": 2181}),
            ("old-pulsar-bookie", "10.244.206.20", "bookie", 3, {"bookie": 3181, "http": 8000}),
            ("old-pulsar-broker", "10.244.206.30", "broker", 1, {"http": 8080, "pulsar": 6650}),
            ("old-pulsar-proxy", "10.244.206.40", "proxy", 1, {"http": 80, "pulsar": 6650}),
        ),
    ),
}


def objects(system: str) -> Iterator[Object]:
    """The namespace, sets and Services of one of them; none where the system is in the reference topology."""
    if system not in OLDER:
        return
    space, sets = OLDER[system]
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    for name, _, kind, replicas, ports in sets:
        labels = _labels(name)
        image = f"example/{system.replace('-', ':')}"
        yield Set(
            space=space, name=name, service=name, labels=labels, image=image, ports=ports, containers=(kind,),
            replicas=replicas, spread=False,
        ).object()  # fmt: skip
        listed = [{"name": key, "port": port} for key, port in ports.items()]
        spec = {"selector": labels, "clusterIP": "None", "ports": listed}
        meta = {"namespace": space, "name": name, "labels": labels}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def _labels(name: str) -> dict[str, str]:
    """Pulsar's as its chart has them: without, a proxy would not be known for one."""
    release, _, component = name.rpartition("-")
    chart = {"release": release, "cluster": release, "component": component} if "pulsar" in name else {}
    return {"app": name, **chart}
