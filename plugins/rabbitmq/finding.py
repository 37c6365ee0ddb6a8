"""Which RabbitMQ clusters stand on the platform: sets whose image, ports and labels say so. Reads no secret.

Known are the charts rabbitmq-ha and rabbitmq (stable, Bitnami and their heirs) and the cluster operator. What only
talks about RabbitMQ (an exporter, a client's own sidecar) has neither the server's image nor its ports.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.plugin import Container, Instance, Platform, ServerSet
from plugins.rabbitmq.config import SYSTEM, Place, Settings, instance

_AMQP = frozenset({5672, 5671})
_MANAGEMENT = frozenset({15672, 15671})
_OTHERS = ("exporter", "operator", "perf-test", "prometheus")
_LABELS = ("app", "app.kubernetes.io/name", "app.kubernetes.io/component")


async def search(settings: Settings, platform: Platform) -> Sequence[Instance]:
    """One instance a set, called NAMESPACE/NAME; the operator's set `NAME-server` is called by its cluster."""
    found: list[Instance] = []
    for one in await platform.sets():
        if is_broker(one):
            name = f"{one.namespace}/{instance_name(one)}"
            named = settings.about(name)
            found.append(instance(name, Place(named, one)))
    return found


def is_broker(one: ServerSet) -> bool:
    """Whether its servers are brokers: a server's image, or its ports together with the name in a label."""
    if one.kind not in {"StatefulSet", "Deployment"}:
        return False
    if any(is_server(container) for container in one.containers):
        return bool(one.ports & (_AMQP | _MANAGEMENT)) or not one.ports
    labelled = any("rabbitmq" in one.labels.get(label, "") for label in _LABELS)
    return labelled and bool(one.ports & _AMQP) and bool(one.ports & _MANAGEMENT)


def instance_name(one: ServerSet) -> str:
    """What people call it: the cluster's name where an operator made the set."""
    cluster = one.labels.get("app.kubernetes.io/name", "")
    made_by_operator = one.labels.get("app.kubernetes.io/part-of") == SYSTEM and one.name == f"{cluster}-server"
    return cluster if made_by_operator else one.name


def is_server(container: Container) -> bool:
    """Whether its image is the broker's own."""
    name = container.image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    return "rabbitmq" in name and not any(other in name for other in _OTHERS)
