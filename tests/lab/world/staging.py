"""Which systems have real servers behind their pods just now, and what the topology looks like with them.

Owns the table of sets that can be staged and the record of those that are. Knows nothing of the servers themselves:
they are in tests/lab/brokers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.lab.world.api import Object
from tests.lab.world.older import OLDER, objects
from tests.lab.world.place import Place
from tests.lab.world.topology import reference

PROCESS = "lab/process"  # the annotation by which kwok leaves a pod alone
_GRACE = 60  # seconds that a real server gets to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedSet:
    """A StatefulSet whose pods can be real: `kinds` are the members in its first containers, one each."""

    system: str
    space: str  # the Kubernetes namespace
    name: str
    service: str
    address: str  # of pod 0; the others follow
    kinds: tuple[str, ...]  # none: the pod has tools alone
    replicas: int = 3


SETS = (
    StagedSet(
        system="rabbitmq", space="rabbitmq", name="my-rabbitmq-ha", service="my-rabbitmq-ha-discovery",
        address="10.244.201.10", kinds=("rabbit",),
    ),
    StagedSet(
        system="redis", space="redis", name="my-redis-redis-ha-server", service="my-redis-redis-ha",
        address="10.244.204.10", kinds=("redis", "sentinel"),
    ),
    StagedSet(
        system="kafka", space="kafka", name="my-cluster-kafka", service="my-cluster-kafka-brokers",
        address="10.244.202.10", kinds=("kafka",),
    ),
    *(
        StagedSet(
            system="pulsar", space="pulsar", name=f"pulsar-{component}", service=f"pulsar-{component}",
            address=address, kinds=kinds, replicas=replicas,
        )
        for component, address, kinds, replicas in (
            ("zookeeper", "10.244.203.10", ("zk",), 3),
            ("bookie", "10.244.203.20", ("bookie",), 3),
            ("broker", "10.244.203.30", ("broker",), 2),
            ("proxy", "10.244.203.40", ("proxy",), 1),
            ("toolset", "10.244.203.50", (), 1),
        )
    ),
    *(
        StagedSet(
            system=system, space=space, name=name, service=name, address=address, kinds=(kind,), replicas=replicas,
        )
        for system, (space, sets) in OLDER.items() for name, address, kind, replicas, _ in sets
    ),
)  # fmt: skip
SYSTEMS = tuple(dict.fromkeys(one.system for one in SETS))


def staged(place: Place) -> tuple[str, ...]:
    """The systems that are staged."""
    return tuple(_record(place)["systems"])


def kept(place: Place) -> set[str]:
    """The paths of objects that came with them, which a reset leaves alone."""
    return set(_record(place)["paths"])


def record(place: Place, systems: Iterable[str], paths: Iterable[str]) -> None:
    """From now on these systems are staged too, and these objects belong to them."""
    content = {"systems": sorted({*staged(place), *systems}), "paths": sorted({*kept(place), *paths})}
    young = place.staged_systems.with_suffix(".new")
    young.write_text(json.dumps(content))
    young.replace(place.staged_systems)


def forget(place: Place) -> None:
    """From now on nothing is staged; `restore` makes the pods played ones again."""
    place.staged_systems.unlink(missing_ok=True)


def forget_older(place: Place, system: str) -> None:
    """From now on this old version is not staged, and nothing of its namespace is kept."""
    left, space = [name for name in staged(place) if name != system], OLDER[system][0]
    paths = [path for path in kept(place) if f"/namespaces/{space}/" not in f"{path}/"]
    forget(place)
    if left:
        record(place, left, paths)


def topology(place: Place) -> Iterator[Object]:
    """The reference topology, with as many pods of the staged systems as have servers."""
    systems = staged(place)
    for item in [*reference(), *(item for system in systems for item in objects(system))]:
        if not _left_out(item, systems):
            yield _with_processes(item, systems)


def everything() -> Iterator[Object]:
    """All that can stand there: the reference topology, and the older versions beside it."""
    yield from reference()
    for system in OLDER:
        yield from objects(system)


def left_out(place: Place) -> list[Object]:
    """What of the reference topology must not stand beside the staged systems."""
    systems = staged(place)
    return [item for item in reference() if _left_out(item, systems)]


def _record(place: Place) -> dict[str, Any]:
    try:
        return dict(json.loads(place.staged_systems.read_text()))
    except FileNotFoundError:
        return {"systems": [], "paths": []}


def _left_out(item: Object, systems: tuple[str, ...]) -> bool:
    """A Kafka that needs no ZooKeeper has none."""
    return "kafka" in systems and str(item["metadata"]["name"]).startswith("my-cluster-zookeeper")


def _with_processes(item: Object, systems: tuple[str, ...]) -> Object:
    if item["kind"] != "StatefulSet":
        return item
    known = {(one.space, one.name): one for one in SETS if one.system in systems}
    found = known.get((item["metadata"]["namespace"], item["metadata"]["name"]))
    if found is not None:
        item["spec"]["replicas"] = found.replicas
        template = item["spec"]["template"]
        template["metadata"]["annotations"] = {PROCESS: found.system}
        template["spec"]["terminationGracePeriodSeconds"] = _GRACE
    return item
