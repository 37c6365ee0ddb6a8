"""The client of one cluster, as sources, actions and offers get it: verbs on paths, tables, logs, rights, discovery.

Constructing it touches no network: a dead context costs nothing until it is asked. Bodies are JSON values; what is hot
goes through watching.py instead. Every failure is a SourceError.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from console.errors import BadAnswer, SourceError
from console.plugin import Right, Stream
from plugins.kubernetes.client.answers import Refusal
from plugins.kubernetes.client.connection import Connection, Manner
from plugins.kubernetes.client.decode import Decoder
from plugins.kubernetes.client.discovery import Discovery, Resource, Version
from plugins.kubernetes.client.evicting import Eviction, Outcome, judge
from plugins.kubernetes.client.kubeconfig import Context
from plugins.kubernetes.client.listing import Selection, pages
from plugins.kubernetes.client.logs import LogRequest, stream_logs
from plugins.kubernetes.client.position import Position
from plugins.kubernetes.client.rights import Identity, Rights
from plugins.kubernetes.client.tables import TABLE_HEADERS, Table, read_table
from plugins.kubernetes.config import Settings

if TYPE_CHECKING:
    from plugins.kubernetes.client.channels import Exec
    from plugins.kubernetes.client.dialer import Dialer
    from plugins.kubernetes.client.tokens import Tokens
    from plugins.kubernetes.model.etcd import EtcdMember

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")
FIELD_MANAGER = "pilothouse"
_STREAMING_SINCE = (1, 32)
_PATCHES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Api:
    """One cluster. Nothing connects before the first call."""

    def __init__(self, context: Context, settings: Settings | None = None, manner: Manner | None = None) -> None:
        self.context = context
        self.settings = settings or Settings()
        self.manner = manner or Manner()
        self.connection = Connection(context, self.manner)
        self.discovery = Discovery(self.connection)
        self.rights = Rights(self.connection, self.manner.clock)
        self._dialer: Dialer | None = None
        self._tokens: Tokens | None = None
        self._without_streaming: set[str] = set()
        self._positions: WeakKeyDictionary[object, dict[Selection, Position]] = WeakKeyDictionary()

    @property
    def namespace(self) -> str:
        """The namespace that is meant when none is named."""
        return self.context.namespace

    async def aclose(self) -> None:
        """Close all connections."""
        await self.connection.aclose()

    # ------------------------------------------------------------------------------------------------------- reading

    async def version(self) -> Version:
        """The server's version, asked once."""
        return await self.discovery.version()

    async def get(self, path: str, *, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One object, or whatever JSON mapping `path` gives."""
        return self._json(await self.raw("GET", path, params=params), path)

    async def read(self, path: str, form: type[T]) -> T:
        """One object in the form of a Struct."""
        return self._decoded(await self.raw("GET", path), form, path)

    async def list(self, path: str, item: type[S], *, labels: str = "", fields: str = "") -> list[S]:
        """A whole list in slim objects, read in pages. Objects that cannot be read are left out."""
        found: list[S] = []
        selection = Selection(path, labels, fields)
        async with aclosing(pages(self.connection, selection, Decoder(item), limit=self.settings.page_size)) as listed:
            async for page in listed:
                found.extend(page.items)
        return found

    async def raw(  # noqa: PLR0913
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> bytes:
        """Any request; the bytes of its answer."""
        answer = await self.connection.request(
            method, path, params=params, content=body, headers=headers, deadline=deadline
        )
        return answer.body

    async def table(self, path: str, *, labels: str = "", fields: str = "") -> Table:
        """A collection as the server prints it: columns and cells, whatever the kind."""
        params = Selection(path, labels, fields).parameters() | {"includeObject": "Metadata"}
        return read_table(await self.raw("GET", path, params=params, headers=TABLE_HEADERS), path)

    def stream_logs(self, query: LogRequest) -> AsyncIterator[bytes]:
        """Lines of a container's log, without line ends and as they are; ends when the log does."""
        return stream_logs(self.connection, query)

    # --------------------------------------------------------------------------------------------- connections to pods

    async def exec(  # noqa: PLR0913
        self,
        namespace: str,
        pod: str,
        command: Sequence[str],
        *,
        container: str = "",
        stdin: bool = False,
        tty: bool = False,
    ) -> Exec:
        """Start a command in a container."""
        from plugins.kubernetes.client import channels

        return await channels.run(self.connection, namespace, pod, command, container=container, stdin=stdin, tty=tty)

    async def etcd_members(self, pod: str) -> tuple[EtcdMember, ...]:
        """Etcd's members and whether they are healthy, as the one in `pod` says."""
        from plugins.kubernetes.client import etcd

        return await etcd.members(self, pod)

    async def forward(self, namespace: str, pod: str, port: int) -> Stream:
        """One connection to a port of a pod, through the API server."""
        from plugins.kubernetes.client import channels

        return await channels.forward(self.connection, namespace, pod, port)

    async def dial(self, host: str, port: int) -> Stream:
        """One connection to an in-cluster name, by the way that is right from here."""
        from plugins.kubernetes.client.dialer import Dialer

        if self._dialer is None:
            self._dialer = Dialer(self)
        return await self._dialer(host, port)

    @property
    def tokens(self) -> Tokens:
        """Bootstrap tokens and what is signed with them."""
        from plugins.kubernetes.client.tokens import Tokens

        if self._tokens is None:
            self._tokens = Tokens(self)
        return self._tokens

    # ------------------------------------------------------------------------------------------------------- writing

    async def create(self, path: str, body: object, *, dry_run: bool = False) -> dict[str, Any]:
        """POST `body` to the collection `path`; Conflict where it exists."""
        return await self._write("POST", path, body, dry_run=dry_run)

    async def replace(self, path: str, body: object, *, dry_run: bool = False) -> dict[str, Any]:
        """PUT; Conflict where `metadata.resourceVersion` in `body` is not the present one."""
        return await self._write("PUT", path, body, dry_run=dry_run)

    async def patch(
        self, path: str, body: object, *, kind: str = "merge", dry_run: bool = False, force: bool = False
    ) -> dict[str, Any]:
        """PATCH; `kind` is merge, strategic, json or apply (with `force`: take over fields of other managers)."""
        return await self._write("PATCH", path, body, dry_run=dry_run, content_type=_PATCHES[kind], force=force)

    async def delete(  # noqa: PLR0913
        self,
        path: str,
        *,
        uid: str = "",
        version: str = "",
        grace: int | None = None,
        propagation: str = "",
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """DELETE, only the object with this `uid` and resource `version` where given (else Conflict)."""
        wanted = {"uid": uid, "resourceVersion": version}
        preconditions = {key: value for key, value in wanted.items() if value}
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if preconditions:
            options["preconditions"] = preconditions
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        if propagation:
            options["propagationPolicy"] = propagation
        return await self._write("DELETE", path, options, dry_run=dry_run)

    async def evict(
        self, namespace: str, pod: str, *, uid: str = "", grace: int | None = None, dry_run: bool = False
    ) -> Eviction:
        """Ask for the eviction of the pod with `uid` only. A refusal that heals by itself is an outcome, no error."""
        from plugins.kubernetes.client import writing

        body = await asyncio.to_thread(writing.eviction, namespace, pod, uid=uid, grace=grace)
        try:
            await self.create(f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction", body, dry_run=dry_run)
        except SourceError as error:
            refusal = error.__cause__
            judged = judge(refusal.code, refusal.status, refusal.headers) if isinstance(refusal, Refusal) else None
            if judged is None:
                raise
            return judged
        return Eviction(Outcome.ACCEPTED)

    async def _write(  # noqa: PLR0913
        self,
        method: str,
        path: str,
        body: object,
        *,
        dry_run: bool,
        content_type: str = "application/json",
        force: bool = False,
    ) -> dict[str, Any]:
        params = {} if method == "DELETE" else {"fieldManager": FIELD_MANAGER, "fieldValidation": "Warn"}
        if dry_run:
            params["dryRun"] = "All"
        if force:
            params["force"] = "true"
        content = msgspec.json.encode(body)
        answer = await self.raw(method, path, params=params, body=content, headers={"Content-Type": content_type})
        return self._json(answer, path)

    # -------------------------------------------------------------------------------------------- rights and resources

    async def whoami(self) -> Identity:
        """Who the server takes us for."""
        return await self.rights.whoami()

    async def can(self, right: Right) -> bool:
        """Whether we hold `right`."""
        return await self.rights.can(right)

    async def find(self, word: str) -> Resource | None:
        """The resource that `word` means on this server."""
        return await self.discovery.find(word)

    # --------------------------------------------------------------------------------------------------- for watching

    @property
    def only_namespaces(self) -> tuple[str, ...]:
        """The namespaces beyond which the person does not want to look; empty: no limit."""
        return self.settings.namespaces if self.settings.only_namespaces else ()

    async def namespaced(self, selection: Selection) -> bool:
        """Whether `selection` lists things that live in namespaces."""
        try:
            return await self.discovery.namespaced(selection)
        except SourceError:
            return False

    async def readable_namespaces(self, selection: Selection, more: Sequence[str] = ()) -> list[str]:
        """Where `selection` may be listed, when not everywhere."""
        candidates = (*more, *self.settings.namespaces, self.context.namespace)
        return await self.rights.readable_namespaces(selection, candidates)

    async def streams_lists(self, wish: str, group: str, *, again: bool) -> bool:
        """Whether to try a streaming list for `group`: `wish` is auto, always or never.

        Auto lists in pages first, since their first rows come sooner and they cost us less; but `again`, when everybody
        lost the position at once, a streaming list spares the server, where it has them.
        """
        if wish == "auto":
            wish = self.settings.streaming_lists
        if wish == "never" or group in self._without_streaming:
            return False
        return wish == "always" or (again and (await self.version()).at_least(*_STREAMING_SINCE))

    def no_streaming(self, group: str) -> None:
        """`group` refused a streaming list; aggregated API servers each have their own mind."""
        self._without_streaming.add(group)

    def position(self, feed: object, selection: Selection) -> Position:
        """Where `feed` stands with `selection`; a feed that is asked about again goes on from there."""
        try:
            return self._positions.setdefault(feed, {}).setdefault(selection, Position())
        except TypeError:  # a feed that cannot be referred to weakly is listed anew
            return Position()

    @classmethod
    def _json(cls, body: bytes, path: str) -> dict[str, Any]:
        return cls._decoded(body, dict[str, Any], path)

    @staticmethod
    def _decoded(body: bytes, form: type[T], path: str) -> T:
        try:
            return msgspec.json.decode(body, type=form)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadAnswer(f"the answer does not have the form of the API: {error}", where=path) from error
