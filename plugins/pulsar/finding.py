"""Which Pulsar instances stand on the platform: by the chart's labels, else by image and ports. Reads no secret."""

from __future__ import annotations

from collections.abc import Sequence

from console.plugin import Instance, Platform, ServerSet
from plugins.pulsar.config import Configuration, Place, instance, of_found

ADMIN_PORT, SERVICE_PORT, BOOKIE_PORT, BOOKIE_HTTP_PORT, MANAGER_PORT = 8080, 6650, 3181, 8000, 9527


async def search(settings: Configuration, platform: Platform) -> Sequence[Instance]:
    """One instance for each set of brokers; the other components are those of the same release and namespace."""
    sets = await platform.sets()
    found = list[Instance]()
    for brokers in (one for one in sets if component(one) == "broker"):
        release = release_of(brokers)
        beside = [one for one in sets if one.namespace == brokers.namespace and release_of(one) == release]
        place = Place(
            brokers.namespace,
            release,
            brokers,
            bookies=_first(beside, "bookie"),
            proxies=_first(beside, "proxy"),
            manager=_first(beside, "pulsar-manager"),
        )
        found.append(instance(of_found(settings, f"{brokers.namespace}/{release}", place)))
    return found


def component(one: ServerSet) -> str:
    """The chart's word for what a set is (`broker`, `bookie`, `proxy`, ...); empty where it is not Pulsar's."""
    images = [each.image for each in one.containers]
    if not any("pulsar" in image or "bookkeeper" in image for image in images):
        return ""
    if named := one.labels.get("component") or one.labels.get("app.kubernetes.io/component", ""):
        return "bookie" if named == "bookkeeper" else named
    if MANAGER_PORT in one.ports:
        return "pulsar-manager"
    if BOOKIE_PORT in one.ports:
        return "bookie"
    if {ADMIN_PORT, SERVICE_PORT} <= one.ports:
        return "proxy" if "proxy" in one.name else "broker"
    return ""


def release_of(one: ServerSet) -> str:
    """The Helm release, else the set's name without its component."""
    named = one.labels.get("release") or one.labels.get("app.kubernetes.io/instance", "")
    return named or one.name.rpartition("-")[0] or one.name


def _first(sets: Sequence[ServerSet], kind: str) -> ServerSet | None:
    return next((one for one in sets if component(one) == kind), None)
