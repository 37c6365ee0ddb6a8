"""The systems that the lab has real servers for, by name."""

from __future__ import annotations

from collections.abc import Iterable

from tests.lab.brokers.kafka import Kafka
from tests.lab.brokers.older import OldKafka, OldPulsar
from tests.lab.brokers.pulsar import Pulsar
from tests.lab.brokers.rabbitmq import RabbitMQ
from tests.lab.brokers.redis import Redis
from tests.lab.brokers.system import System
from tests.lab.world.older import OLDER
from tests.lab.world.place import LabError, Place

KINDS: dict[str, type[System]] = {kind.name: kind for kind in (RabbitMQ, Kafka, Pulsar, Redis, OldKafka, OldPulsar)}
USUAL = tuple(name for name in KINDS if name not in OLDER)


def systems(place: Place, names: Iterable[str] = ()) -> list[System]:
    """These systems of a lab, or all; a LabError where there is no such."""
    wanted = list(names) or list(KINDS)
    if unknown := [name for name in wanted if name not in KINDS]:
        raise LabError(f"no real servers for {', '.join(unknown)}; there are {', '.join(KINDS)}")
    return [KINDS[name](place) for name in wanted]
