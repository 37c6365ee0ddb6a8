"""What the API server says when it refuses: a Status as the console's error, with the missing right named.

A Status is read leniently: what is not one (a proxy's page, rubbish) is told as it stands, cleaned and cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from console.errors import Expired, Forbidden, Rejected, SourceError, Unauthorized
from console.http import status_error
from console.text import clean

_SHOWN = 300
# `User "x" cannot list resource "pods" in API group "" in the namespace "n"`: written by the server, not by a webhook.
_RIGHT = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) (?:resource|path) "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?(?: in the namespace "(?P<namespace>[^"]*)")?'
)


class Cause(msgspec.Struct, frozen=True, gc=False):
    """One reason in a Status."""

    reason: str = ""
    message: str = ""
    field: str = ""


class Details(msgspec.Struct, frozen=True, gc=False):
    """What a Status is about."""

    name: str | None = None
    kind: str | None = None
    causes: tuple[Cause, ...] | None = None
    retryAfterSeconds: float | None = None  # noqa: N815 (the API's own spelling)


class Status(msgspec.Struct, frozen=True, gc=False):
    """The API's answer about an answer (meta/v1 Status)."""

    kind: str = ""
    status: str | None = None
    message: str | None = None
    reason: str | None = None
    code: int | None = None
    details: Details | None = None

    @property
    def causes(self) -> tuple[Cause, ...]:
        return (self.details.causes if self.details else None) or ()


class Refusal(Exception):
    """The cause of an error that the API server sent: its code, its Status where there was one, and the headers."""

    def __init__(self, code: int, status: Status | None, headers: Mapping[str, str]) -> None:
        super().__init__(f"HTTP status {code}")
        self.code = code
        self.status = status
        self.headers = headers


_STATUS = msgspec.json.Decoder(Status)


def read_status(body: bytes) -> Status | None:
    """The Status in `body`, or None where it is something else."""
    try:
        status = _STATUS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return status if status.kind == "Status" else None


def explain(code: int, body: bytes, headers: Mapping[str, str], where: str) -> SourceError:
    """The error of a refused request (`console.http.Target.explain`)."""
    status = read_status(body)
    if status is None:
        error = _advised(status_error(code, _plain(body), headers, where))
    else:
        error = status_as_error(status, code, headers, where)
    error.__cause__ = Refusal(code, status, headers)
    return error


def status_as_error(
    status: Status, code: int | None = None, headers: Mapping[str, str] | None = None, where: str = ""
) -> SourceError:
    """A Status as an error, wherever it came from (a refused request, an ERROR line of a watch)."""
    code = code or status.code or HTTPStatus.INTERNAL_SERVER_ERROR
    headers = dict(headers or {})
    if status.details and status.details.retryAfterSeconds is not None and "retry-after" not in headers:
        headers["retry-after"] = str(status.details.retryAfterSeconds)
    message = status.message or status.reason or ""
    if status.reason in {"Expired", "Gone", "ResourceExpired"}:
        return Expired(clean(message, _SHOWN), where=where)
    if code == HTTPStatus.FORBIDDEN:
        return _forbidden(message, where)
    return _advised(status_error(code, message, headers, where))


def _forbidden(message: str, where: str) -> SourceError:
    """Without a right: Forbidden. Refused by an admission rule, although the right is there: Rejected."""
    found = _RIGHT.search(message)
    if found is None:
        return Rejected(clean(message, 2000) or "forbidden", where=where)
    place = f"in namespace {found['namespace']}" if found["namespace"] else "in the whole cluster"
    kind = f"{found['resource']}.{found['group']}" if found["group"] else found["resource"]
    what = clean(f"no right to {found['verb']} {kind} {place}", _SHOWN)
    if found["user"] == "system:anonymous":
        return Forbidden(what, where=where, next_step="the server does not know us: check the context's user")
    return Forbidden(what, where=where, next_step=clean(f"ask for it on behalf of {found['user']}", _SHOWN))


def _advised(error: SourceError) -> SourceError:
    if isinstance(error, Unauthorized) and not error.next_step:
        error.what = "the server does not accept our credentials (401)"
        error.next_step = "the token may have expired, or the certificate: log in again, or choose another context"
    return error


def _plain(body: bytes) -> str:
    text = body[:4000].decode("utf-8", "replace")
    if "<" in text:  # a proxy's page: its title says more than its markup
        title = re.search(r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        text = title[1] if title else re.sub(r"<[^>]*>", " ", text)
    return clean(" ".join(text.split()), _SHOWN)
