"""A container's log as lines of bytes, as they were written. Cleaning and keeping is for whoever shows them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from urllib.parse import quote

from msgspec import Struct

from console.http import Truncated
from plugins.kubernetes.client.connection import Connection

_LONGEST = 256 * 1024


class LogRequest(Struct, frozen=True):
    """What to read: `since` in seconds back, `tail` in lines, `previous`: of the container before its last restart."""

    namespace: str
    pod: str
    container: str = ""
    follow: bool = False
    previous: bool = False
    since: float | None = None
    tail: int | None = None
    timestamps: bool = False

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{quote(self.namespace)}/pods/{quote(self.pod)}/log"

    def parameters(self) -> dict[str, str]:
        """As query parameters."""
        params = {name: "true" for name in ("follow", "previous", "timestamps") if getattr(self, name)}
        if self.container:
            params["container"] = self.container
        if self.since is not None:
            params["sinceSeconds"] = str(max(1, round(self.since)))
        if self.tail is not None:
            params["tailLines"] = str(self.tail)
        return params


async def stream_logs(connection: Connection, query: LogRequest) -> AsyncIterator[bytes]:
    """Lines without their ends. A followed log may be silent for ever; a line of more than 256 KiB comes in parts.

    Raises a SourceError where the log cannot be had; a connection that breaks in the middle ends it with an error.
    """
    idle = None if query.follow else connection.manner.request_timeout
    tail = b""
    async with connection.stream(query.path, params=query.parameters(), idle=idle) as answer:
        try:
            async with aclosing(answer.chunks()) as chunks:
                async for chunk in chunks:
                    lines = (tail + chunk).split(b"\n")
                    tail = lines.pop()
                    for line in lines:
                        yield line.removesuffix(b"\r")
                    if len(tail) > _LONGEST:
                        yield tail
                        tail = b""
        except Truncated:
            if not query.follow:
                raise
    if tail:
        yield tail
