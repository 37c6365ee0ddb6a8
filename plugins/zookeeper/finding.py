"""ZooKeeper on the platform: sets whose servers listen on 2181. Reads no Secret and asks no server.

Pulsar chart    StatefulSet with component=zookeeper
Strimzi         (until 0.45) StatefulSet or StrimziPodSet strimzi.io/name=CLUSTER-zookeeper; 2181 wants mutual TLS
others          by image, name and port (Bitnami: app.kubernetes.io/name=zookeeper)
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.model import InstanceId
from console.plugin import Instance, Platform, ServerSet
from plugins.zookeeper.config import CLIENT_PORT, Settings


class Charted(Struct, frozen=True):
    """One ensemble on the platform. `strimzi` is the Kafka cluster that it serves, where Strimzi made it."""

    set: ServerSet
    strimzi: str = ""
    timeout: float = 5.0


async def search(_settings: Settings, platform: Platform) -> Sequence[Instance]:
    """One instance a set."""
    found = [one for one in await platform.sets() if one.kind != "Deployment" and _is_zookeeper(one)]
    return [
        Instance(
            InstanceId("zookeeper", f"{one.namespace}/{one.name}"),
            Charted(one, one.labels.get("strimzi.io/cluster", "")),
            f"{one.name} in {one.namespace}",
        )
        for one in sorted(found, key=lambda one: (one.namespace, one.name))
    ]


def _is_zookeeper(one: ServerSet) -> bool:
    labels = one.labels
    if labels.get("strimzi.io/name", "").endswith("-zookeeper") or labels.get("component") == "zookeeper":
        return True
    words = [labels.get("app.kubernetes.io/name", ""), labels.get("app", ""), *(c.image for c in one.containers)]
    return CLIENT_PORT in one.ports and any("zookeeper" in word.lower() for word in words)
