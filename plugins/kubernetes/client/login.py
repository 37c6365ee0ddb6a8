"""Who we are, for every request: the credentials of a kubeconfig's user in kubectl's order.

Order: token file, token, user name and password, login helper (exec), auth-provider; a client certificate is part of
the TLS context. Nothing is written to disk and nothing is printed; a login that needs a terminal says so.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from console.clock import Clock
from console.errors import Unauthorized
from console.http import Credentials
from plugins.kubernetes.client.helper import Helper
from plugins.kubernetes.client.kubeconfig import Context, Impersonation
from plugins.kubernetes.client.official import Official


class Fixed:
    """The same headers for ever."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def renew(self, refused: Mapping[str, str]) -> bool:
        return False


class TokenFile:
    """A token in a file, read again whenever the file changes: service account tokens are rotated every hour."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._token = ""

    async def headers(self) -> Mapping[str, str]:
        try:
            status = os.stat(self._path)  # noqa: PTH116 (one system call a request)
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp != self._stamp:
                self._token = self._path.read_text("ascii").strip()
                self._stamp = stamp
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise Unauthorized(f"the token file cannot be read: {reason}", where=str(self._path)) from error
        if not self._token:
            raise Unauthorized("the token file is empty", where=str(self._path))
        return bearer(self._token)

    async def renew(self, refused: Mapping[str, str]) -> bool:
        self._stamp = None
        return await self.headers() != refused


def bearer(token: str) -> dict[str, str]:
    """The header of a token. Raises Unauthorized for what cannot be one: the text itself is never shown."""
    if not token.isascii() or not token.isprintable():
        raise Unauthorized("the token holds characters that no token has", next_step="log in again")
    return {"Authorization": f"Bearer {token}"}


def basic(username: str, password: str) -> dict[str, str]:
    """The header of user name and password."""
    text = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def impersonation_pairs(who: Impersonation) -> list[tuple[str, str]]:
    """Impersonation as header lines; `Impersonate-Group` and extras may come several times."""
    if not who.user:
        return []
    pairs = [("Impersonate-User", who.user)]
    if who.uid:
        pairs.append(("Impersonate-Uid", who.uid))
    pairs += [("Impersonate-Group", group) for group in who.groups]
    pairs += [(f"Impersonate-Extra-{_escaped(key)}", value) for key, values in who.extra for value in values]
    return pairs


_TOKEN_CHARACTERS = frozenset("!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _escaped(key: str) -> str:
    """Keys of extras hold what no header name may; the API server takes them percent-encoded."""
    return "".join(c if (c := chr(byte)) in _TOKEN_CHARACTERS else f"%{byte:02X}" for byte in key.encode())


def credentials_for(
    context: Context, *, use_certificate: Callable[[bytes, bytes], None], clock: Clock, timeout: float
) -> Credentials | None:
    """The credentials of a context's user; None where a client certificate (or nothing) is all there is.

    `use_certificate` takes a certificate and key that a helper gives; `timeout` in seconds is for one run of it.
    """
    user = context.user
    if user.token_file is not None:
        return TokenFile(user.token_file)
    if user.token:
        return Fixed(bearer(user.token))
    if user.username:
        return Fixed(basic(user.username, user.password))
    if user.exec is not None:
        return Helper(user.exec, context.cluster, use_certificate=use_certificate, clock=clock, timeout=timeout)
    if user.auth_provider:
        return Official(context, clock=clock, timeout=timeout)
    return None
