"""Passwords: from where the settings point, from the chart's Secret, or from where Redis' own tools look.

A password is in no repr, no error and no log. Reads are made when a connection first needs them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.errors import ConfigError, NotFound, Unauthorized
from console.plugin import Platform
from plugins.redis.config import Named, Secret

_WITHIN = 30.0
_SERVER_KEYS = ("auth", "redis-password", "password", "valkey-password")
_SENTINEL_KEYS = ("sentinel-password", "sentinel_password")


@dataclass(frozen=True, slots=True)
class Login:
    """One way to say who we are; both empty: without a password."""

    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        if not self.password:
            return "without a password"
        return f"as {self.username}" if self.username else "with the password"


@dataclass(frozen=True, slots=True)
class Logins:
    """What to try, the likeliest first, and where it came from (for `doctor`)."""

    server: tuple[Login, ...]
    sentinel: tuple[Login, ...]
    origin: str = ""


async def named(settings: Named, environ: Mapping[str, str] | None = None) -> Logins:
    """Of an instance in the configuration; REDISCLI_AUTH, as redis-cli reads it, where nothing is named."""
    environ = os.environ if environ is None else environ
    usual = environ.get("REDISCLI_AUTH", "")
    own = await read(settings.password, environ) if settings.password else usual
    server = Login(settings.username, own)
    if settings.sentinel_password:
        sentinels = (Login(settings.sentinel_username, await read(settings.sentinel_password, environ)),)
    else:
        sentinels = tuple(dict.fromkeys((Login(), server)))
    origin = _origin(settings.password) or ("REDISCLI_AUTH" if usual else "no password is named")
    return Logins((server,), sentinels, origin)


async def read(secret: Secret, environ: Mapping[str, str]) -> str:
    """The password. Raises ConfigError that names the file, variable or command, never what it holds."""
    if secret.env:
        if secret.env not in environ:
            raise ConfigError(f"the environment variable {secret.env} is not set", where="[[redis]]")
        return environ[secret.env]
    if secret.file:
        try:
            return await asyncio.to_thread(_content, secret.file)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the password file cannot be read: {error}", where=secret.file) from error
    return await _printed(secret.command)


def _content(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8").strip("\r\n")


async def _printed(command: Sequence[str]) -> str:
    """What a command prints; its own words are not repeated, for they may hold the password."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise Unauthorized(f"the password command cannot be started: {error.strerror}", where=command[0]) from error
    try:
        async with asyncio.timeout(_WITHIN):
            out, _ = await child.communicate()
    except BaseException as error:
        if child.returncode is None:
            child.kill()
            await child.wait()
        if isinstance(error, TimeoutError):
            raise Unauthorized(f"the password command took longer than {_WITHIN:g} s", where=command[0]) from error
        raise
    if child.returncode:
        raise Unauthorized(f"the password command ended with code {child.returncode}", where=command[0])
    return out.decode("utf-8", "replace").strip("\r\n")


async def charted(platform: Platform, namespace: str, names: Sequence[str]) -> Logins:
    """Of the chart's Secret: the first of `names` that is there. Without any, no password is tried.

    Raises Forbidden where the Secret may not be read.
    """
    for name in names:
        try:
            values = await platform.secret(namespace, name)
        except NotFound:
            continue
        server, sentinel = _value(values, _SERVER_KEYS), _value(values, _SENTINEL_KEYS)
        tried = (Login(password=sentinel),) if sentinel else tuple(dict.fromkeys((Login(), Login(password=server))))
        return Logins((Login(password=server),), tried, f"Secret {namespace}/{name}")
    return Logins((Login(),), (Login(),), f"no Secret {' or '.join(names)} in namespace {namespace}")


def _value(values: Mapping[str, bytes], keys: Sequence[str]) -> str:
    found = next((values[key] for key in keys if key in values), b"")
    return found.decode("utf-8", "replace").strip("\r\n")


def _origin(secret: Secret) -> str:
    if secret.file:
        return f"file {secret.file}"
    if secret.env:
        return f"environment {secret.env}"
    return f"command {secret.command[0]}" if secret.command else ""
