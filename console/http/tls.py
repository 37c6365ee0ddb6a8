"""TLS for every client: whom we trust and who we are, and TLS on top of any byte stream.

Certificates come from memory, or from the files that settings name. The standard library takes a client certificate
from files only, so the pair is written with mode 0600 and unlinked at once. Opens no socket and decides no route.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from console.errors import ConfigError
from console.plugin import Stream
from console.tables import Tls

_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Trust:
    """PEM texts. Empty `authorities`: the system's own; `server_name` replaces the host in SNI and verification."""

    authorities: bytes = b""
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    verify: bool = True
    server_name: str = ""


def tls_context(trust: Trust, *, where: str = "") -> ssl.SSLContext:
    """A client context; one a server is enough, for it may be shared. Raises ConfigError that names `where`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # create_default_context costs 30 times as much
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust.authorities:
        try:
            context.load_verify_locations(cadata=trust.authorities.decode("ascii", "replace"))
        except (ssl.SSLError, ValueError) as error:
            raise ConfigError(f"the certificate authority is not PEM: {_reason(error)}", where=where) from error
    else:
        context.load_default_certs()
    if trust.certificate:
        load_identity(context, trust.certificate, trust.key, where=where)
    return context


def context_of(tls: Tls, *, where: str) -> ssl.SSLContext:
    """The context that a system's settings ask for. Reads their files: call it in a thread. Raises ConfigError."""
    files = {
        key: _content(key, path, where)
        for key, path in (("authorities", tls.ca_file), ("certificate", tls.certificate_file), ("key", tls.key_file))
        if path
    }
    return tls_context(Trust(**files, verify=tls.verify, server_name=tls.server_name), where=where)


def _content(what: str, path: str, where: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise ConfigError(f"the file of the {what}, {path}, cannot be read: {error.strerror}", where=where) from error


def load_identity(context: ssl.SSLContext, certificate: bytes, key: bytes, *, where: str = "") -> None:
    """Use this client certificate for connections that are opened from now on. Raises ConfigError."""
    handle, path = tempfile.mkstemp(prefix="pilothouse-", dir=_private_directory())  # created with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate.rstrip() + b"\n" + key)
        # Without a password OpenSSL would ask for one on the terminal, over the screen.
        context.load_cert_chain(path, password="not-asked")  # noqa: S106
    except (ssl.SSLError, ValueError, OSError) as error:
        raise ConfigError(
            f"the client certificate and its key cannot be used: {_reason(error)}",
            where=where,
            next_step="check that they belong together, and that the key is PEM without a password",
        ) from error
    finally:
        os.unlink(path)  # noqa: PTH108


def _private_directory() -> str | None:
    """Memory rather than a disk, where there is one."""
    for path in (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm"):  # noqa: S108
        if path and os.access(path, os.W_OK | os.X_OK):
            return path
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.__class__.__name__


class TlsStream:
    """TLS over any Stream, by memory buffers: a forwarded connection has no socket of its own."""

    def __init__(self, below: Stream, context: ssl.SSLContext, server_name: str | None) -> None:
        self._below = below
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=server_name)

    async def handshake(self) -> None:
        """Agree on keys and check the certificate; raises ssl.SSLError as sockets do."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()  # the alert tells the other side why
                raise
            else:
                await self._flush()
                return

    async def read(self, count: int) -> bytes:
        """At least one byte and at most `count`; empty at the end."""
        while True:
            try:
                return self._tls.read(count)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        if data:
            self._tls.write(data)  # a memory buffer takes everything: there are no partial writes
            await self._flush()

    async def close(self) -> None:
        """End both directions."""
        await self._below.close()

    @property
    def tls(self) -> ssl.SSLObject:
        """The TLS state, for its version, cipher and certificate."""
        return self._tls

    async def _flush(self) -> None:
        pending = self._out.read()
        if pending:
            await self._below.write(pending)

    async def _fill(self) -> None:
        received = await self._below.read(_CHUNK)
        if received:
            self._in.write(received)
        else:
            self._in.write_eof()
