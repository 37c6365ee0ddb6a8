"""A socket that reaches a server through a proxy: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS 5 (RFC 1928, 1929).

Owned here and not left to the libraries, so that requests and WebSockets go the same way, with the same TLS names, and
SOCKS needs no further library. The far name is always resolved by the proxy. Refuses proxies that are reached by TLS.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import socket
from urllib.parse import SplitResult, unquote, urlsplit

from console.errors import ConfigError, Unreachable
from console.text import clean

_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}
_LONGEST_HEAD = 16 * 1024
_VERSION, _CONNECT, _NO_LOGIN, _LOGIN, _NO_WAY = 5, 1, 0, 2, 0xFF
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LONGEST_WORD = 255
_REFUSALS = {
    1: "it failed",
    2: "its rules do not allow it",
    3: "it has no route to that network",
    4: "it cannot reach that host",
    5: "that host refuses the connection",
    6: "that host did not answer in time",
    7: "it does not know how to connect",
    8: "it does not know that kind of address",
}


def tunnels(proxy: str, scheme: str) -> bool:
    """Whether a server of `scheme` is reached by a tunnel of ours through `proxy`, and not in the library's own way."""
    kind = urlsplit(proxy).scheme
    return kind in {"socks5", "socks5h"} or (kind == "http" and scheme in {"https", "wss"})


async def connect(proxy: str, host: str, port: int) -> socket.socket:
    """A socket whose next byte goes to `host:port`.

    Raises Unreachable where the proxy is not there or refuses, ConfigError for a kind not spoken here, and OSError.
    """
    parts = urlsplit(proxy)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError("no tunnel is made through a proxy of this kind", where=_shown(parts))
    reader = await _open(parts)
    try:
        if parts.scheme == "http":
            await _by_http(reader, parts, host, port)
        else:
            await _by_socks(reader, parts, host, port)
    except BaseException:
        reader.close()
        raise
    return reader


async def _open(parts: SplitResult) -> socket.socket:
    """Connected to the proxy, at the first of its addresses that answers."""
    loop = asyncio.get_running_loop()
    at = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
    failed: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(*at, type=socket.SOCK_STREAM):
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        try:
            await loop.sock_connect(made, address)
        except OSError as error:
            made.close()
            failed = error
        except BaseException:
            made.close()
            raise
        else:
            with contextlib.suppress(OSError):
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
    where = _shown(parts)
    raise Unreachable(
        "the proxy cannot be reached", where=where, next_step="check proxy-url or https_proxy"
    ) from failed


async def _by_http(wire: socket.socket, parts: SplitResult, host: str, port: int) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", "User-Agent: pilothouse"]
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(wire, ("\r\n".join(lines) + "\r\n\r\n").encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):  # byte by byte at the end, since what follows is not ours to read
        head += await _some(wire, 1, parts)
        if len(head) > _LONGEST_HEAD:
            raise Unreachable("the proxy's answer has no end", where=_shown(parts))
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    words = status.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():  # noqa: PLR2004
        raise Unreachable("it does not answer as a proxy does", where=_shown(parts))
    code = int(words[1])
    if not 200 <= code < 300:  # noqa: PLR2004
        advice = "it wants a name and a password: proxy-url http://NAME:PASSWORD@HOST" if code == 407 else ""  # noqa: PLR2004
        what = f"the proxy refuses the way to {target}: {clean(' '.join(words[1:]), 200)}"
        raise Unreachable(what, where=_shown(parts), next_step=advice)


async def _by_socks(wire: socket.socket, parts: SplitResult, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    methods = bytes([_NO_LOGIN, _LOGIN]) if parts.username is not None else bytes([_NO_LOGIN])
    await loop.sock_sendall(wire, bytes([_VERSION, len(methods)]) + methods)
    version, method = await _some(wire, 2, parts)
    if version != _VERSION:
        raise Unreachable("it does not answer as a SOCKS 5 proxy does", where=_shown(parts))
    if method == _LOGIN and parts.username is not None:
        words = [unquote(word).encode() for word in (parts.username, parts.password or "")]
        await loop.sock_sendall(wire, b"\x01" + b"".join(bytes([min(len(w), 255)]) + w[:255] for w in words))
        if (await _some(wire, 2, parts))[1]:
            raise Unreachable("the proxy does not accept the name and password", where=_shown(parts))
    elif method != _NO_LOGIN:
        advice = "socks5://NAME:PASSWORD@HOST"
        raise Unreachable("the proxy wants a login that we do not have", where=_shown(parts), next_step=advice)
    await loop.sock_sendall(wire, bytes([_VERSION, _CONNECT, 0]) + _address(host) + port.to_bytes(2, "big"))
    _, reply, _, kind = await _some(wire, 4, parts)
    if reply:
        why = _REFUSALS.get(reply, f"reason {reply}")
        raise Unreachable(f"the proxy does not open the way to {host}:{port}: {why}", where=_shown(parts))
    rest = {_IPV4: 4, _IPV6: 16}.get(kind) or (await _some(wire, 1, parts))[0]
    await _some(wire, rest + 2, parts)  # where it connects from, which nobody needs


def _address(host: str) -> bytes:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")[:_LONGEST_WORD]
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if found.version == 4 else _IPV6]) + found.packed  # noqa: PLR2004


async def _some(wire: socket.socket, count: int, parts: SplitResult) -> bytes:
    """Exactly `count` bytes, and not one more: what follows belongs to whoever uses the tunnel."""
    found = b""
    while len(found) < count:
        more = await asyncio.get_running_loop().sock_recv(wire, count - len(found))
        if not more:
            raise Unreachable("the proxy ended the connection", where=_shown(parts))
        found += more
    return found


def _shown(parts: SplitResult) -> str:
    """The proxy without its password."""
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
