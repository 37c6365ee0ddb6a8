"""The binary protocol by a child process (`plugins.pulsar.speaking`), and the way on which it reaches the brokers.

The library follows brokers' own addresses and takes no dialer: inside a platform it goes through a proxy's pod, by a
port on loopback that lives as long as the job. Where there is no way, that is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from console.errors import BadAnswer, NotFound, Rejected, SourceError, Unreachable
from console.forward import HOST, Forwards
from console.plugin import Reach
from console.text import clean
from plugins.pulsar.client.brokers import Brokers
from plugins.pulsar.client.members import Members
from plugins.pulsar.config import Settings
from plugins.pulsar.credentials import TokenSource
from plugins.pulsar.finding import SERVICE_PORT
from plugins.pulsar.speaking import NO_LIBRARY

WITHIN = 10
"""Seconds that the library may take for one operation."""
_LONGEST = 1024 * 1024


class Missing(NotFound):
    """The library cannot be imported here."""


class Spoken(msgspec.Struct, frozen=True):
    """One line of the child: what it did, a message, or an error."""

    error: str = ""
    ready: bool = False
    sent: bool = False
    received: bool | None = None
    id: str = ""
    topic: str = ""
    at: int = 0
    key: str = ""
    body: bytes = b""
    size: int = 0


class Speaker:
    """See the module."""

    def __init__(
        self, settings: Settings, reach: Reach, *, members: Members, brokers: Brokers, token: TokenSource
    ) -> None:
        self._settings = settings
        self._reach = reach
        self._members = members
        self._brokers = brokers
        self._token = token

    @asynccontextmanager
    async def speak(self, do: str, topic: str) -> AsyncGenerator[AsyncGenerator[Spoken]]:
        """Lines of a job (`tail`, `round`) until it ends or is left. Raises Missing, Unreachable, Rejected."""
        async with self._service() as service:
            job = {
                "do": do,
                "service": service,
                "topic": topic,
                "within": WITHIN,
                "token": (await self._token.token()).value,
                "ca": self._settings.access.ca_file,
                "insecure": not self._settings.access.verify,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "plugins.pulsar.speaking",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST,
            )
            lines = _lines(process, job)
            try:
                yield lines
            finally:
                await lines.aclose()
                await _end(process)

    @asynccontextmanager
    async def _service(self) -> AsyncGenerator[str]:
        """A service URL that works from here."""
        if self._settings.service or self._settings.place is None:
            yield self._settings.service or await self._advertised()
            return
        platform, proxies = self._reach.platform, await self._members.proxies()
        if not proxies or platform is None:
            raise Unreachable(
                "brokers are reached by in-cluster names, and there is no proxy to go through",
                next_step='name one: service = "pulsar://HOST:6650" in [[pulsar]]',
            )
        forwards, host = Forwards(), proxies[0].host
        door = await forwards.open("pulsar", SERVICE_PORT, lambda: platform.dial(host, SERVICE_PORT))
        try:
            yield f"pulsar://{HOST}:{door.local}"
        finally:
            await forwards.aclose()

    async def _advertised(self) -> str:
        for row in await self._brokers.rows():
            if row.load is not None and row.load.pulsar_service_url:
                return row.load.pulsar_service_url
        raise Unreachable("no broker says where it takes messages", next_step="name it: service in [[pulsar]]")


async def _lines(process: asyncio.subprocess.Process, job: dict[str, Any]) -> AsyncGenerator[Spoken]:
    assert process.stdin is not None  # noqa: S101 - they are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(json.dumps(job).encode() + b"\n")  # stays open: its end is how we say that we are gone
    with contextlib.suppress(OSError):
        await process.stdin.drain()
    async for line in process.stdout:
        try:
            spoken = msgspec.json.decode(line, type=Spoken)
        except msgspec.MsgspecError as error:
            raise BadAnswer(
                "the child process said something else than lines of JSON", where="pulsar-client"
            ) from error
        if spoken.error:
            raise await _failure(process, spoken.error)
        yield spoken
    code = await process.wait()
    if code:
        raise Unreachable(f"the library's process ended with code {code}", where="pulsar-client")


async def _failure(process: asyncio.subprocess.Process, said: str) -> SourceError:
    text = clean(said, 300)
    if await process.wait() == NO_LIBRARY:
        return Missing(f"pulsar-client cannot be imported here ({text})", next_step="install pulsar-client")
    if "imeout" in text:
        return Unreachable(f"no answer in time ({text})", where="pulsar-client")
    return Rejected(text, where="pulsar-client")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()
