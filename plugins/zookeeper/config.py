"""Settings of `[[zookeeper]]` tables: the servers' client ports, and where their AdminServer is. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

from console.errors import ConfigError
from console.model import InstanceId
from console.plugin import Instance

_WHERE = "[[zookeeper]]"
CLIENT_PORT = 2181
ADMIN_PORTS = (8080, 9990)
"""The server's own default, and Pulsar's."""
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Named:
    """One ensemble that the configuration names. `admin` are the AdminServers, in the order of `servers`.

    With `ca_file`, `certificate_file` and `key_file` the client port is spoken to by TLS.
    """

    name: str
    servers: tuple[Place, ...] = ()
    admin: tuple[Place, ...] = ()
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    timeout: float = 3.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All ensembles that are named."""

    instances: tuple[Named, ...] = ()


def configure(table: Mapping[str, Any]) -> Settings:
    """The settings of the plugin's table; raises ConfigError that names the key."""
    unknown = sorted(set(table) - {"instances"})
    if unknown:
        raise ConfigError(f"key `{unknown[0]}` is not known", where="[plugins.zookeeper]", next_step=f"write {_WHERE}")
    named = [_named(one) for one in table.get("instances", ())]
    twice = {one.name for one in named if sum(other.name == one.name for other in named) > 1}
    if twice:
        raise ConfigError(f"the name {min(twice)!r} is used twice", where=_WHERE)
    return Settings(tuple(named))


def discover(settings: Settings) -> Sequence[Instance]:
    """The ensembles that the configuration names."""
    return [
        Instance(InstanceId("zookeeper", one.name), one, f"{one.name} (configuration)") for one in settings.instances
    ]


def _named(table: Mapping[str, Any]) -> Named:
    known = {field.name for field in fields(Named)}
    for key in table:
        if key not in known:
            raise ConfigError(f"key `{key}` is not known", where=_WHERE, next_step=f"known: {', '.join(sorted(known))}")
    servers = _places("servers", table.get("servers", ()), CLIENT_PORT)
    if not servers:
        raise ConfigError("`servers` is wanted", where=_WHERE)
    admin = _places("admin", table.get("admin", ()), ADMIN_PORTS[0])
    if admin and len(admin) != len(servers):
        raise ConfigError(f"`admin` has {len(admin)} addresses for {len(servers)} servers", where=_WHERE)
    texts = {key: _text(key, table[key]) for key in table if key in {"ca_file", "certificate_file", "key_file"}}
    if ("certificate_file" in texts) != ("key_file" in texts):
        raise ConfigError("`certificate_file` and `key_file` belong together", where=_WHERE)
    name = _text("name", table["name"]) if "name" in table else f"{servers[0][0]}:{servers[0][1]}"
    return Named(name, servers, admin, timeout=_seconds("timeout", table.get("timeout", 3.0)), **texts)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"`{key}` must be a text", where=_WHERE)
    return value


def _seconds(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 60:  # noqa: PLR2004
        raise ConfigError(f"`{key}` must be a number of seconds up to 60", where=_WHERE)
    return float(value)


def _places(key: str, value: object, port: int) -> tuple[Place, ...]:
    words = value.split(",") if isinstance(value, str) else value  # as ZooKeeper's own tools write them
    if not isinstance(words, list | tuple):
        raise ConfigError(f"`{key}` must be a list of host:port", where=_WHERE)
    return tuple(_place(key, word, port) for word in cast("list[object]", words))


def _place(key: str, word: object, port: int) -> Place:
    text = word.strip() if isinstance(word, str) else ""
    host, colon, number = text.rpartition(":")
    if text and not colon:
        return text, port
    if not host or not number.isdigit() or not 0 < int(number) < 65536:  # noqa: PLR2004
        raise ConfigError(f"`{key}`: {word!r} is not host:port", where=_WHERE)
    return host.strip("[]"), int(number)
