"""Settings of `[[zookeeper]]` tables: the servers' client ports, and where their AdminServer is. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from console.errors import ConfigError
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance
from console.tables import Tls, address, listed

SYSTEM = "zookeeper"
CLIENT_PORT = 2181
ADMIN_PORTS = (8080, 9990)
"""The server's own default, and Pulsar's."""
_LONGEST = 60.0
Place = tuple[str, int]


class Table(Tls, frozen=True):
    """One table as it is written. With a file of TLS the client port is spoken to by it."""

    name: str = ""
    servers: tuple[str, ...] = ()
    admin: tuple[str, ...] = ()
    timeout: float = 3.0


class Named(Struct, frozen=True):
    """One ensemble that the configuration names. `admin` are the AdminServers, in the order of `servers`."""

    name: str
    servers: tuple[Place, ...] = ()
    admin: tuple[Place, ...] = ()
    tls: Tls = Tls()
    timeout: float = 3.0


class Settings(Struct, frozen=True):
    """All ensembles that are named."""

    instances: tuple[Named, ...] = ()


def configure(table: Mapping[str, Any]) -> Settings:
    """The settings of the plugin's table; raises ConfigError that names the key."""
    return Settings(listed(table, Table, _named, system=SYSTEM))


def discover(settings: Settings) -> Sequence[Instance]:
    """The ensembles that the configuration names."""
    return [_instance(one) for one in settings.instances]


def _instance(one: Named) -> Instance:
    marks = () if one.tls.verify else (Cell("INSECURE TLS", Tone.BAD),)
    return Instance(InstanceId(SYSTEM, one.name), one, f"{one.name} (configuration)", marks=marks)


def _named(table: Table, where: str) -> Named:
    servers, admin = _places(table.servers, CLIENT_PORT, where), _places(table.admin, ADMIN_PORTS[0], where)
    if not servers:
        raise ConfigError("key `servers` is wanted", where=where)
    if admin and len(admin) != len(servers):
        raise ConfigError(f"`admin` has {len(admin)} addresses for {len(servers)} servers", where=where)
    if not 0 < table.timeout <= _LONGEST:
        raise ConfigError(f"`timeout` must be a number of seconds up to {_LONGEST:g}", where=where)
    tls = Tls(**{key: getattr(table, key) for key in Tls.__struct_fields__})
    return Named(table.name or f"{servers[0][0]}:{servers[0][1]}", servers, admin, tls, table.timeout)


def _places(given: Sequence[str], port: int, where: str) -> tuple[Place, ...]:
    """Also `a:2181,b:2181` in one text, as ZooKeeper's own tools write them."""
    return tuple(address(word.strip(), port, where) for text in given for word in text.split(","))
