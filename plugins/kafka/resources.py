"""Strimzi's custom resources as rows: what the operator last said of them, and whether it has seen the newest wish."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from console.errors import Absent, NotFound
from console.plugin import Platform
from console.plugin import Resource as Kind
from console.text import clean
from plugins.kafka.config import Found
from plugins.kafka.model.rows import Resource

GROUP = "kafka.strimzi.io"
VERSIONS = ("v1", "v1beta2")
"""Newest first: Strimzi 0.49 brought v1, and 1.0 took v1beta2 away."""
KINDS = {"Kafka": "kafkas", "KafkaNodePool": "kafkanodepools", "KafkaTopic": "kafkatopics", "KafkaUser": "kafkausers"}
PAUSE = "strimzi.io/pause-reconciliation"
ROLL = "strimzi.io/manual-rolling-update"


async def resources(platform: Platform, found: Found) -> list[Resource]:
    """All kinds that are installed. Raises Absent where none is, Forbidden."""
    lists = await asyncio.gather(*(_listed(platform, plural, found) for plural in KINDS.values()))
    if all(one is None for one in lists):
        raise Absent("Strimzi's resources are not installed here", where=found.namespace)
    return [row(kind, one) for kind, some in zip(KINDS, lists, strict=True) for one in some or ()]


async def _listed(platform: Platform, plural: str, found: Found) -> list[Mapping[str, Any]] | None:
    for version in VERSIONS:
        try:
            ones = await platform.resources(Kind(GROUP, version, plural), found.namespace)
        except NotFound:
            continue
        return [one for one in ones if _mine(one, plural, found.cluster)]
    return None


def _mine(one: Mapping[str, Any], plural: str, cluster: str) -> bool:
    meta = inside(one, "metadata")
    if plural == "kafkas":
        return meta.get("name") == cluster
    return inside(meta, "labels").get("strimzi.io/cluster", cluster) == cluster


def row(kind: str, one: Mapping[str, Any]) -> Resource:
    """One resource; unset parts of it are simply not there yet."""
    meta, status, spec = inside(one, "metadata"), inside(one, "status"), inside(one, "spec")
    notes = inside(meta, "annotations")
    listed: Sequence[Mapping[str, Any]] = status.get("conditions") or ()
    conditions = [each for each in listed if each.get("status") == "True"]
    main = next((each for each in conditions if each.get("type") in {"Ready", "NotReady"}), None)
    warning = next((each for each in conditions if each.get("type") == "Warning"), None)
    paused = str(notes.get(PAUSE, "")).lower() == "true"
    state = "paused" if paused else str(main.get("type")) if main else "no status"
    told = main if main and main.get("type") == "NotReady" else warning
    return Resource(
        kind=kind,
        namespace=clean(str(meta.get("namespace", "")), 253),
        name=clean(str(meta.get("name", "")), 253),
        state=state,
        why=clean(f"{told.get('reason', '')}: {told.get('message', '')}".strip(": "), 500) if told else "",
        generation=int(meta.get("generation") or 0),
        observed=status.get("observedGeneration"),
        paused=paused,
        detail=_detail(kind, spec, status),
        since=_moment(main.get("lastTransitionTime")) if main else None,
        rolling=str(notes.get(ROLL, "")).lower() == "true",
    )


def _detail(kind: str, spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    match kind:
        case "Kafka":
            kafka = inside(spec, "kafka")
            wanted = str(kafka.get("version") or status.get("kafkaVersion") or "-")
            return clean(f"version {wanted}, metadata {status.get('kafkaMetadataState') or 'ZooKeeper'}", 200)
        case "KafkaNodePool":
            return clean(f"{spec.get('replicas', '?')} of {', '.join(map(str, spec.get('roles') or ()))}", 200)
        case "KafkaTopic":
            return clean(f"{spec.get('partitions', '?')} partitions, {spec.get('replicas', '?')} replicas", 200)
        case _:
            return clean(str(inside(spec, "authentication").get("type", "no authentication")), 200)


def _moment(text: Any) -> float | None:
    try:
        return datetime.datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def inside(one: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part of a resource, empty where it is not there or null."""
    return one.get(key) or {}
