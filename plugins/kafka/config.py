"""Settings: `[[kafka]]` names one cluster each, `[plugins.kafka.found]` says how to speak to those that are found.

Reads no file and no environment: secrets are references, and `properties` names the tools' own `client.properties`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from console import tables
from console.errors import ConfigError
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance

SYSTEM = "kafka"
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
PORT = 9092


class Access(tables.Password, frozen=True):
    """How a cluster is spoken to; empty means "not said". `properties`: a `client.properties` to begin with."""

    protocol: str = ""
    mechanism: str = ""
    properties: str = ""


class Named(Access, frozen=True, kw_only=True):
    """The keys of `[[kafka]]`. `groups_a_cycle`: see `Cluster`."""

    name: str = ""
    bootstrap: tuple[str, ...]
    groups_a_cycle: int = 5


class Found(Struct, frozen=True):
    """Where the platform has it: namespace, the cluster's name, its sets by name, and who operates it (`strimzi`)."""

    namespace: str
    cluster: str
    sets: tuple[str, ...] = ()
    operator: str = ""


class Cluster(Struct, frozen=True):
    """One instance: where to begin (`bootstrap`: host, port), how to speak, and its place on the platform if found."""

    name: str
    bootstrap: tuple[tuple[str, int], ...]
    access: Access = field(default_factory=Access)
    found: Found | None = None
    groups_a_cycle: int = 5
    """Groups asked about per coordinator and cycle where the broker takes one a request (before Kafka 3.0)."""


class Settings(Struct, frozen=True):
    """The clusters that the file names, and how those that are found are spoken to."""

    clusters: tuple[Cluster, ...] = ()
    found: Access = field(default_factory=Access)


def configure(table: Mapping[str, Any]) -> Settings:
    """Check the table: `instances` from `[[kafka]]`, `found`. Raises ConfigError that names table and key."""
    named = tables.listed(table, Named, _cluster, system=SYSTEM, known=("found",))
    found = tables.settled(table.get("found", {}), Access, "[plugins.kafka.found]")
    return Settings(named, _checked(found, "[plugins.kafka.found]"))


def _cluster(one: Named, where: str) -> Cluster:
    words = [word.strip() for text in one.bootstrap for word in text.split(",") if word.strip()]
    if not words:
        raise ConfigError("`bootstrap` is empty", where=where, next_step='for example bootstrap = "broker:9092"')
    if one.groups_a_cycle < 1:
        raise ConfigError("`groups_a_cycle` must be 1 at least", where=where)
    bootstrap = tuple(tables.address(word, PORT, where) for word in words)
    return Cluster(one.name or bootstrap[0][0], bootstrap, _checked(one, where), groups_a_cycle=one.groups_a_cycle)


def _checked(access: Access, where: str) -> Access:
    for key, value, known in (("protocol", access.protocol, PROTOCOLS), ("mechanism", access.mechanism, MECHANISMS)):
        if value and value not in known:
            raise ConfigError(f"key `{key}`: one of {', '.join(known)} is wanted, not {value!r}", where=where)
    if access.server_name:
        raise ConfigError("key `server_name` cannot be used: each broker has its own name", where=where)
    return access


def discover(settings: Settings) -> Sequence[Instance]:
    """The clusters that the file names."""
    return [instance(one) for one in settings.clusters]


def instance(cluster: Cluster) -> Instance:
    """One cluster as an instance; what makes it unsafe to use stands beside its name."""
    marks = () if cluster.access.verify else (Cell("INSECURE TLS", Tone.BAD),)
    remarks = () if cluster.access.verify else (f"{cluster.name}: the brokers' certificates are not verified",)
    return Instance(InstanceId(SYSTEM, cluster.name), cluster, marks=marks, remarks=remarks)
