"""Login helpers (exec credential plugins): run by us without a terminal, bounded in time and output, kept until expiry.

A helper that prompts would write over the screen and eat keys: it gets no input, its own session, and pipes. One run is
in flight, whoever asks; a failure is not repeated at once, so that nobody's identity provider is hammered.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from console.clock import Clock
from console.errors import Unauthorized
from console.text import clean
from plugins.kubernetes.client.kubeconfig import Cluster, ExecPlugin

_MOST_OUTPUT = 1024 * 1024
_TAIL = 600
_FAILURE_KEPT = 10.0
_LONGEST_FAILURE = 120.0
_RENEWED_AT_MOST_EVERY = 30.0


class _Given(msgspec.Struct, rename="camel"):
    token: str | None = None
    expiration_timestamp: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Given | None = None


@dataclass(frozen=True, slots=True)
class _Login:
    token: str = field(repr=False)
    until: float | None
    """Epoch seconds at which it must be renewed; None: when the server refuses it."""


class Helper:
    """Credentials that a program gives. `use_certificate` takes a certificate and key that it gives instead."""

    def __init__(
        self,
        plugin: ExecPlugin,
        cluster: Cluster,
        *,
        use_certificate: Callable[[bytes, bytes], None],
        clock: Clock,
        timeout: float,
    ) -> None:
        self._plugin = plugin
        self._cluster = cluster
        self._use_certificate = use_certificate
        self._clock = clock
        self._timeout = timeout
        self._login: _Login | None = None
        self._running: asyncio.Task[_Login] | None = None
        self._failure: Unauthorized | None = None
        self._failures = 0
        self._failed_at = self._renewed_at = float("-inf")

    async def headers(self) -> Mapping[str, str]:
        login = self._login
        if login is None or (login.until is not None and self._clock.now() >= login.until):
            login = await self._run_once()
        return {"Authorization": f"Bearer {login.token}"} if login.token else {}

    async def renew(self, refused: Mapping[str, str]) -> bool:
        now = self._clock.monotonic()
        if self._running is None and (await self.headers()) == refused:
            if now - self._renewed_at < _RENEWED_AT_MOST_EVERY:
                return False
            self._renewed_at = now
            self._login = None
        return (await self.headers()) != refused

    async def _run_once(self) -> _Login:
        """Join the run that is in flight, or start one. A caller that gives up does not end it for the others."""
        wait = min(_FAILURE_KEPT * 2 ** max(self._failures - 1, 0), _LONGEST_FAILURE)
        if self._failure is not None and self._clock.monotonic() - self._failed_at < wait:
            raise self._failure
        if self._running is None:
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(self._done)
        return await asyncio.shield(self._running)

    def _done(self, task: asyncio.Task[_Login]) -> None:
        self._running = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._login, self._failure, self._failures = task.result(), None, 0
        elif isinstance(error, Unauthorized):
            self._failure, self._failed_at = error, self._clock.monotonic()
            self._failures += 1

    async def _run(self) -> _Login:
        if self._plugin.interactive_mode == "Always":
            raise self._error("needs a terminal (interactiveMode: Always)", "log in with it in a shell first")
        environ = {**os.environ, **dict(self._plugin.env), "KUBERNETES_EXEC_INFO": self._exec_info()}
        try:
            process = await asyncio.create_subprocess_exec(
                self._plugin.command,
                *self._plugin.args,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                cwd=self._plugin.folder,
                env=environ,
            )
        except FileNotFoundError as error:
            raise self._error("is not installed", self._plugin.install_hint) from error
        except OSError as error:
            raise self._error(f"cannot be started: {error.strerror}") from error
        output, complaint = await self._outcome(process)
        if process.returncode:
            words = clean(" ".join(complaint.decode("utf-8", "replace").split())[-_TAIL:]) or "it said nothing"
            raise self._error(f"failed with exit code {process.returncode}: {words}")
        return self._accept(output)

    async def _outcome(self, process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
        try:
            async with asyncio.timeout(self._timeout):
                output, complaint, _ = await asyncio.gather(
                    _head(process.stdout), _last(process.stderr), process.wait()
                )
        except BaseException as error:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads a session: whatever it started ends too
            await process.wait()
            if isinstance(error, TimeoutError):
                advice = "run it in a shell: it may be waiting for an answer or a browser"
                raise self._error(f"gave nothing within {self._timeout:g} s", advice) from error
            raise
        return output, complaint

    def _accept(self, output: bytes) -> _Login:
        """Read an ExecCredential; its text is never shown, since it holds the token."""
        try:
            answer = msgspec.json.decode(output, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            what = "no ExecCredential" if output.strip() else "nothing"
            raise self._error(f"printed {what}", "run it in a shell to see what it says") from None
        if answer.kind != "ExecCredential" or answer.status is None:
            raise self._error("printed no ExecCredential with a status")
        if answer.api_version != self._plugin.api_version:
            told = clean(answer.api_version, 80)
            raise self._error(f"speaks {told}, the kubeconfig asks for {self._plugin.api_version}")
        given = answer.status
        if given.client_certificate_data and given.client_key_data:
            self._use_certificate(given.client_certificate_data.encode(), given.client_key_data.encode())
        elif not given.token:
            raise self._error("gave neither a token nor a certificate with its key")
        elif not given.token.isascii() or not given.token.strip().isprintable():
            raise self._error("gave a token with characters that no token has")
        return _Login((given.token or "").strip(), self._renewal(given.expiration_timestamp))

    def _renewal(self, expiry: str | None) -> float | None:
        if not expiry:
            return None
        try:
            ends = datetime.datetime.fromisoformat(expiry).timestamp()
        except ValueError:
            raise self._error("gave an expirationTimestamp that is no time") from None
        life = max(0.0, ends - self._clock.now())
        return ends - min(60.0, life / 10)

    def _exec_info(self) -> str:
        spec: dict[str, Any] = {"interactive": False}
        if self._plugin.provide_cluster_info:
            told = {
                "server": self._cluster.server,
                "tls-server-name": self._cluster.tls_server_name,
                "insecure-skip-tls-verify": self._cluster.skip_tls_verify,
                "certificate-authority-data": base64.b64encode(self._cluster.authorities).decode(),
                "proxy-url": self._cluster.proxy_url,
                "disable-compression": self._cluster.disable_compression,
                "config": self._cluster.exec_config,
            }
            spec["cluster"] = {key: value for key, value in told.items() if value}
        told_all = {"apiVersion": self._plugin.api_version, "kind": "ExecCredential", "spec": spec}
        return msgspec.json.encode(told_all).decode()

    def _error(self, what: str, advice: str = "") -> Unauthorized:
        name = clean(self._plugin.command, 200)
        return Unauthorized(f"the login helper {name} {what}", where=self._cluster.server, next_step=advice)


async def _head(stream: asyncio.StreamReader | None) -> bytes:
    """Everything, up to what a credential can be; more is read and dropped, so that the helper can end."""
    parts: list[bytes] = []
    size = 0
    while stream is not None and (chunk := await stream.read(65536)):
        size += len(chunk)
        if size <= _MOST_OUTPUT:
            parts.append(chunk)
    return b"".join(parts)


async def _last(stream: asyncio.StreamReader | None) -> bytes:
    """The end of what was said."""
    tail = b""
    while stream is not None and (chunk := await stream.read(65536)):
        tail = (tail + chunk)[-8 * _TAIL :]
    return tail
