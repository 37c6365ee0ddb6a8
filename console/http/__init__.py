"""The one HTTP client factory, and the only package that imports httpx. Every plugin's HTTP is made here.

client      requests and streams to one server, with credentials, deadlines and keep-alive
failures    status codes and transport errors -> console errors, told in words
proxies     which proxy is right for a URL; our own rule, since no library reads no_proxy as people write it
backend     connections by a dialer instead of the machine's own network
tls         whom we trust and who we are, from memory; TLS over any stream
"""

from __future__ import annotations

from console.http.client import Answer, Credentials, HttpClient, Params, Streaming, Target
from console.http.failures import Silent, Truncated, status_error, transport_error
from console.http.proxies import proxy_for
from console.http.tls import TlsStream, Trust, load_identity, tls_context

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
    "load_identity",
    "proxy_for",
    "status_error",
    "tls_context",
    "transport_error",
]
