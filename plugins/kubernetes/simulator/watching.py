"""Watches: changes as lines of JSON, encoded once for all watchers.

Bookmarks, time limits, streaming lists, and 410 in the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from plugins.kubernetes.simulator import tables
from plugins.kubernetes.simulator.answers import Stream
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.clock import Due
from plugins.kubernetes.simulator.kinds import PODS, Kind
from plugins.kubernetes.simulator.reading import Form, form_of, not_a_version, page, shown
from plugins.kubernetes.simulator.selectors import EntryTest, selection
from plugins.kubernetes.simulator.status import ApiError, encode, invalid
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import World

BOOKMARK_EVERY = 60.0
LONGEST = 3600
STREAMING_SINCE = 32  # minor version from which sendInitialEvents is on
BUFFER = 32 << 20
_OPTIONS = Kind("meta.k8s.io", "v1", "ListOptions", "listoptions")


class Watcher:
    """One open watch: collects lines until the connection takes them.

    It ends by time, by overflow, or when its client leaves.
    """

    def __init__(self, world: World, call: Call, *, kind: Kind, test: EntryTest | None) -> None:
        self.world, self.kind, self.test = world, kind, test
        self.namespace = call.namespace
        self.form: Form = form_of(call.request)
        self.include = call.request.param("includeObject", "Metadata")
        self.lines: list[bytes] = []
        self.size = 0
        self.ended = self.told = False
        self.wake = asyncio.Event()
        self.limit: Due | None = None
        self.next_bookmark: Due | None = None
        self.version, self.asked = world.store.version, 0
        self.stop = world.store.listen(self.changed, kind)
        world.watches.add(self.end)

    def push(self, line: bytes) -> None:
        """Queue one line; a client that does not read loses its watch, as on the server."""
        self.lines.append(line)
        self.size += len(line)
        if self.size > BUFFER:
            self.end()
        self.wake.set()

    def wants(self, entry: Entry | None) -> bool:
        """Whether an object is one of those watched."""
        if entry is None or (self.namespace and entry.namespace != self.namespace):
            return False
        return self.test is None or self.test(entry)

    def changed(self, change: Change) -> None:
        """Turn a change into a line, if it concerns this watch; a selector may turn it into ADDED or DELETED."""
        if change.version <= self.asked:
            return
        self.version = change.version
        if self.world.faults.silent_watches:
            return
        before = self.wants(change.old)
        after = change.type != "DELETED" and self.wants(change.new)
        if after:
            self.push(self.line("MODIFIED" if before else "ADDED", change.new))
        elif before and change.old is not None:
            last = change.new if change.type == "DELETED" else _restamped(change)
            self.push(self.line("DELETED", last))

    def line(self, event: str, entry: Entry) -> bytes:
        """One event, encoded once for every watcher of the same form."""
        if self.form == "table":
            first, self.told = not self.told, True
            body = tables.table(self.world, self.kind, [entry], tables.Shape(include=self.include, head=first))
            return b'{"type":"%s","object":%s}\n' % (event.encode(), body)
        name = f"{event}{self.form}"
        made = entry.forms.get(name)
        if made is None:
            body = shown(self.world, entry, self.form)
            made = entry.forms[name] = b'{"type":"%s","object":%s}\n' % (event.encode(), body)
        return made

    def bookmark(self, *, initial_end: bool = False) -> None:
        """Tell how far the watch has come."""
        if self.ended or self.world.faults.silent_watches:
            return
        meta: dict[str, object] = {"resourceVersion": str(self.version)}
        if initial_end:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        kind = {"": self.kind.kind, "partial": "PartialObjectMetadata", "table": "Table"}[self.form]
        api = self.kind.api_version if self.form == "" else "meta.k8s.io/v1"
        made: dict[str, object] = {"kind": kind, "apiVersion": api, "metadata": meta}
        if self.form == "" and self.kind.has_status:
            made |= {"spec": {"containers": None} if self.kind is PODS else {}, "status": {}}
        self.push(encode({"type": "BOOKMARK", "object": made}) + b"\n")

    def bookmark_regularly(self) -> None:
        """About once a minute."""

        def again() -> None:
            self.version = max(self.version, self.world.store.version)
            self.bookmark()
            if not self.ended:
                self.bookmark_regularly()

        self.next_bookmark = self.world.clock.after(BOOKMARK_EVERY, again)

    def end(self) -> None:
        """Send what is queued and finish."""
        if not self.ended:
            self.ended = True
            self.world.watches.discard(self.end)
            self.stop()
            for due in (self.limit, self.next_bookmark):
                if due is not None:
                    due.cancel()
        self.wake.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """What is queued, whenever something is."""
        while True:
            if self.lines:
                chunk = b"".join(self.lines)
                self.lines.clear()
                self.size = 0
                yield chunk
            elif self.ended:
                return
            else:
                self.wake.clear()
                await self.wake.wait()


def _restamped(change: Change) -> Entry:
    """The object as it was while it matched, at the version at which it ceased to."""
    if change.old is None:
        raise ValueError("nothing was there before")
    body = change.old.draft()
    body["metadata"]["resourceVersion"] = str(change.version)
    return Entry(change.old.kind, change.old.key, body, encode(body), change.version)


def watch(world: World, call: Call) -> Stream:
    """Open a watch."""
    if call.kind is None:
        raise LookupError(call.resource)
    asked, kind = call.request, call.kind
    fields = asked.param("fieldSelector")
    if call.name:
        fields = ",".join(filter(None, (fields, f"metadata.name={call.name}")))
    test = selection(kind, asked.param("labelSelector"), fields)
    initial = _initial_asked(world, call)
    version = asked.param("resourceVersion")
    if version and not version.isdigit():
        raise ApiError(500, "", not_a_version(version))
    watcher = Watcher(world, call, kind=kind, test=test)
    if initial or (version in ("", "0") and initial is None):
        for entry in page(world, _unpaged(call), kind=kind, test=test).entries:
            watcher.push(watcher.line("ADDED", entry))
        if initial and asked.flag("allowWatchBookmarks"):
            watcher.bookmark(initial_end=True)
    elif version not in ("", "0"):
        watcher.asked = int(version)
        _catch_up(world, watcher, int(version))
    if asked.flag("allowWatchBookmarks"):
        watcher.bookmark_regularly()
    seconds = asked.number("timeoutSeconds") or LONGEST
    watcher.limit = world.clock.after(seconds, watcher.end)
    return Stream(watcher.chunks(), "application/json", watcher.end)


def _unpaged(call: Call) -> Call:
    from dataclasses import replace

    keep = {key: value for key, value in call.request.params.items() if key in ("labelSelector", "fieldSelector")}
    return replace(call, request=replace(call.request, params=keep))


def _initial_asked(world: World, call: Call) -> bool | None:
    """Whether the stream begins with the list: asked for, declined, or not mentioned."""
    asked = call.request
    match = asked.param("resourceVersionMatch")
    if "sendInitialEvents" not in asked.params:
        if match:
            why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            raise invalid(_OPTIONS, "", [("FieldValueForbidden", f"Forbidden: {why}", "resourceVersionMatch")])
        return None
    if world.minor < STREAMING_SINCE:
        why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
        raise invalid(_OPTIONS, "", [("FieldValueForbidden", f"Forbidden: {why}", "sendInitialEvents")])
    if match != "NotOlderThan":
        why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid(_OPTIONS, "", [("FieldValueForbidden", f"Forbidden: {why}", "resourceVersionMatch")])
    return asked.flag("sendInitialEvents")


def _catch_up(world: World, watcher: Watcher, version: int) -> None:
    try:
        changes = world.store.since(watcher.kind, version)
    except ValueError:
        floor = world.store.floor(watcher.kind)
        status = ApiError(410, "Expired", f"too old resource version: {version} ({floor})").status()
        watcher.push(encode({"type": "ERROR", "object": status}) + b"\n")
        watcher.end()
        return
    watcher.asked = version
    for change in changes:
        watcher.changed(change)
    watcher.version = max(version, world.store.version)
