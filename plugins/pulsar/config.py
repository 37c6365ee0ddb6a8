"""Settings: `[[pulsar]]` tables, each one instance, and `[plugins.pulsar]` for those that are found on the platform.

Holds references to secrets (a file, an environment variable, a command), never secrets. Reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

from console.errors import ConfigError
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance, ServerSet

SYSTEM = "pulsar"
_URL = re.compile(r"(?P<scheme>[a-z+]+)://(?:\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?(?:,[\w.-]+:\d{1,5})*")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the token is, and whom TLS trusts. The first reference that is given is used."""

    token_file: str = ""
    token_env: str = ""
    token_command: tuple[str, ...] = ()
    client_conf: str = ""
    """Pulsar's own `client.conf`: `authPlugin`, `authParams` and the TLS keys are read of it."""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    insecure_tls: bool = False


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
    access: Access = Access()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole table: named instances, how others are accessed by name, and how all others are."""

    named: tuple[Settings, ...] = ()
    found: Mapping[str, Settings] = field(default_factory=dict[str, Settings])
    """Tables without `admin`: settings of the instance of that name that is found on the platform."""
    access: Access = Access()


def configure(table: Mapping[str, Any]) -> Configuration:
    """Check the tables. Raises ConfigError that names the table and the key."""
    rest = {key: value for key, value in table.items() if key != "instances"}
    access = _read(rest, _ACCESS, "[plugins.pulsar]")
    every: list[Settings] = []
    for at, each in enumerate(_tables(table.get("instances", []))):
        where = f"[[pulsar]] {each.get('name') or at + 1}"
        values = _read(each, _ALL, where)
        own = {key: values.pop(key) for key in list(values) if key in _ACCESS}
        name = values.pop("name", "") or _host(values.get("admin", ()))
        if not name:
            raise ConfigError("key `name` or `admin` is wanted", where=where)
        every.append(Settings(name=name, access=Access(**(access | own)), **values))
    names = [each.name for each in every]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ConfigError(f"key `name`: {twice} is there twice", where="[[pulsar]]")
    return Configuration(
        tuple(each for each in every if each.admin),
        {each.name: each for each in every if not each.admin},
        Access(**access),
    )


def discover(settings: Configuration) -> Sequence[Instance]:
    """The instances that the settings name by URL."""
    return [instance(each) for each in settings.named]


def instance(settings: Settings) -> Instance:
    """One instance as the kernel opens it."""
    marks = (Cell("INSECURE TLS", Tone.BAD),) if settings.access.insecure_tls else ()
    return Instance(InstanceId(SYSTEM, settings.name), settings, f"Pulsar {settings.name}", marks=marks)


def of_found(configuration: Configuration, name: str, place: Place) -> Settings:
    """Settings of an instance that was found: its own table where there is one (by name or the last part of it)."""
    last = name.rpartition("/")[2]
    known = configuration.found.get(name) or configuration.found.get(last)
    return replace(known or Settings(name, access=configuration.access), name=name, place=place)


def _host(urls: Sequence[str]) -> str:
    return urls[0].partition("://")[2] if urls else ""


def _tables(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in cast("list[object]", value)):
        raise ConfigError("tables are wanted", where="[[pulsar]]")
    return cast("list[dict[str, object]]", value)


def _read(table: Mapping[str, object], readers: Mapping[str, Callable[[object], Any]], where: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in readers:
            raise ConfigError(
                f"key `{key}` is not known", where=where, next_step=f"known keys: {', '.join(sorted(readers))}"
            )
        try:
            values[key] = readers[key](value)
        except ValueError as error:
            raise ConfigError(f"key `{key}`: {error}", where=where) from error
    return values


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"a text is wanted, not {value!r}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {value!r}")  # noqa: TRY004 - one error type for every wrong value
    return value


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_text(one) for one in cast("list[object]", value))
    return (_text(value),)


def _url(schemes: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = _text(value).rstrip("/")
        found = _URL.fullmatch(text)
        if found is None or found["scheme"] not in schemes:
            raise ValueError(f"{' or '.join(schemes)}://HOST:PORT is wanted, not {text!r}")
        return text

    return read


def _urls(value: object) -> tuple[str, ...]:
    return tuple(_url(("http", "https"))(each) for each in _words(value))


_ACCESS: Mapping[str, Callable[[object], Any]] = {
    "token_file": _text,
    "token_env": _text,
    "token_command": _words,
    "client_conf": _text,
    "ca_file": _text,
    "certificate_file": _text,
    "key_file": _text,
    "insecure_tls": _flag,
}
_ALL: Mapping[str, Callable[[object], Any]] = {
    **_ACCESS,
    "name": _text,
    "admin": _urls,
    "bookies": _urls,
    "service": _url(("pulsar", "pulsar+ssl")),
    "manager": _url(("http", "https")),
}
if _ACCESS.keys() != {one.name for one in fields(Access)}:  # pragma: no cover - a slip of ours, seen at import
    raise AssertionError("every setting needs a reader")
