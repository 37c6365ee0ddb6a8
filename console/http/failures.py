"""Every failure of HTTP as a console error: what happened, where, and what to do, told in words.

Knows status codes and the errors of the HTTP library; what an error's body means is told by the caller.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import httpx

from console.errors import (
    BadAnswer,
    Conflict,
    Expired,
    Forbidden,
    NotFound,
    Rejected,
    ServerFault,
    SourceError,
    Throttled,
    Unauthorized,
    Unreachable,
)
from console.text import clean

_DEFAULT_WAIT = 1.0
_LONGEST_WAIT = 3600.0
_BY_STATUS: dict[int, type[SourceError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    412: Conflict,
}

_WORDS: tuple[tuple[type[httpx.HTTPError], str], ...] = (
    (httpx.PoolTimeout, "all connections are busy"),
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.TimeoutException, "no answer in time"),
    (httpx.RemoteProtocolError, "the server closed the connection without an answer, or does not speak HTTP"),
)


class Silent(Unreachable):
    """A connection that was there said nothing for the time that was allowed."""


class Truncated(BadAnswer):
    """An answer that ended in the middle."""


def status_error(status: int, message: str, headers: Mapping[str, str], where: str) -> SourceError:
    """The error of an answer with `status` of 300 or above; `message` is the server's own, cleaned here."""
    text = clean(message, 2000) or f"HTTP status {status}"
    wait = retry_after(headers)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None):
        return Throttled(text, where=where, retry_after=_DEFAULT_WAIT if wait is None else wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFault(text, where=where)
    if status < HTTPStatus.BAD_REQUEST:
        return BadAnswer(f"the server answers with a redirection ({status})", where=where)
    return _BY_STATUS.get(status, Rejected)(text, where=where)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks us to wait; None where it does not say, or says it as a date (rare, and skewed)."""
    try:
        return min(max(float(headers.get("retry-after", "")), 0.0), _LONGEST_WAIT)
    except ValueError:
        return None


def transport_error(error: Exception, where: str) -> SourceError:
    """No (whole) answer: which of name, route, refusal, TLS or time it was."""
    if isinstance(error, SourceError):
        return error
    for cause in _causes(error):
        if isinstance(cause, SourceError):
            return cause
        if told := _told(cause):
            return Unreachable(told[0], where=where, next_step=told[1])
    if isinstance(error, httpx.ReadTimeout):
        return Silent("no answer in time", where=where)
    for kind, what in _WORDS:
        if isinstance(error, kind):
            return Unreachable(what, where=where)
    if isinstance(error, httpx.DecodingError):
        return BadAnswer("the answer's compression is broken", where=where)
    return Unreachable(clean(str(error)) or type(error).__name__, where=where)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _told(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the server's certificate is not accepted: {error.verify_message}",
            "check the certificate authority and the server's name (tls-server-name)",
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(getattr(error, 'reason', None) or str(error)).replace('_', ' ').lower()}", ""
    if isinstance(error, socket.gaierror):
        return "the server's name is not known", "check the address, VPN and DNS"
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused: nothing listens there", ""
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was cut by the other side", ""
    if isinstance(error, OSError) and error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}:
        return "there is no route to the server", "check the network or VPN"
    return None
