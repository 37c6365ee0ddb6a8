"""Settings: `[[kafka]]` names one cluster each; checked here, read by nobody else. Reads no file and no environment.

Secrets are references: a file, a variable, a command that prints one, or the tools' own `client.properties`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from console.errors import ConfigError
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance

SYSTEM = "kafka"
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
PORT = 9092


@dataclass(frozen=True, slots=True)
class Access:
    """How one cluster is spoken to; empty values mean "not said". Paths are as the person wrote them."""

    protocol: str = ""
    mechanism: str = ""
    username: str = ""
    password_file: str = ""
    password_env: str = ""
    password_command: tuple[str, ...] = ()
    properties: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Where the platform has it: namespace, the cluster's name, its sets by name, and who operates it (`strimzi`)."""

    namespace: str
    cluster: str
    sets: tuple[str, ...] = ()
    operator: str = ""
    secrets: tuple[str, ...] = ()
    """Secrets that may hold a CA or a user, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One instance: where to begin (`bootstrap`: host, port), how to speak, and its place on the platform if found."""

    name: str
    bootstrap: tuple[tuple[str, int], ...]
    access: Access = Access()
    found: Found | None = None
    groups_a_cycle: int = 5
    """Groups asked about per coordinator and cycle where the broker takes one a request (before Kafka 3.0)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The clusters that the file names, and defaults for those that are found."""

    clusters: tuple[Cluster, ...] = ()
    found: Access = Access()


_TEXTS = (
    "protocol",
    "mechanism",
    "username",
    "password_file",
    "password_env",
    "properties",
    "ca",
    "certificate",
    "key",
)
_KNOWN = {*_TEXTS, "name", "bootstrap", "password_command", "verify", "groups_a_cycle"}


def configure(table: Mapping[str, Any]) -> Settings:
    """Check the table: `instances` from `[[kafka]]`, `found` for clusters on the platform. Raises ConfigError."""
    unknown = set(table) - {"instances", "found"}
    if unknown:
        raise ConfigError(f"key `{min(unknown)}` is not known", where="[plugins.kafka]", next_step="known: found")
    clusters = tuple(_cluster(one, f"[[kafka]] {n}") for n, one in enumerate(table.get("instances", ()), 1))
    names = [one.name for one in clusters]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"name `{name}` is there twice", where="[[kafka]]", next_step="give each its own `name`")
    found = cast("Mapping[str, Any]", table.get("found", {}))
    return Settings(clusters, _access(found, "[plugins.kafka.found]"))


def _cluster(table: Mapping[str, Any], where: str) -> Cluster:
    unknown = set(table) - _KNOWN
    if unknown:
        known = ", ".join(sorted(_KNOWN))
        raise ConfigError(f"key `{min(unknown)}` is not known", where=where, next_step=f"known keys: {known}")
    servers = table.get("bootstrap", ())
    words = [word.strip() for word in servers.split(",")] if isinstance(servers, str) else list(servers)
    if not words:
        raise ConfigError("`bootstrap` is missing", where=where, next_step='for example bootstrap = "broker:9092"')
    bootstrap = tuple(address(str(word), where) for word in words)
    count = table.get("groups_a_cycle", 5)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ConfigError("`groups_a_cycle` must be a whole number from 1", where=where)
    name = _text(table, "name", where) or bootstrap[0][0]
    return Cluster(name, bootstrap, _access(table, where), groups_a_cycle=count)


def address(text: str, where: str) -> tuple[str, int]:
    """`host:port`, `host` or `[v6]:port` as host and port. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = text, str(PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004
        raise ConfigError(f"`bootstrap`: {text!r} is not host:port", where=where)
    return host, int(port)


def _access(table: Mapping[str, Any], where: str) -> Access:
    texts = {key: _text(table, key, where) for key in _TEXTS}
    texts["protocol"] = texts["protocol"].upper()
    texts["mechanism"] = texts["mechanism"].upper()
    for key, known in (("protocol", PROTOCOLS), ("mechanism", MECHANISMS)):
        if texts[key] and texts[key] not in known:
            raise ConfigError(f"`{key}`: one of {', '.join(known)} is wanted, not {texts[key]!r}", where=where)
    if "password" in table:
        raise ConfigError(
            "`password` does not belong into the file", where=where, next_step="use password_file, _env or _command"
        )
    command = table.get("password_command", ())
    if isinstance(command, str) or not all(isinstance(word, str) for word in command):
        raise ConfigError("`password_command` must be a list of words", where=where)
    verify = table.get("verify", True)
    if not isinstance(verify, bool):
        raise ConfigError("`verify` must be true or false", where=where)
    return Access(**texts, password_command=tuple(command), verify=verify)


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"`{key}` must be a text", where=where)
    return value


def discover(settings: Settings) -> Sequence[Instance]:
    """The clusters that the file names."""
    return [instance(one) for one in settings.clusters]


def instance(cluster: Cluster) -> Instance:
    """One cluster as an instance; what makes it unsafe to use stands beside its name."""
    marks = () if cluster.access.verify else (Cell("INSECURE TLS", Tone.BAD),)
    remarks = () if cluster.access.verify else (f"{cluster.name}: the brokers' certificates are not verified",)
    return Instance(InstanceId(SYSTEM, cluster.name), cluster, marks=marks, remarks=remarks)
