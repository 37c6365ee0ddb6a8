"""Logins that only the official package knows (auth-provider: OIDC and its like), by its config loader.

It is imported late and runs in a thread of its own: it blocks, and on a terminal it would prompt. It may never write
the kubeconfig (its default), and its certificate files live in a folder that goes away at once.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from console.clock import Clock
from console.errors import Unauthorized
from console.text import clean
from plugins.kubernetes.client.kubeconfig import Context

_KEPT = 30.0


class Official:
    """Credentials of a user with an auth-provider. Loaded at the first request; refreshed by the package itself."""

    def __init__(self, context: Context, *, clock: Clock, timeout: float) -> None:
        self._context = context
        self._clock = clock
        self._timeout = timeout
        self._configuration: Any = None
        self._headers: Mapping[str, str] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        async with self._lock:
            if self._clock.monotonic() - self._read_at >= _KEPT:
                try:
                    async with asyncio.timeout(self._timeout):
                        token = await asyncio.to_thread(self._ask)
                except TimeoutError as error:
                    raise self._error(f"gave nothing within {self._timeout:g} s") from error
                if not token:
                    raise self._error("gave no token", "log in again with kubectl, or use a login helper (exec)")
                self._headers = {"Authorization": token}
                self._read_at = self._clock.monotonic()
            return self._headers

    async def renew(self, refused: Mapping[str, str]) -> bool:
        async with self._lock:
            self._configuration = None  # the kubeconfig may have been renewed by somebody else
            self._read_at = float("-inf")
        return (await self.headers()) != refused

    def _ask(self) -> str:
        """The Authorization header. Runs in a thread; the package refreshes the token where it must."""
        try:
            if self._configuration is None:
                self._configuration = self._load()
            return str(self._configuration.get_api_key_with_prefix("BearerToken") or "").strip()
        except Exception as error:  # the package and its helpers raise whatever they like
            raise self._error(f"failed: {clean(str(error), 200) or type(error).__name__}") from error

    def _load(self) -> Any:
        from kubernetes import client, config  # pyright: ignore[reportMissingTypeStubs]

        configuration: Any = client.Configuration()
        files = os.pathsep.join(str(file) for file in self._context.files)
        with tempfile.TemporaryDirectory(prefix="pilothouse-") as folder:
            config.load_kube_config(  # pyright: ignore[reportUnknownMemberType]
                config_file=files,
                context=self._context.name,
                client_configuration=configuration,
                persist_config=False,
                temp_file_path=folder,
            )
        return configuration

    def _error(self, what: str, advice: str = "") -> Unauthorized:
        name = clean(self._context.user.auth_provider, 80)
        return Unauthorized(f"the auth-provider {name} {what}", where=self._context.cluster.server, next_step=advice)
