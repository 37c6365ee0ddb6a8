"""Settings of `[[redis]]` tables: which servers and Sentinels, and where their passwords stand. Reads no file.

A password itself is refused here: the configuration names a file, an environment variable or a command that prints it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from console.errors import ConfigError
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance
from console.secrets import Secret
from console.tables import Password, address, listed

SYSTEM = "redis"
SERVER_PORT, SENTINEL_PORT = 6379, 26379
_LONGEST = 60.0
Place = tuple[str, int]


class Access(Password, frozen=True):
    """How servers and Sentinels are spoken to: TLS to both where it is wanted or a file of it is named."""

    sentinel_username: str = ""
    sentinel_password_file: str = ""
    sentinel_password_env: str = ""
    sentinel_password_command: tuple[str, ...] = ()
    tls: bool = False
    timeout: float = 3.0

    @property
    def sentinel_password(self) -> Secret:
        return Secret(self.sentinel_password_file, self.sentinel_password_env, self.sentinel_password_command)

    @property
    def secured(self) -> bool:
        return self.tls or bool(self.ca_file or self.certificate_file)


class Table(Access, frozen=True):
    """One table as it is written."""

    name: str = ""
    sentinels: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


class Named(Struct, frozen=True):
    """One instance that the configuration names. Without `servers` they are those that the Sentinels name."""

    name: str
    sentinels: tuple[Place, ...] = ()
    servers: tuple[Place, ...] = ()
    access: Access = Access()

    @property
    def timeout(self) -> float:
        return self.access.timeout


class Settings(Struct, frozen=True):
    """All instances that are named."""

    instances: tuple[Named, ...] = ()


def configure(table: Mapping[str, Any]) -> Settings:
    """The settings of the plugin's table; raises ConfigError that names the key."""
    return Settings(listed(table, Table, _named, system=SYSTEM))


def discover(settings: Settings) -> Sequence[Instance]:
    """The instances that the configuration names."""
    return [_instance(one) for one in settings.instances]


def _instance(one: Named) -> Instance:
    marks = () if one.access.verify else (Cell("INSECURE TLS", Tone.BAD),)
    return Instance(InstanceId(SYSTEM, one.name), one, f"{one.name} (configuration)", marks=marks)


def _named(table: Table, where: str) -> Named:
    if not 0 < table.timeout <= _LONGEST:
        raise ConfigError(f"`timeout` must be a number of seconds up to {_LONGEST:g}", where=where)
    sentinels = tuple(address(word, SENTINEL_PORT, where) for word in table.sentinels)
    servers = tuple(address(word, SERVER_PORT, where) for word in table.servers)
    if not sentinels and not servers:
        raise ConfigError("`sentinels` or `servers` is wanted", where=where)
    first = (sentinels or servers)[0]
    return Named(table.name or f"{first[0]}:{first[1]}", sentinels, servers, table)
