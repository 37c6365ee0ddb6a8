"""Which proxy is right for a URL: an explicit one, else the environment's, minus no_proxy. Pure: reads no environment.

The rule is that of Go's clients, which operators know from kubectl: names match themselves and their subdomains, a
leading dot only subdomains, addresses match exactly or by network, `*` is everything, a port limits an entry.
Loopback is never sent to a proxy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from console.errors import ConfigError
from console.text import clean

_PORTS = {"http": 80, "https": 443}
_SPOKEN = {"http", "https", "socks5", "socks5h"}


def proxy_for(url: str, environ: Mapping[str, str], *, explicit: str = "") -> str:
    """The proxy's URL, or "" for none. An `explicit` one (a kubeconfig's proxy-url) wins and heeds no no_proxy."""
    if explicit:
        return explicit
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    # HTTP_PROXY in upper case is set by CGI servers from a request's header: lower case only, as Go and curl do.
    names = ("https_proxy", "HTTPS_PROXY") if scheme == "https" else ("http_proxy",)
    proxy = next((environ[name] for name in names if environ.get(name)), "")
    if not proxy:
        return ""
    excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if bypasses(parts.hostname or "", parts.port or _PORTS.get(scheme, 0), excluded):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def check_proxy(proxy: str, *, where: str) -> None:
    """Raise ConfigError for a proxy that nobody here can use, with the way out. `where`: who named it."""
    parts = urlsplit(proxy)
    if parts.scheme not in _SPOKEN or not parts.hostname:
        shown = f"{parts.scheme}://{parts.hostname or ''}" if parts.scheme else proxy
        raise ConfigError(
            f"this proxy cannot be used: {clean(shown, 200)}",
            where=where,
            next_step="http, https, socks5 and socks5h are spoken; where there is only another one, forward a port to "
            "the server (ssh -L), name that port as `server` and the server's own name as `tls-server-name`",
        )


def bypasses(host: str, port: int, no_proxy: str) -> bool:
    """Whether `host:port` is to be reached without a proxy."""
    host = host.lower().rstrip(".")
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_matches(entry.strip().lower(), host, port, address) for entry in no_proxy.split(","))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _matches(entry: str, host: str, port: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    if not entry or entry == "*":
        return entry == "*"
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, wanted = _split_port(entry)
    if wanted is not None and wanted != port:
        return False
    if address is not None:
        return _address(name) == address
    if name.startswith("*."):
        name = name[1:]
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith("." + name)


def _split_port(entry: str) -> tuple[str, int | None]:
    if _address(entry) is not None:  # a bare IPv6 address has colons, but no port
        return entry, None
    name, colon, port = entry.rpartition(":")
    return (name, int(port)) if colon and port.isdigit() else (entry, None)
