"""Settings of `[[redis]]` tables: which servers and Sentinels, and where their passwords stand. Reads no file.

A password itself is refused here: the configuration names a file, an environment variable or a command that prints it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

from console.errors import ConfigError
from console.model import InstanceId
from console.plugin import Instance

_WHERE = "[[redis]]"
SERVER_PORT, SENTINEL_PORT = 6379, 26379
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Secret:
    """Where one password is: at most one of the three; none of them means no password."""

    file: str = ""
    env: str = ""
    command: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.file or self.env or self.command)


@dataclass(frozen=True, slots=True)
class Named:
    """One instance that the configuration names. Without `servers` they are those that the Sentinels name."""

    name: str
    sentinels: tuple[Place, ...] = ()
    servers: tuple[Place, ...] = ()
    username: str = ""
    password: Secret = Secret()
    sentinel_username: str = ""
    sentinel_password: Secret = Secret()
    tls: bool = False
    ca_file: str = ""
    timeout: float = 3.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All instances that are named."""

    instances: tuple[Named, ...] = ()


def configure(table: Mapping[str, Any]) -> Settings:
    """The settings of the plugin's table; raises ConfigError that names the key."""
    unknown = sorted(set(table) - {"instances"})
    if unknown:
        raise ConfigError(f"key `{unknown[0]}` is not known", where="[plugins.redis]", next_step="write [[redis]]")
    named = [_named(one) for one in table.get("instances", ())]
    twice = {one.name for one in named if sum(other.name == one.name for other in named) > 1}
    if twice:
        raise ConfigError(f"the name {min(twice)!r} is used twice", where=_WHERE)
    return Settings(tuple(named))


def discover(settings: Settings) -> Sequence[Instance]:
    """The instances that the configuration names."""
    return [Instance(InstanceId("redis", one.name), one, f"{one.name} (configuration)") for one in settings.instances]


def _named(table: Mapping[str, Any]) -> Named:
    secrets = {f"{whose}_{how}" for whose in ("password", "sentinel_password") for how in ("file", "env", "command")}
    known = {field.name for field in fields(Named)} - {"password", "sentinel_password"} | secrets
    for key in table:
        if key in {"password", "sentinel_password"}:
            raise ConfigError(
                f"`{key}` would be a secret in this file", where=_WHERE, next_step=f"use {key}_file, _env or _command"
            )
        if key not in known:
            raise ConfigError(f"key `{key}` is not known", where=_WHERE, next_step=f"known: {', '.join(sorted(known))}")
    values: dict[str, Any] = {key: _text(key, table[key]) for key in table if key in _TEXTS}
    values |= {
        "sentinels": _places("sentinels", table.get("sentinels", ()), SENTINEL_PORT),
        "servers": _places("servers", table.get("servers", ()), SERVER_PORT),
        "password": _secret("password", table),
        "sentinel_password": _secret("sentinel_password", table),
        "tls": _flag("tls", table.get("tls", False)),
        "timeout": _seconds("timeout", table.get("timeout", 3.0)),
    }
    if not values["sentinels"] and not values["servers"]:
        raise ConfigError("`sentinels` or `servers` is wanted", where=_WHERE)
    first = (values["sentinels"] or values["servers"])[0]
    values.setdefault("name", f"{first[0]}:{first[1]}")
    return Named(**values)


_TEXTS = frozenset({"name", "username", "sentinel_username", "ca_file"})


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"`{key}` must be a text", where=_WHERE)
    return value


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"`{key}` must be true or false", where=_WHERE)
    return value


def _seconds(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 60:  # noqa: PLR2004
        raise ConfigError(f"`{key}` must be a number of seconds up to 60", where=_WHERE)
    return float(value)


def _places(key: str, value: object, port: int) -> tuple[Place, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        raise ConfigError(f"`{key}` must be a list of host:port", where=_WHERE)
    return tuple(_place(key, word, port) for word in cast("list[object]", words))


def _place(key: str, word: object, port: int) -> Place:
    text = word if isinstance(word, str) else ""
    host, colon, number = text.rpartition(":")
    if text and not colon:
        return text, port
    if not host or not number.isdigit() or not 0 < int(number) < 65536:  # noqa: PLR2004
        raise ConfigError(f"`{key}`: {word!r} is not host:port", where=_WHERE)
    return host.strip("[]"), int(number)


def _secret(whose: str, table: Mapping[str, Any]) -> Secret:
    given = [how for how in ("file", "env", "command") if f"{whose}_{how}" in table]
    if len(given) > 1:
        raise ConfigError(f"`{whose}_{given[0]}` and `{whose}_{given[1]}` exclude each other", where=_WHERE)
    if not given:
        return Secret()
    key = f"{whose}_{given[0]}"
    value: object = table[key]
    if given[0] != "command":
        return Secret(file=_text(key, value)) if given[0] == "file" else Secret(env=_text(key, value))
    words = cast("list[object]", value)
    if not isinstance(value, list) or not words or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"`{key}` must be a list of words", where=_WHERE)
    return Secret(command=tuple(str(word) for word in words))
