"""Settings of RabbitMQ: one `[[rabbitmq]]` table an instance, frozen. Reads no file and no environment.

[[rabbitmq]]
name = "shop"                            # what the instance is called; a found one is named NAMESPACE/NAME
url = ["http://rabbit-0:15672", ...]     # its management API; without it the table is about the found one
username = "monitor"
password_file = "~/.config/shop.password"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from console import tables
from console.errors import ConfigError
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance, ServerSet

SYSTEM = "rabbitmq"


class Named(tables.Password, frozen=True, kw_only=True):
    """One instance as the configuration names it. Empty texts mean: not said.

    url               one or more addresses of the management API; the first that answers is asked
    config_file       a file of rabbitmqadmin (`~/.rabbitmqadmin.conf`), `config_section` names its section
    """

    name: str
    url: tuple[str, ...] = ()
    config_file: str = ""
    config_section: str = ""


class Settings(Struct, frozen=True):
    """All named instances."""

    instances: tuple[Named, ...] = ()

    def about(self, name: str) -> Named:
        """What the configuration says of an instance that was found; nothing but its name, where it says nothing."""
        return next((one for one in self.instances if one.name == name and not one.url), Named(name=name))


class Place(Struct, frozen=True):
    """Where an instance is: named addresses, or a set of servers on the platform."""

    named: Named
    stands_on: ServerSet | None = None


def configure(table: Mapping[str, Any]) -> Settings:
    """The settings of `{"instances": [...]}`; raises ConfigError that names the key."""
    return Settings(tables.listed(table, Named, _checked, system=SYSTEM))


def discover(settings: Settings) -> Sequence[Instance]:
    """The instances with an address of their own; the others are found on the platform, or not at all."""
    return [instance(one.name, Place(one)) for one in settings.instances if one.url]


def instance(name: str, place: Place) -> Instance:
    """One instance; what makes it unsafe to use stands beside its name."""
    marks = () if place.named.verify else (Cell("INSECURE TLS", Tone.BAD),)
    remarks = () if place.named.verify else (f"{name}: the servers' certificates are not verified",)
    return Instance(InstanceId(SYSTEM, name), place, marks=marks, remarks=remarks)


def _checked(named: Named, where: str) -> Named:
    for url in named.url:
        scheme, slashes, rest = url.partition("://")
        host = rest.partition("/")[0]
        if scheme not in {"http", "https"} or not slashes or not host:
            raise ConfigError(f"url {url!r} is no address", where=where, next_step="write http://HOST:15672")
        if "@" in host:
            raise ConfigError("an address holds no password", where=where, next_step="use username and password_file")
    return named
