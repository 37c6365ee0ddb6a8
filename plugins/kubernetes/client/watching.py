"""A list and then a watch, for ever: rows of one kind, kept true through time-outs, lost positions and missing rights.

Owns bookmarks, resuming after an end of stream, listing again after 410 while the old rows stay, streaming lists,
silence, and the way from "all namespaces" to the allowed ones. Everything else that goes wrong is raised as a console
error: the kernel's poller knows when to try again. A feed that was complete before is resumed where it was.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from console.clock import Clock
from console.errors import BadAnswer, Expired, Forbidden, Rejected, Unreachable
from console.http import Truncated
from console.plugin import Feed
from plugins.kubernetes.client.answers import status_as_error
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.decode import Bookmark, BrokenChange, Change, Fault, version_of
from plugins.kubernetes.client.lines import LineBatches
from plugins.kubernetes.client.listing import Selection, pages
from plugins.kubernetes.client.projection import LostKey, Projection

S = TypeVar("S", bound=msgspec.Struct)
R = TypeVar("R")
_LISTS_IN_A_ROW = 4
_MOST_NAMESPACES = 24
_UNWATCHED = 30.0  # seconds between lists where watching is forbidden
_CALM = 60.0  # seconds after which an earlier loss of the position is forgotten
_SHORT = 1.0  # a watch that ends sooner, without a word, is not worth opening again at once
_SHORT_IN_A_ROW = 5


async def follow(  # noqa: PLR0913
    api: Api,
    path: str,
    *,
    item: type[S],
    row: Callable[[S], R],
    key: Callable[[R], str],
    feed: Feed[R],
    namespaces: Sequence[str] = (),
    labels: str = "",
    fields: str = "",
    clock: Clock | None = None,
    streaming: str = "auto",
) -> None:
    """Feed the rows of `path` (`/api/v1/pods`: all namespaces) until an error is raised; never returns.

    `item` is the slim Struct, `row` makes a row of it, `key` names it as the feed's table does. `namespaces` is where
    to look when listing all is forbidden, beside those that the API offers. `streaming`: auto, always or never.
    """
    selection = Selection(path, labels, fields)
    wishes = _Wishes(tuple(namespaces), streaming, clock or api.manner.clock)
    await _Follower(api, selection, Projection(item, row, key, feed), wishes).run()


class _NoStreaming(Exception):
    """The server does not serve streaming lists of this group."""


class _Wishes(Struct, frozen=True):
    namespaces: tuple[str, ...]
    streaming: str
    clock: Clock


class _Follower(Generic[S, R]):
    def __init__(self, api: Api, selection: Selection, projection: Projection[S, R], wishes: _Wishes) -> None:
        self._api = api
        self._selection = selection
        self._projection = projection
        self._feed = projection.feed
        self._wishes = wishes
        self._clock = wishes.clock
        self._position = api.position(projection.feed, selection)

    async def run(self) -> None:
        """List and watch for ever."""
        lost = 0
        while True:
            began = self._clock.monotonic()
            try:
                if not self._position.complete:
                    await self._fill_allowed()
                await self._watch_all()
            except Forbidden:
                if not self._position.complete:
                    raise
                text = f"no right to watch {self._selection.plural}: listed again every {_UNWATCHED:g} s"
                self._projection.limit(text)
                await self._clock.sleep(_UNWATCHED)
                self._position.forget()
                self._position.lost = False  # a streaming list is a watch
            except (Expired, LostKey) as error:
                self._position.forget()
                lost = 1 if self._clock.monotonic() - began > _CALM else lost + 1
                if lost >= _LISTS_IN_A_ROW:
                    raise self._hopeless(error) from error
                if lost > 1:  # everybody lost it at once, and everybody would come back at once
                    await self._clock.sleep(random.uniform(0.2, 1.0) * lost)

    def _hopeless(self, error: Exception) -> Exception:
        if isinstance(error, Expired):
            return error
        return BadAnswer("objects that cannot be read are deleted again and again", where=self._where())

    # ------------------------------------------------------------------------------------------------------ the list

    async def _fill_allowed(self) -> None:
        """The whole list, of all namespaces or of those that we may read."""
        if self._api.only_namespaces and await self._api.namespaced(self._selection):
            names = self._api.only_namespaces
            await self._fill([self._selection.inside(name) for name in names], f"only namespaces {', '.join(names)}")
            return
        try:
            await self._fill([self._selection], "")
        except Forbidden as error:
            await self._fill(*await self._instead(error))

    async def _instead(self, error: Forbidden) -> tuple[list[Selection], str]:
        """The namespaces that we may read, and the sentence that says so. Raises `error` where there are none."""
        selection = self._selection
        if selection.namespace or not await self._api.namespaced(selection):
            raise error
        names = await self._api.readable_namespaces(selection, self._wishes.namespaces)
        if not names:
            raise error
        watched = names[:_MOST_NAMESPACES]  # each is a connection of its own, for every kind
        shown = ", ".join(watched[:6]) + (f" and {len(watched) - 6} more" if len(watched) > 6 else "")  # noqa: PLR2004
        text = f"only namespaces {shown}: no right to list {selection.plural} in all namespaces"
        if len(names) > len(watched):
            text += (
                f"; {len(names) - len(watched)} that may be read are left out: name the important ones in the settings"
            )
        return [selection.inside(name) for name in watched], text

    async def _fill(self, scopes: list[Selection], limits: str) -> None:
        self._position.forget()
        wish, again = self._wishes.streaming, self._position.lost
        if len(scopes) == 1 and await self._api.streams_lists(wish, self._selection.group, again=again):
            try:
                await self._watch_once(scopes[0], initial=True)
                self._projection.limit(limits)
                return
            except _NoStreaming:
                self._api.no_streaming(self._selection.group)
        self._projection.begin()
        for scope in scopes:
            version = ""
            listed = pages(self._api.connection, scope, self._projection.decoder, limit=self._api.settings.page_size)
            async with aclosing(listed):
                async for page in listed:
                    self._projection.page(page)
                    version = page.version
            if not version:
                raise BadAnswer("the list has no resourceVersion, so it cannot be watched", where=self._where())
            self._position.reached(scope, version)
        self._projection.end()
        self._position.complete = True
        self._projection.limit(limits)

    # ----------------------------------------------------------------------------------------------------- the watch

    async def _watch_all(self) -> None:
        scopes = self._position.scopes
        if len(scopes) == 1:
            await self._watch_on(scopes[0])
            return
        try:
            async with asyncio.TaskGroup() as group:
                for scope in scopes:
                    group.create_task(self._watch_on(scope))
        except ExceptionGroup as several:  # the first one speaks for all
            first = several.exceptions[0]
            raise first from first.__cause__

    async def _watch_on(self, scope: Selection) -> None:
        """Watch, and go on where it ended, until an error says that this makes no sense."""
        short = 0
        while True:
            began, version = self._clock.monotonic(), self._position.version(scope)
            await self._watch_once(scope, initial=False)
            quick = self._clock.monotonic() - began < _SHORT and version == self._position.version(scope)
            short = short + 1 if quick else 0
            if short >= _SHORT_IN_A_ROW:
                raise Unreachable("the server ends every watch at once", where=self._where())

    async def _watch_once(self, scope: Selection, *, initial: bool) -> None:
        """One connection, until it ends. A break in the middle is an end; the next one goes on from there."""
        params = scope.parameters() | {"watch": "true", "allowWatchBookmarks": "true"}
        params["timeoutSeconds"] = str(random.randint(240, 300))  # not everybody's at the same moment
        if initial:
            params |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            params["resourceVersion"] = self._position.version(scope)
        opened = False
        try:
            async with self._api.connection.watch(scope.path, params) as answer:
                opened = True
                if initial:
                    self._projection.begin()
                else:
                    self._feed.heard()
                await self._read(answer.chunks(), scope, initial=initial)
        except Rejected as error:
            if initial and not opened:
                raise _NoStreaming from error
            raise
        except (Unreachable, Truncated):
            if not opened or not self._position.complete:
                raise

    async def _read(self, chunks: AsyncIterator[bytes], scope: Selection, *, initial: bool) -> None:
        """Batches of events until the stream ends."""
        async with LineBatches(chunks, self._where()) as batches:
            while True:
                try:
                    lines = await batches.next(self._api.manner.initial_silence if initial else None)
                except TimeoutError:
                    raise _NoStreaming from None  # all objects came, but no bookmark: the parameter is not known there
                if lines is None:
                    break
                initial = self._batch(lines, scope, initial=initial)
        if initial:
            raise Unreachable("the list ended before it was complete", where=self._where())

    def _batch(self, lines: list[bytes], scope: Selection, *, initial: bool) -> bool:
        """Deliver one batch; True while the initial list goes on."""
        changes: list[Change[S] | BrokenChange] = []
        last = b""
        for line in lines:
            event = self._projection.decoder.event(line, self._where())
            if isinstance(event, Change | BrokenChange):
                changes.append(event)
                last = line
                continue
            self._deliver(changes, last, scope, initial=initial)
            changes, last = [], b""
            if isinstance(event, Fault):
                raise status_as_error(event.status, where=self._where())
            initial = self._bookmark(event, scope, initial=initial)
        self._deliver(changes, last, scope, initial=initial)
        return initial

    def _bookmark(self, mark: Bookmark, scope: Selection, *, initial: bool) -> bool:
        if initial and mark.ended:
            self._projection.end()
            self._position.complete = True
            initial = False
        if mark.version and not initial:
            self._position.reached(scope, mark.version)
        self._feed.heard()
        return initial

    def _deliver(
        self, changes: list[Change[S] | BrokenChange], last: bytes, scope: Selection, *, initial: bool
    ) -> None:
        if not changes:
            return
        if initial:
            self._projection.initial(changes)
            return
        self._projection.changes(changes)
        version = version_of(last)
        if version:
            self._position.reached(scope, version)

    def _where(self) -> str:
        return f"{self._api.connection.server}{self._selection.path}"
