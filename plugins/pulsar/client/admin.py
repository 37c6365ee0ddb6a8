"""The admin REST API: any broker answers for the cluster, or redirects to the one that can. One good broker is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict, TypeVar, Unpack

from console.errors import NotFound, Rejected, SourceError, Unreachable
from console.http import Answer, Params
from plugins.pulsar.client.kept import Kept
from plugins.pulsar.client.members import Members, host_of
from plugins.pulsar.client.web import Web, decoded, encoded
from plugins.pulsar.credentials import TokenSource

T = TypeVar("T")
_LIST_FOR = 15.0


class Options(TypedDict, total=False):
    """The rest of a request: query, bytes as they are, seconds."""

    params: Params
    raw: bytes
    deadline: float


class Admin:
    """`get` decodes, `call` sends. `base` asks one broker; without it any that answers."""

    def __init__(self, web: Web, members: Members, token: TokenSource, kept: Kept) -> None:
        self.web = web
        self.token = token
        self.kept = kept
        self.members = members
        self._good = ""

    async def call(self, method: str, path: str, *, body: Any = None, base: str = "", **more: Unpack[Options]) -> bytes:
        """The answer's body, empty where the server says nothing (unset values: 204, or 200 without a body)."""
        if body is not None:
            more["raw"] = encoded(body)
        return (await self.whole(method, path, base=base, **more)).body

    async def whole(self, method: str, path: str, *, base: str = "", **more: Unpack[Options]) -> Answer:
        """The answer of `base`, or of the first broker that can be reached; what may have been done is not repeated."""
        failed: SourceError | None = None
        for one in [base] if base else await self._bases():
            try:
                answer = await self.web.whole(
                    one,
                    method,
                    path,
                    params=more.get("params"),
                    body=more.get("raw"),
                    token=self.token,
                    deadline=more.get("deadline", 10.0),
                    allowed=self.is_ours,
                )
            except Unreachable as error:
                failed = error
                if method != "GET" and "no answer" in error.what:
                    raise
            else:
                if not base:
                    self._good = one
                return answer
        raise failed or Unreachable("no broker is known", where=path)

    async def get(
        self, path: str, form: type[T], *, params: Params = None, base: str = "", deadline: float = 10.0
    ) -> T:
        """The answer as `form`. Raises BadAnswer where it is not that."""
        return decoded(await self.call("GET", path, params=params, base=base, deadline=deadline), form, path)

    async def value(self, path: str, form: type[T]) -> T | None:
        """A value that may be unset: 204, an empty 200 and 404 are None."""
        try:
            body = await self.call("GET", path)
        except NotFound:
            return None
        return decoded(body, form, path) if body.strip() else None

    async def clusters(self) -> Sequence[str]:
        """Names of the clusters that are configured, the pseudo-cluster left out."""

        async def ask() -> Sequence[str]:
            return [name for name in await self.get("/admin/v2/clusters", list[str]) if name != "global"]

        return await self.kept.get("clusters", 300.0, ask)

    async def active(self) -> Sequence[str]:
        """`host:port` of the brokers that are registered now."""

        async def ask() -> Sequence[str]:
            try:
                return await self.get("/admin/v2/brokers", list[str])
            except (NotFound, Rejected):  # 2.10 and before: the cluster has to be named
                names = await self.clusters()
                return await self.get(f"/admin/v2/brokers/{names[0]}", list[str]) if names else []

        return await self.kept.get("active", _LIST_FOR, ask)

    async def is_ours(self, host: str) -> bool:
        """Whether a redirection to this host may carry the token."""
        known = {host_of(one) for one in await self.members.admins()}
        if host in known:
            return True
        return host in {host_of(one) for one in await self.active()}

    async def _bases(self) -> list[str]:
        bases = list(await self.members.admins())
        if self._good in bases:
            bases.remove(self._good)
            bases.insert(0, self._good)
        return bases


def text(body: bytes) -> str:
    """A plain answer (`ok`, a version); JSON strings lose their quotes."""
    return body.decode("utf-8", "replace").strip().strip('"')
