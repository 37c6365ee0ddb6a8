"""Clusters on the platform: Strimzi's by its labels, others by image and port. Reads no secret and asks no broker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError, NotFound
from console.plugin import Instance, Platform, Resource, ServerSet
from plugins.kafka.config import PORT, Access, Cluster, Found, Settings, instance
from plugins.kafka.resources import GROUP, KINDS, VERSIONS, inside

CLUSTER, KIND, NAME = "strimzi.io/cluster", "strimzi.io/kind", "strimzi.io/name"
ROLES = ("strimzi.io/broker-role", "strimzi.io/controller-role")
_IMAGE = re.compile(r"(^|/)(kafka|cp-kafka|cp-server|kafka-native)(:|@|$)|/kafka/")
_NOT_BROKERS = re.compile(r"exporter|connect|mirror|bridge|entity|operator|ui|manager|registry|zookeeper|prometheus")
INTERNAL = (9092, 9093, 9094, 9091)
"""Ports tried for a bootstrap, in order of likelihood; 9090 and 9091 are the operator's own in Strimzi."""
PLAIN_PORTS = (9092, 9093, 9094, 9095)


async def search(settings: Settings, platform: Platform) -> Sequence[Instance]:
    """Every cluster that stands there: several sets (node pools) of one cluster are one instance."""
    clusters: dict[tuple[str, str], list[ServerSet]] = {}
    for one in await platform.sets():
        name = cluster_of(one)
        if name:
            clusters.setdefault((one.namespace, name), []).append(one)
    made: list[Instance] = []
    for key, sets in sorted(clusters.items()):
        listener = await _listener(platform, *key) if any(CLUSTER in one.labels for one in sets) else None
        made.append(instance(_cluster(settings, key, sets, listener)))
    return made


class Listener(Struct, frozen=True):
    """One listener of a Kafka resource, as far as clients inside the cluster care."""

    port: int
    internal: bool
    tls: bool
    login: str

    @property
    def wish(self) -> tuple[bool, bool, bool]:
        """Sorts the one that is easiest to use first: inside, nobody to be, nothing to trust."""
        return (not self.internal, bool(self.login), self.tls)


async def _listener(platform: Platform, namespace: str, name: str) -> Listener | None:
    """The best listener that the Kafka resource declares; None where it may not be read (then ports are tried)."""
    for version in VERSIONS:
        try:
            ones = await platform.resources(Resource(GROUP, version, KINDS["Kafka"]), namespace)
        except NotFound:
            continue
        except ConsoleError:
            return None
        return min(
            (each for one in ones for each in listeners(one, name)), key=lambda listener: listener.wish, default=None
        )
    return None


def listeners(one: Mapping[str, Any], name: str) -> Sequence[Listener]:
    """Listeners of the resource `name`: the list of today, or the map (`plain`, `tls`) of before 0.20."""
    if inside(one, "metadata").get("name") != name:
        return ()
    said: Any = inside(inside(one, "spec"), "kafka").get("listeners") or ()
    if not isinstance(said, list):
        known: Mapping[str, Any] = said
        return [
            Listener(port, internal=True, tls=word == "tls", login=_login(inside(known, word)))
            for word, port in (("plain", 9092), ("tls", 9093))
            if word in known
        ]
    every = cast("Sequence[Mapping[str, Any]]", said)
    return [
        Listener(int(each.get("port", PORT)), each.get("type") == "internal", bool(each.get("tls")), _login(each))
        for each in every
    ]


def _login(listener: Mapping[str, Any]) -> str:
    return str(inside(listener, "authentication").get("type", ""))


def cluster_of(one: ServerSet) -> str:
    """The name of the cluster whose brokers (or controllers) a set runs, empty where it runs none."""
    labels = one.labels
    if labels.get(KIND) == "Kafka" and labels.get(CLUSTER):
        name = labels.get(NAME, "")
        of_pool = any(role in labels for role in ROLES)
        return labels[CLUSTER] if of_pool or name == f"{labels[CLUSTER]}-kafka" else ""
    if one.kind == "Deployment" or _NOT_BROKERS.search(one.name):
        return ""
    if any(_IMAGE.search(container.image) for container in one.containers) and PORT in one.ports:
        return one.name
    return ""


def _cluster(settings: Settings, key: tuple[str, str], sets: Sequence[ServerSet], listener: Listener | None) -> Cluster:
    namespace, name = key
    operator = "strimzi" if any(CLUSTER in one.labels for one in sets) else ""
    brokers = [one for one in sets if one.labels.get(ROLES[0]) != "false"]
    found = Found(namespace, name, tuple(sorted(one.name for one in sets)), operator)
    port = listener.port if listener is not None else 0
    return Cluster(f"{namespace}/{name}", tuple(_bootstrap(brokers, port)), _access(settings.found, listener), found)


def _access(said: Access, listener: Listener | None) -> Access:
    """What the settings say wins; else what the listener needs."""
    if listener is None or said.protocol or said.properties:
        return said
    scram = listener.login.startswith("scram")
    protocol = f"{'SASL_' if scram else ''}{'SSL' if listener.tls else 'PLAINTEXT'}"
    return replace(said, protocol=protocol, mechanism=said.mechanism or ("SCRAM-SHA-512" if scram else ""))


def _bootstrap(sets: Iterable[ServerSet], told: int) -> Sequence[tuple[str, int]]:
    """The first members of each set by their own names: a service in front of them need not be there."""
    servers: list[tuple[str, int]] = []
    for one in sets:
        port = told or next((port for port in _ports(one) if port in one.ports), PORT)
        tail = f"{one.service}.{one.namespace}.svc"
        servers += [(f"{one.name}-{number}.{tail}", port) for number in range(min(one.replicas, 3))]
    return servers


def _ports(one: ServerSet) -> Sequence[int]:
    """Strimzi's 9091 wants the operator's certificate, so it is never tried."""
    return PLAIN_PORTS if CLUSTER in one.labels else INTERNAL
