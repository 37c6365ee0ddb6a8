"""Who we are to RabbitMQ: user and password of an instance, from settings or from its chart's Secret.

Read when first needed and again after a refusal, since passwords are changed while we run. Kept in memory only, never
in an error or a log.
"""

from __future__ import annotations

import asyncio
import base64
import configparser
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from console import secrets
from console.errors import ConfigError, Forbidden, NotFound, Unauthorized
from console.plugin import Platform, ServerSet
from plugins.rabbitmq.config import Named, Place

_USER_KEYS = ("rabbitmq-username", "username", "default_user")
_PASSWORD_KEYS = ("rabbitmq-password", "password", "default_pass")


@dataclass(frozen=True, slots=True)
class Login:
    """A user and a password, and where they came from in words."""

    username: str
    password: str = field(repr=False)
    source: str


class Identity:
    """Credentials of an HttpClient: basic authentication by a login that is read when it is needed."""

    def __init__(self, place: Place, platform: Platform | None) -> None:
        self._place = place
        self._platform = platform
        self._login: Login | None = None
        self._reading = asyncio.Lock()

    async def login(self) -> Login:
        """The login. Raises Unauthorized where there is none, and what reading it raises."""
        async with self._reading:
            if self._login is None:
                self._login = await read(self._place, self._platform)
            return self._login

    async def headers(self) -> Mapping[str, str]:
        login = await self.login()
        text = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        return {"Authorization": f"Basic {text}"}

    async def renew(self, refused: Mapping[str, str]) -> bool:
        self._login = None
        return await self.headers() != refused


async def read(place: Place, platform: Platform | None) -> Login:
    """The login of an instance: settings first, then the Secret of its chart."""
    named = place.named
    if named.username and named.password:
        secret = await secrets.read(named.password, f"[[rabbitmq]] {named.name}")
        return Login(named.username, secret, str(named.password))
    if named.config_file:
        return await asyncio.to_thread(_from_file, named)
    if place.stands_on is not None and platform is not None:
        return await _from_platform(place.stands_on, platform)
    raise Unauthorized(
        "no user and password are known",
        where=f"rabbitmq {named.name}",
        next_step="set username and password_file (or password_env, password_command, config_file) in [[rabbitmq]]",
    )


def _text(path: str, where: str) -> str:
    try:
        return Path(path).expanduser().read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Unauthorized(f"{path} cannot be read: {reason}", where=where) from error


def _from_file(named: Named) -> Login:
    """`rabbitmqadmin.conf`: TOML since version 2 of that tool, INI before."""
    where = f"rabbitmq {named.name} config_file {named.config_file}"
    text = _text(named.config_file, where)
    sections = _sections(text, where)
    chosen = named.config_section or ("default" if "default" in sections else next(iter(sections), ""))
    section = sections.get(chosen)
    if section is None:
        raise ConfigError(
            f"there is no section [{chosen}]", where=where, next_step=f"it has {', '.join(sections) or 'none'}"
        )
    username, password = section.get("username"), section.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise Unauthorized(f"section [{chosen}] has no username and password", where=where)
    return Login(username, password, named.config_file)


def _sections(text: str, where: str) -> dict[str, Mapping[str, Any]]:
    try:
        return {
            name: cast("Mapping[str, Any]", one) for name, one in tomllib.loads(text).items() if isinstance(one, dict)
        }
    except tomllib.TOMLDecodeError:
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        try:
            parser.read_string(text)
        except configparser.Error as error:
            raise ConfigError("it is neither TOML nor INI", where=where) from error
        return {name: dict(parser[name]) for name in parser.sections()}


async def _from_platform(stands_on: ServerSet, platform: Platform) -> Login:
    """The Secret that the chart or the operator made: same name as the set, or with the operator's ending."""
    release = stands_on.labels.get("app.kubernetes.io/instance") or stands_on.labels.get("release") or stands_on.name
    cluster = stands_on.labels.get("app.kubernetes.io/name", "")
    names = dict.fromkeys((stands_on.name, f"{cluster or stands_on.name}-default-user", release, f"{release}-rabbitmq"))
    where = f"rabbitmq {stands_on.namespace}/{stands_on.name}"
    literal = {key: value for container in stands_on.containers for key, value in container.env.items()}
    for name in names:
        try:
            values = await platform.secret(stands_on.namespace, name)
        except NotFound:
            continue
        except Forbidden as error:
            raise Forbidden(
                f"the Secret {stands_on.namespace}/{name} may not be read: {error.what}",
                where=where,
                next_step="grant get on it, or set username and password_file in [[rabbitmq]]",
            ) from error
        password = _value(values, _PASSWORD_KEYS)
        username = _value(values, _USER_KEYS) or literal.get("RABBITMQ_USERNAME") or "user"
        if password:
            return Login(username, password, f"Secret {stands_on.namespace}/{name}")
    raise Unauthorized(
        f"no Secret holds a password (looked for {', '.join(names)})",
        where=where,
        next_step="set username and password_file in [[rabbitmq]]",
    )


def _value(values: Mapping[str, bytes], keys: tuple[str, ...]) -> str:
    return next((values[key].decode("utf-8", "replace").strip() for key in keys if key in values), "")
