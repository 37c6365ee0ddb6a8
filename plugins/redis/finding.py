"""Redis on the platform: which sets belong to one instance. Reads no Secret and asks no server.

redis-ha          StatefulSet with `redis` (6379) and `sentinel` (26379) in each pod, labels app=redis-ha, release=R;
                  Secret R-redis-ha: `auth`, `sentinel-password`
Bitnami           app.kubernetes.io/name=redis (or valkey): sets -node (with Sentinel), or -master and -replicas
                  without; Secret R-redis: `redis-password`
others            by ports and image; sets with the same instance label are one instance
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.model import InstanceId
from console.plugin import Container, Instance, Platform, ServerSet
from plugins.redis.config import SENTINEL_PORT, SERVER_PORT, Settings

_KINDS = ("redis", "valkey", "keydb")
_BESIDE = ("exporter", "commander", "insight", "operator", "metrics", "redisai")
"""Images that have the name in theirs and are no server."""


class Part(Struct, frozen=True):
    """One set: whether its pods are servers, Sentinels or both."""

    set: ServerSet
    servers: bool
    sentinels: bool


class Charted(Struct, frozen=True):
    """One instance on the platform: its sets, and the Secrets in which charts keep its passwords."""

    namespace: str
    parts: tuple[Part, ...]
    secrets: tuple[str, ...]
    timeout: float = 5.0


async def search(_settings: Settings, platform: Platform) -> Sequence[Instance]:
    """One instance a release and namespace."""
    grouped: dict[tuple[str, str], list[Part]] = {}
    for one in await platform.sets():
        part = _part(one)
        if part is not None:
            grouped.setdefault((one.namespace, _release(one)), []).append(part)
    return [_instance(namespace, release, parts) for (namespace, release), parts in sorted(grouped.items())]


def _part(one: ServerSet) -> Part | None:
    """By image and ports; a Deployment's pods have no stable names, so that only Sentinels may stand there."""
    own = [container for container in one.containers if _is_redis(container)]
    sentinels = bool(own) and SENTINEL_PORT in one.ports
    servers = any("sentinel" not in container.name for container in own) and SERVER_PORT in one.ports
    if one.kind == "Deployment":
        return Part(one, servers=False, sentinels=True) if sentinels and not servers else None
    return Part(one, servers, sentinels) if servers or sentinels else None


def _is_redis(container: Container) -> bool:
    image = container.image.rpartition("/")[2].lower()
    return any(kind in image for kind in _KINDS) and not any(word in image for word in _BESIDE)


def _release(one: ServerSet) -> str:
    """What the sets of one installation have in common: the release and the chart's full name."""
    labels = one.labels
    release = labels.get("app.kubernetes.io/instance") or labels.get("release") or one.name
    chart = labels.get("app.kubernetes.io/name") or labels.get("app") or ""
    return release if not chart or chart in release else f"{release}-{chart}"


def _instance(namespace: str, release: str, parts: Sequence[Part]) -> Instance:
    labels = parts[0].set.labels
    name = labels.get("app.kubernetes.io/instance") or labels.get("release") or release
    charted = Charted(namespace, tuple(parts), tuple(dict.fromkeys(_secrets(name, release, parts))))
    return Instance(InstanceId("redis", f"{namespace}/{name}"), charted, f"{name} in {namespace}")


def _secrets(name: str, release: str, parts: Sequence[Part]) -> list[str]:
    sets = [part.set.name for part in parts]
    ends = ("-server", "-node", "-master", "-replicas", "-sentinel")
    bare = [one.removesuffix(end) for one in sets for end in ends if one.endswith(end)]
    return [*bare, release, name]
