"""The one HTTP client factory, and the only package that imports httpx. Every plugin's HTTP is made here.

client      requests and streams to one server, with credentials, deadlines and keep-alive
failures    status codes and transport errors -> console errors, told in words
proxies     which proxy is right for a URL; our own rule, since no library reads no_proxy as people write it
backend     connections by a dialer instead of the machine's own network
sockets     connections over asyncio's own streams, which read what has arrived
tunnels     sockets that reach a server through a proxy, for requests and WebSockets alike
tls         whom we trust and who we are, from memory; TLS over any stream
waiting     what the library takes from anyio, made of asyncio's own
"""

# ruff: noqa: E402 - what is said to the import system must be said before the library is imported

from __future__ import annotations

import sys

# httpx brings a command line that imports click, pygments and half of rich (measured: 60 ms of the way to the first
# rows). It does without where that is "known to be missing", as the import system calls it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

from console.http import waiting

waiting.bring()

from console.http.client import Answer, Credentials, HttpClient, Params, Streaming, Target
from console.http.failures import Silent, Truncated, status_error, transport_error
from console.http.proxies import check_proxy, proxy_for
from console.http.tls import TlsStream, Trust, context_of, load_identity, tls_context

__all__ = [
    "Answer",
    "Credentials",
    "HttpClient",
    "Params",
    "Silent",
    "Streaming",
    "Target",
    "TlsStream",
    "Truncated",
    "Trust",
    "check_proxy",
    "context_of",
    "load_identity",
    "proxy_for",
    "status_error",
    "tls_context",
    "transport_error",
]
