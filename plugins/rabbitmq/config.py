"""Settings of RabbitMQ: one `[[rabbitmq]]` table an instance, frozen. Reads no file and no environment.

[[rabbitmq]]
name = "shop"                            # what the instance is called; a found one is named NAMESPACE/NAME
url = ["http://rabbit-0:15672", ...]     # its management API; without it the table is about the found one
username = "monitor"
password_file = "~/.config/shop.password"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, cast

from console.errors import ConfigError
from console.model import InstanceId
from console.plugin import Instance, ServerSet

SYSTEM = "rabbitmq"


@dataclass(frozen=True, slots=True)
class Named:
    """One instance as the configuration names it. Empty texts mean: not said.

    url               one or more addresses of the management API; the first that answers is asked
    password          better one of password_env, password_file, password_command (a command that prints it)
    config_file       a file of rabbitmqadmin (`~/.rabbitmqadmin.conf`), `config_section` names its section
    ca_file           PEM of who signed the servers' certificates; empty: the system's own authorities
    certificate_file  our client certificate, with key_file
    server_name       the name that the servers' certificates carry, where it is not the host's
    verify            false: do not check certificates
    """

    name: str
    url: tuple[str, ...] = ()
    username: str = ""
    password: str = field(default="", repr=False)
    password_env: str = ""
    password_file: str = ""
    password_command: tuple[str, ...] = ()
    config_file: str = ""
    config_section: str = ""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    server_name: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """All named instances."""

    instances: tuple[Named, ...] = ()

    def about(self, name: str) -> Named:
        """What the configuration says of an instance that was found; nothing but its name, where it says nothing."""
        return next((one for one in self.instances if one.name == name and not one.url), Named(name))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance is: named addresses, or a set of servers on the platform."""

    named: Named
    stands_on: ServerSet | None = None


def configure(table: Mapping[str, Any]) -> Settings:
    """The settings of `{"instances": [...]}`; raises ConfigError that names the key."""
    unknown = set(table) - {"instances"}
    if unknown:
        raise ConfigError(
            f"there is no setting {min(unknown)!r}", where=f"[plugins.{SYSTEM}]", next_step="use [[rabbitmq]]"
        )
    listed = cast("Sequence[Mapping[str, Any]]", table.get("instances", ()))
    found = tuple(_named(number, entry) for number, entry in enumerate(listed, 1))
    for number, one in enumerate(found):
        if any(one.name == other.name for other in found[:number]):
            raise ConfigError(f"two instances are called {one.name!r}", where=f"[[{SYSTEM}]]")
    return Settings(found)


def discover(settings: Settings) -> Sequence[Instance]:
    """The instances with an address of their own; the others are found on the platform, or not at all."""
    return [Instance(InstanceId(SYSTEM, one.name), Place(one)) for one in settings.instances if one.url]


def _named(number: int, entry: Mapping[str, Any]) -> Named:
    where = f"[[{SYSTEM}]] {number}"
    known = {one.name: one.type for one in fields(Named)}
    values: dict[str, Any] = {}
    for key, value in entry.items():
        name = key.replace("-", "_")
        if name not in known:
            raise ConfigError(f"there is no setting {key!r}", where=where, next_step=f"known are {', '.join(known)}")
        values[name] = _checked(name, value, f"{where} {key}")
    if not values.get("name"):
        raise ConfigError("an instance needs a name", where=where, next_step='add name = "..."')
    for url in values.get("url", ()):
        _check_url(url, f"{where} url")
    if bool(values.get("certificate_file")) != bool(values.get("key_file")):
        raise ConfigError("certificate_file and key_file belong together", where=where)
    return Named(**values)


def _checked(name: str, value: object, where: str) -> object:
    if name == "verify":
        if not isinstance(value, bool):
            raise ConfigError("must be true or false", where=where)
        return value
    if name in {"url", "password_command"}:
        listed = cast("list[object]", value if isinstance(value, list) else [value])
        if not listed or not all(isinstance(text, str) and text for text in listed):
            raise ConfigError("must be a text or a list of texts", where=where)
        return tuple(listed)
    if not isinstance(value, str):
        raise ConfigError("must be text", where=where)
    return value


def _check_url(url: str, where: str) -> None:
    scheme, slashes, rest = url.partition("://")
    host = rest.partition("/")[0]
    if scheme not in {"http", "https"} or not slashes or not host:
        raise ConfigError(f"{url!r} is no address", where=where, next_step="write http://HOST:15672")
    if "@" in host:
        raise ConfigError("an address holds no password", where=where, next_step="use username and password_file")
