"""Lists in pages: the first page early, lost page tokens started over, large answers in parts.

Asks without a resourceVersion, so that what is shown is what is there now. Paging is as quick as one large answer, and
no page holds up the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from console.errors import Expired
from console.http import Answer
from plugins.kubernetes.client.connection import Connection
from plugins.kubernetes.client.decode import Decoder, Page

S = TypeVar("S", bound=msgspec.Struct)
_LARGE = 8 * 1024 * 1024
_STARTS = 3


class Selection(Struct, frozen=True):
    """What to list and watch: a collection's path, limited by label and field selectors."""

    path: str
    labels: str = ""
    fields: str = ""

    @property
    def plural(self) -> str:
        """The resource's name: the last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def group(self) -> str:
        """The API group; "" for the core."""
        parts = self.path.strip("/").split("/")
        return parts[1] if parts[0] == "apis" else ""

    @property
    def namespace(self) -> str:
        """The namespace in the path; "" where it means all of them, or where there is none."""
        parts = self.path.strip("/").split("/")
        return parts[-2] if len(parts) > 2 and parts[-3] == "namespaces" else ""  # noqa: PLR2004

    def inside(self, namespace: str) -> Selection:
        """The same in one namespace."""
        base = self.path.rsplit("/", 1)[0]
        return replace(self, path=f"{base}/namespaces/{namespace}/{self.plural}")

    def parameters(self) -> dict[str, str]:
        """The selectors as query parameters."""
        named = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return {name: value for name, value in named.items() if value}


async def pages(
    connection: Connection, selection: Selection, decoder: Decoder[S], *, limit: int = 250
) -> AsyncGenerator[Page[S]]:
    """The pages of a list; the next one is under way while rows are made of this one. Close it (`aclosing`).

    A page token that is too old starts the list over: rows come again, none is missed, and the version is that of the
    last start. Raises a SourceError; `where` is the server and path.
    """
    where = f"{connection.server}{selection.path}"
    token = ""
    starts = 1
    ahead: asyncio.Task[Answer] | None = None
    try:
        while True:
            try:
                answer = await (ahead or _page(connection, selection, token, limit if starts < _STARTS else 0))
            except Expired:
                if not token or starts >= _STARTS:
                    raise
                token, ahead = "", None
                starts += 1
                continue
            ahead = None
            whole = len(answer.body) <= _LARGE
            for page in decoder.page(answer.body, where).parts() if whole else decoder.split(answer.body, where):
                token = page.next
                if token and ahead is None:
                    ahead = asyncio.create_task(_page(connection, selection, token, limit))
                await asyncio.sleep(0)  # decoding and making rows are two slices of the loop's time
                yield page
            if not token:
                return
    finally:
        if ahead is not None:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)


async def _page(connection: Connection, selection: Selection, token: str, limit: int) -> Answer:
    """One page. The last try asks for everything at once (`limit` 0): that has no token to lose."""
    params = selection.parameters()
    if limit:
        params["limit"] = str(limit)
    if token:
        params["continue"] = token
    return await connection.fetch(selection.path, params=params)
