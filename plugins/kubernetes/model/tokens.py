"""Bootstrap tokens as rows. The secret half is not decoded at all: what was never read cannot leak.

The one exception is `secret_half`, for the moment in which a join line is made.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import re
import secrets
from typing import Any

import msgspec

from plugins.kubernetes.model.wire import Meta, Row, Wire, epoch, line


class TokenFields(Wire, frozen=True, gc=False):
    """Keys of a Secret of type bootstrap.kubernetes.io/token, base64; `token-secret` is left out on purpose."""

    token_id: str = msgspec.field(name="token-id", default="")
    expiration: str = ""
    description: str = ""
    authentication: str = msgspec.field(name="usage-bootstrap-authentication", default="")
    signing: str = msgspec.field(name="usage-bootstrap-signing", default="")
    groups: str = msgspec.field(name="auth-extra-groups", default="")


class TokenWire(Wire, frozen=True, gc=False):
    """TokenWire of the API, the fields that are read."""

    metadata: Meta
    data: TokenFields | None = None


class Token(Row, frozen=True, gc=False):
    """A token that lets a node join. `expires` in epoch s; None: never. `valid`: the expiry could be read."""

    id: str
    uid: str
    created: float
    expires: float | None
    usages: tuple[str, ...]
    groups: tuple[str, ...]
    description: str
    valid: bool = True

    @property
    def name(self) -> str:
        """Name of its Secret."""
        return f"bootstrap-token-{self.id}"

    @property
    def forever(self) -> bool:
        return self.expires is None and self.valid


def token_row(wire: TokenWire) -> Token:
    """A bootstrap token, without its secret."""
    meta, data = wire.metadata, wire.data or TokenFields()
    stamp, expires, valid = _plain(data.expiration), None, True
    if stamp:
        expires = parsed_time(stamp)
        valid = expires is not None
    uses = [("authentication", data.authentication), ("signing", data.signing)]
    return Token(
        id=line(_plain(data.token_id) or meta.name.removeprefix("bootstrap-token-"), 64),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        expires=expires,
        usages=tuple(name for name, value in uses if _plain(value) == "true"),
        groups=tuple(line(group, 253) for group in _plain(data.groups).split(",") if group),
        description=line(_plain(data.description)),
        valid=valid,
    )


def parsed_time(text: str) -> float | None:
    """Epoch seconds of an RFC 3339 text, None where it is none."""
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_ID, _SECRET = 6, 16
_FORM = re.compile(rf"[a-z0-9]{{{_ID}}}")


def path_of(token: str) -> str:
    """Where the Secret of a token is."""
    return f"/api/v1/namespaces/kube-system/secrets/bootstrap-token-{token}"


def is_id(text: str) -> bool:
    """Whether `text` has the form of a token's public half."""
    return _FORM.fullmatch(text) is not None


def new_id(seed: str = "") -> str:
    """The public half of a new token; the same for the same seed, so that a request that is repeated meets itself."""
    if not seed:
        return "".join(secrets.choice(_ALPHABET) for _ in range(_ID))
    digest = hashlib.sha256(seed.encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:_ID])


def new_secret() -> str:
    """The secret half, from the system's own source of randomness."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET))


def secret_half(secret: dict[str, Any]) -> str:
    """The secret half as its Secret holds it; empty where it holds none."""
    texts: dict[str, Any] = secret.get("data") or {}
    held = texts.get("token-secret")
    return _plain(str(held)) if held else ""


def _plain(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""
