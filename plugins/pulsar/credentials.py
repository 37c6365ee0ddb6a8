"""The token with which we speak to brokers: where it comes from, who it says we are, and when it ends.

The token itself is in no error, log or representation. What it says is decoded and never verified: brokers do that.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import msgspec

from console import secrets
from console.clock import Clock
from console.errors import Forbidden, NotFound, Unauthorized
from console.plugin import Platform
from console.text import clean
from plugins.pulsar.config import Access, Settings

_AGAIN_AFTER = 10.0
_TOKEN_PLUGIN = "AuthenticationToken"  # noqa: S105 - the name of a class


class Claims(msgspec.Struct, frozen=True):
    """What a token says of itself: `role` (its subject) and `expires` (epoch s, None: never)."""

    role: str = ""
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the words for where it was found; empty where no authentication is configured."""

    value: str = field(repr=False)
    source: str
    claims: Claims = field(default_factory=Claims)


class _Payload(msgspec.Struct):
    sub: str = ""
    exp: float | None = None


def claims_of(token: str) -> Claims:
    """Decode the middle of a JWT; nothing is known of what is none. Never verified."""
    parts = token.split(".")
    try:
        middle = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        payload = msgspec.json.decode(middle, type=_Payload)
    except (IndexError, binascii.Error, ValueError, msgspec.MsgspecError):
        return Claims()
    return Claims(clean(payload.sub, 253), payload.exp)


class TokenSource:
    """Gives headers to the HTTP client (console.http.Credentials); reads the source when it is first needed.

    After a 401 it is read again, at most every ten seconds, for tokens are renewed beside us.
    """

    def __init__(self, settings: Settings, platform: Platform | None, clock: Clock) -> None:
        self._settings = settings
        self._platform = platform
        self._clock = clock
        self._token: Token | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()

    async def token(self) -> Token:
        """The token. Raises Unauthorized or Forbidden that say where it was looked for."""
        async with self._reading:
            if self._token is None:
                self._token = await read(self._settings, self._platform)
                self._read_at = self._clock.monotonic()
            return self._token

    async def headers(self) -> Mapping[str, str]:
        """`Authorization`, or nothing where no token is configured."""
        token = await self.token()
        return {"Authorization": f"Bearer {token.value}"} if token.value else {}

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """Read the source again; True where it has another token now."""
        async with self._reading:
            if self._clock.monotonic() - self._read_at < _AGAIN_AFTER:
                return self._token is not None and refused.get("Authorization") != f"Bearer {self._token.value}"
            self._read_at = self._clock.monotonic()
            self._token = await read(self._settings, self._platform)
            return refused.get("Authorization") != f"Bearer {self._token.value}" and bool(self._token.value)


async def read(settings: Settings, platform: Platform | None) -> Token:
    """By the settings; else the chart's Secret; else `client.conf` and the environment, as Pulsar's own tools do."""
    access = settings.access
    value, source = await _configured(access, f"[[pulsar]] {settings.name}")
    if not source and settings.place is not None and platform is not None:
        value, source = await _of_chart(settings.place.namespace, settings.place.release, platform)
    if not source:
        value, source = await asyncio.to_thread(_conventional)
    value = value.strip()
    if value and (not value.isascii() or not value.isprintable() or " " in value):
        raise Unauthorized("what was read is no token", where=source, next_step="look whether it is the right file")
    return Token(value, source or "no token", claims_of(value))


async def _configured(access: Access, where: str) -> tuple[str, str]:
    if access.token:
        return await secrets.read(access.token, where), str(access.token)
    if access.client_conf:
        return await asyncio.to_thread(_client_conf, access.client_conf), f"file {access.client_conf}"
    return "", ""


def _file(path: str) -> str:
    try:
        with Path(path).expanduser().open(encoding="utf-8") as file:
            return file.read(secrets.LIMIT)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Unauthorized(f"it cannot be read: {reason}", where=path) from error


async def _of_chart(namespace: str, release: str, platform: Platform) -> tuple[str, str]:
    """The chart's token of its role `admin`: `RELEASE-token-admin`, key TOKEN. None is there without authentication."""
    name = f"{release}-token-admin"
    source = f"Secret {namespace}/{name}"
    try:
        content = await platform.secret(namespace, name)
    except NotFound:
        return "", ""
    except Forbidden as error:
        advice = "ask for the right to read it, or name a token in [plugins.pulsar] (token_file, token_env)"
        raise Forbidden(error.what, where=source, next_step=advice) from error
    token = content.get("TOKEN", b"")
    if not token:
        raise Unauthorized("it has no key TOKEN", where=source)
    return token.decode("utf-8", "replace"), source


def _conventional() -> tuple[str, str]:
    """`PULSAR_CLIENT_CONF`, as the start scripts of Pulsar's tools read it."""
    path = os.environ.get("PULSAR_CLIENT_CONF", "")
    if not path or not Path(path).is_file():
        return "", ""
    value = _client_conf(path)
    return (value, f"file {path}") if value else ("", "")


def _client_conf(path: str) -> str:
    """`authParams` of a client.conf: `token:VALUE`, `file:///PATH` or JSON with `token` or `file`."""
    values = properties(_file(path))
    if _TOKEN_PLUGIN not in values.get("authPlugin", ""):
        return ""
    given = values.get("authParams", "")
    if given.startswith("token:"):
        return given.removeprefix("token:")
    if given.startswith("file:"):
        return _file("/" + given.removeprefix("file:").lstrip("/"))
    try:
        loaded: object = json.loads(given)
    except ValueError as error:
        raise Unauthorized("authParams is no token, file or JSON", where=path) from error
    if isinstance(loaded, dict):
        found = cast("dict[str, object]", loaded)
        if isinstance(text := found.get("token"), str):
            return text
        if isinstance(text := found.get("file"), str):
            return _file("/" + text.removeprefix("file:").lstrip("/"))
    raise Unauthorized("authParams names no token", where=path)


def properties(text: str) -> dict[str, str]:
    """A Java properties file, as far as Pulsar's own files use the form."""
    pairs = (line.partition("=") for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#!")
    return {key.strip(): value.strip() for key, sign, value in pairs if sign}
