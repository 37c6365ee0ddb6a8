"""TOML tables of the systems into frozen settings, with the words that all systems share. Reads no file.

A system's settings are a Struct of its keys; `settled` fills it or raises ConfigError that names table, key and what is
wanted. `Tls` and `Password` are the keys that mean the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from console.errors import ConfigError
from console.secrets import Secret

S = TypeVar("S", bound=Struct)
T = TypeVar("T")
_WANTED = {
    "str": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "array": "a list of texts",
    "object": "a table",
}
_PORTS_END = 65_536


class Tls(Struct, frozen=True):
    """Whom we trust and who we are. Files are PEM; `server_name` is what the certificate carries, if not the host."""

    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    server_name: str = ""
    verify: bool = True


class Password(Tls, frozen=True):
    """The same with a user, and where the password is: at most one of the three references."""

    username: str = ""
    password_file: str = ""
    password_env: str = ""
    password_command: tuple[str, ...] = ()

    @property
    def password(self) -> Secret:
        return Secret(self.password_file, self.password_env, self.password_command)


def settled(table: Mapping[str, Any], form: type[S], where: str) -> S:
    """`table` as `form`, whose fields are the keys (`-` is taken for `_`); a single text is a list where one is wanted.

    Raises ConfigError for a key that is not known or missing, a wrong kind of value, a secret in the file itself, two
    references to one secret, and half a client certificate.
    """
    hints = get_type_hints(form)
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in hints:
            raise _unknown(key, hints, where)
        listed = get_origin(hints[name]) is tuple and isinstance(value, str)
        values[name] = [value] if listed else value
    try:
        made = msgspec.convert(values, form)
    except msgspec.ValidationError as error:
        raise ConfigError(_words(str(error)), where=where) from error
    _check_secrets(values, where)
    if bool(values.get("certificate_file")) != bool(values.get("key_file")):
        raise ConfigError("`certificate_file` and `key_file` belong together", where=where)
    return made


def listed(
    table: Mapping[str, Any],
    form: type[S],
    finish: Callable[[S, str], T],
    *,
    system: str,
    known: Sequence[str] = (),
) -> tuple[T, ...]:
    """What `finish(settings, where)` makes of each `[[system]]` table (`instances`): a value with a `name` of its own.

    `known` are the other keys of `[plugins.SYSTEM]`. Raises ConfigError, also for a name that is there twice.
    """
    if unknown := sorted(set(table) - {"instances", *known}):
        advice = f"known: {', '.join(known)}" if known else f"write [[{system}]]"
        raise ConfigError(f"key `{unknown[0]}` is not known", where=f"[plugins.{system}]", next_step=advice)
    found: dict[str, T] = {}
    for number, one in enumerate(cast("Sequence[Mapping[str, Any]]", table.get("instances", ())), 1):
        where = f"[[{system}]] {one.get('name') or number}"
        made = finish(settled(one, form, where), where)
        name = str(getattr(made, "name", ""))
        if name in found:
            raise ConfigError(f"name `{name}` is there twice", where=f"[[{system}]]", next_step="give each its own")
        found[name] = made
    return tuple(found.values())


def address(text: str, port: int, where: str) -> tuple[str, int]:
    """`host:port`, `host` (then it is `port`) or `[v6]:port` as host and port. Raises ConfigError."""
    host, colon, number = text.rpartition(":")
    if not colon or number.endswith("]") or (":" in host and not host.startswith("[")):
        host, number = text, str(port)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not number.isdigit() or not 0 < int(number) < _PORTS_END:
        raise ConfigError(f"{text!r} is not host:port", where=where)
    return host, int(number)


def _unknown(key: str, hints: Mapping[str, Any], where: str) -> ConfigError:
    if f"{key}_file" in hints:
        return ConfigError(
            f"`{key}` would be a secret in this file",
            where=where,
            next_step=f"use {key}_file, {key}_env or {key}_command",
        )
    return ConfigError(f"key `{key}` is not known", where=where, next_step=f"known keys: {', '.join(sorted(hints))}")


def _check_secrets(values: Mapping[str, Any], where: str) -> None:
    """Only one reference to each secret: which of two is meant nobody can know."""
    secrets = {name.removesuffix("_env") for name in values if name.endswith("_env")}
    secrets |= {name.removesuffix("_command") for name in values if name.endswith("_command")}
    for secret in sorted(secrets):
        given = [f"{secret}_{way}" for way in ("file", "env", "command") if values.get(f"{secret}_{way}")]
        if len(given) > 1:
            raise ConfigError(f"`{given[0]}` and `{given[1]}` exclude each other", where=where)


def _words(said: str) -> str:
    """What msgspec says, in the words of the rest: "Expected `str`, got `int` - at `$.name`"."""
    wrong = re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `(\w+)` - at `\$\.([\w.\[\]]+)`", said)
    if wrong is not None:
        wanted, _, key = wrong.groups()
        return f"key `{key}`: {_WANTED.get(wanted, wanted)} is wanted"
    missing = re.fullmatch(r"Object missing required field `(\w+)`.*", said)
    return f"key `{missing[1]}` is missing" if missing is not None else said
