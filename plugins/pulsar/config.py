"""Settings: `[[pulsar]]` tables, each one instance, and `[plugins.pulsar]` for those that are found on the platform.

Holds references to secrets (a file, an environment variable, a command), never secrets. Reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec.structs import asdict

from console.errors import ConfigError
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance, ServerSet
from console.secrets import Secret
from console.tables import Tls, settled
from console.text import clean

SYSTEM = "pulsar"
_HTTP = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?")
_SERVICE = re.compile(r"pulsar(?:\+ssl)?://(?:\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?(?:,[\w.-]+:\d{1,5})*")


class Access(Tls, frozen=True):
    """Where the token is, and whom TLS trusts. `client_conf` is Pulsar's own file: its `authParams` are read."""

    token_file: str = ""
    token_env: str = ""
    token_command: tuple[str, ...] = ()
    client_conf: str = ""

    @property
    def token(self) -> Secret:
        return Secret(self.token_file, self.token_env, self.token_command)


class Named(Access, frozen=True):
    """One `[[pulsar]]` table. Without `admin` it says how the instance of that name is accessed that is found."""

    name: str = ""
    admin: tuple[str, ...] = ()
    bookies: tuple[str, ...] = ()
    service: str = ""
    manager: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The sets of one instance on the platform; None where a component is not there."""

    namespace: str
    release: str
    brokers: ServerSet
    bookies: ServerSet | None = None
    proxies: ServerSet | None = None
    manager: ServerSet | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """One instance: named by URLs, or found (`place`). `service` is where messages go; empty: asked of the brokers."""

    name: str
    admin: tuple[str, ...] = ()
    bookies: tuple[str, ...] = ()
    service: str = ""
    manager: str = ""
    access: Access = field(default_factory=Access)
    place: Place | None = None


_NOTHING = Access()


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole table: named instances, how others are accessed by name, and how all others are."""

    named: tuple[Settings, ...] = ()
    found: Mapping[str, Settings] = field(default_factory=dict[str, Settings])
    """Tables without `admin`: settings of the instance of that name that is found on the platform."""
    access: Access = field(default_factory=Access)


def configure(table: Mapping[str, Any]) -> Configuration:
    """Check the tables. Raises ConfigError that names the table and the key."""
    rest = {key: value for key, value in table.items() if key != "instances"}
    common = settled(rest, Access, "[plugins.pulsar]")
    shared = {key: value for key, value in asdict(common).items() if value != getattr(_NOTHING, key)}
    every: list[Settings] = []
    for number, one in enumerate(table.get("instances", ()), 1):
        where = f"[[pulsar]] {one.get('name') or number}"
        every.append(_settings(settled({**shared, **one}, Named, where), where))
    names = [each.name for each in every]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ConfigError(f"name `{twice}` is there twice", where="[[pulsar]]", next_step="give each its own")
    return Configuration(
        tuple(each for each in every if each.admin), {each.name: each for each in every if not each.admin}, common
    )


def _settings(named: Named, where: str) -> Settings:
    for key, given in (("admin", named.admin), ("bookies", named.bookies), ("manager", (named.manager,))):
        for one in given:
            if one and not _HTTP.fullmatch(one):
                raise ConfigError(f"key `{key}`: {clean(one, 100)!r} is not http(s)://HOST:PORT", where=where)
    if named.service and not _SERVICE.fullmatch(named.service):
        raise ConfigError(f"key `service`: {clean(named.service, 100)!r} is not pulsar://HOST:PORT", where=where)
    name = named.name or (named.admin[0].partition("://")[2] if named.admin else "")
    if not name:
        raise ConfigError("key `name` or `admin` is wanted", where=where)
    access = Access(**{key: getattr(named, key) for key in Access.__struct_fields__})
    return Settings(name, named.admin, named.bookies, named.service, named.manager, access)


def discover(settings: Configuration) -> Sequence[Instance]:
    """The instances that the settings name by URL."""
    return [instance(each) for each in settings.named]


def instance(settings: Settings) -> Instance:
    """One instance as the kernel opens it."""
    marks = (Cell("INSECURE TLS", Tone.BAD),) if not settings.access.verify else ()
    return Instance(InstanceId(SYSTEM, settings.name), settings, f"Pulsar {settings.name}", marks=marks)


def of_found(configuration: Configuration, name: str, place: Place) -> Settings:
    """Settings of an instance that was found: its own table where there is one (by name or the last part of it)."""
    last = name.rpartition("/")[2]
    known = configuration.found.get(name) or configuration.found.get(last)
    return replace(known or Settings(name, access=configuration.access), name=name, place=place)
