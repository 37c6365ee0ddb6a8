"""A topic's messages as its log: the last ones by REST, then each as it comes by the binary protocol."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from console.errors import ConsoleError, NotFound
from console.plugin import Facts, LogQuery, Logs
from plugins.pulsar.client.messages import examine, shown
from plugins.pulsar.model.names import whole
from plugins.pulsar.model.topics import TopicRow

if TYPE_CHECKING:
    from plugins.pulsar.client import Client
    from plugins.pulsar.client.speaker import Spoken

_BEFORE = 20
"""Messages that are read by REST before the tail begins: one request each."""


def sources(row: TopicRow, _facts: Facts) -> Sequence[str]:
    """The topic; a partitioned topic's partitions one by one, since REST and readers know no whole."""
    return [f"{row.name}-partition-{at}" for at in range(row.partitions)] if row.partitions else [row.name]


async def follow(client: Client, row: TopicRow, query: LogQuery) -> AsyncIterator[str]:
    """Lines until the log is left. Where the library is missing a line says so, below what REST gives."""
    topic = query.source or row.name
    if not topic.startswith("non-"):
        for position in range(min(query.tail or _BEFORE, _BEFORE), 0, -1):
            try:
                yield (await examine(client.admin, topic, position=position, latest=True)).line()
            except NotFound:
                continue  # it has fewer
            except ConsoleError as error:
                yield f"-- peeking by REST: {error}"
                break
    if not query.follow:
        return
    try:
        async with client.speaker.speak("tail", whole(topic)) as lines:
            async for spoken in lines:
                yield "-- new messages from here" if spoken.ready else line_of(spoken)
    except ConsoleError as error:
        yield f"-- no tail: {error}"


def line_of(spoken: Spoken) -> str:
    """One message in one line, as `peek` shows it."""
    at = datetime.datetime.fromtimestamp(spoken.at / 1000, tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    key = f", key {shown(spoken.key.encode())}" if spoken.key else ""
    return f"{shown(spoken.id.encode())}, {at}, {spoken.size} B{key}: {shown(spoken.body)}"


LOGS: Logs[TopicRow] = Logs(sources=sources, follow=follow)
