"""Passwords: from where the settings point, from the chart's Secret, or from where Redis' own tools look.

A password is in no repr, no error and no log. Reads are made when a connection first needs them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console import secrets
from console.errors import NotFound
from console.plugin import Platform
from plugins.redis.config import Named

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
    access, where = settings.access, f"[[redis]] {settings.name}"
    own = await secrets.read(access.password, where, environ) if access.password else usual
    server = Login(access.username, own)
    if access.sentinel_password:
        other = await secrets.read(access.sentinel_password, f"{where} sentinel_password", environ)
        sentinels = (Login(access.sentinel_username, other),)
    else:
        sentinels = tuple(dict.fromkeys((Login(), server)))
    origin = str(access.password) if access.password else "REDISCLI_AUTH" if usual else "no password is named"
    return Logins((server,), sentinels, origin)


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
