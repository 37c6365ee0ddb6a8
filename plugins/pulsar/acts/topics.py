"""Topics: made, deleted, given more partitions, unloaded, terminated, compacted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from console.errors import Refused, Rejected
from console.plugin import Act, Action, Ask, Effect, Facts
from console.text import clean
from plugins.pulsar.acts.asking import client_of, number, topic_name
from plugins.pulsar.acts.positions import Ledger, ledgers
from plugins.pulsar.client.paths import part, path_of
from plugins.pulsar.model.rows import NamespaceRow
from plugins.pulsar.model.topics import TopicRow

_LONG = 60.0
_LOOKS, _BETWEEN = 5, 0.4
_EARLIEST = {"ledgerId": -1, "entryId": -1, "partitionIndex": -1}
_LATEST = {"ledgerId": 2**63 - 1, "entryId": 2**63 - 1, "partitionIndex": -1}
_FROM = ("now on", "the first message")
NEW_TOPIC = (
    Ask("name", "Name of the topic", help="without tenant and namespace"),
    Ask("partitions", "How many partitions?", "0", number=True, help="0: a topic without partitions"),
)


class _Offload(msgspec.Struct, rename="camel"):
    status: str = ""
    last_error: str | None = None


def _first_kept(known: Sequence[Ledger], keep: int) -> int | None:
    """The oldest ledger of the newest that hold `keep` bytes together; the newest, which is open, always stays."""
    size, kept = 0, None
    for one in reversed(known):
        kept, size = one.ledger_id if kept is None else kept, size + one.size
        if size > keep:
            return kept
        kept = one.ledger_id
    return None


async def create(act: Act, row: NamespaceRow | TopicRow) -> str:
    """In the row's namespace; 409 where it exists."""
    client = client_of(act)
    space = row.name if isinstance(row, NamespaceRow) else row.namespace
    name = f"{space}/{topic_name(act, 'name')}"
    partitions = number(act, "partitions", least=0, most=10_000)
    if partitions:
        await client.admin.call("PUT", f"{_path(name)}/partitions", body=partitions, deadline=_LONG)
    else:
        await client.admin.call("PUT", _path(name), raw=b"", deadline=_LONG)
    client.topics.forget()
    return f"topic {name} made with {partitions} partitions" if partitions else f"topic {name} made"


async def delete(act: Act, row: TopicRow) -> str:
    """With its messages and subscriptions; the server refuses while somebody is connected."""
    client = client_of(act)
    end = "/partitions" if row.partitions else ""
    await client.admin.call("DELETE", f"{_path(row.name)}{end}", deadline=_LONG)
    client.topics.forget()
    return f"topic {row.name} deleted"


async def partitions(act: Act, row: TopicRow) -> str:
    """More partitions; there is no way back. The server refuses fewer."""
    client = client_of(act)
    wanted = number(act, "partitions", least=1, most=10_000)
    have = (await client.admin.get(f"{_path(row.name)}/partitions", dict[str, object])).get("partitions")
    if not isinstance(have, int) or have < 1:
        raise Refused(f"{row.name} has no partitions")
    if wanted <= have:
        raise Refused(f"it has {have} partitions already; they can only become more")
    await client.admin.call("POST", f"{_path(row.name)}/partitions", body=wanted, deadline=_LONG)
    client.topics.forget()
    return f"{row.name} has {wanted} partitions, it had {have}"


async def unload(act: Act, row: TopicRow) -> str:
    """The owner closes it; the next client loads it again, by the same owner unless its bundle moves."""
    client = client_of(act)
    await client.admin.call("PUT", f"{_path(row.name)}/unload", deadline=_LONG)
    client.admin.kept.forget("topics")
    return f"{row.name} unloaded; its numbers come again within a minute"


async def terminate(act: Act, row: TopicRow) -> str:
    """Nobody can produce to it any more, for good."""
    client = client_of(act)
    end = "/terminate/partitions" if row.partitions else "/terminate"
    await client.admin.call("POST", f"{_path(row.name)}{end}", deadline=_LONG)
    return f"{row.name} terminated: it takes no more messages"


async def compact(act: Act, row: TopicRow) -> str:
    """Starts a compaction; 409 where one runs."""
    client = client_of(act)
    await client.admin.call("PUT", f"{_path(row.name)}/compaction", deadline=_LONG)
    return f"compaction of {row.name} started"


async def subscribe(act: Act, row: TopicRow) -> str:
    """A subscription without a consumer, from the first message that is kept or from now on; 409 where it exists."""
    client, subscription = client_of(act), topic_name(act, "name")
    start = _EARLIEST if act.answers.get("from") == "the first message" else _LATEST
    path = f"{_path(row.name)}/subscription/{part(subscription)}"
    await client.admin.call("PUT", path, body=start, deadline=_LONG)
    client.admin.kept.forget("topics")
    return f"subscription {subscription} made on {row.name}"


async def offload(act: Act, row: TopicRow) -> str:
    """Ledgers that are closed go to the long-term storage, but for the newest, up to a size. 409 where it runs."""
    client, keep = client_of(act), number(act, "keep", least=0)
    told = await ledgers(client.admin, row.name)
    first = _first_kept(told.ledgers, keep << 20)
    going = [one for one in told.ledgers if first is not None and one.ledger_id < first and not one.offloaded]
    if first is None or not going:
        raise Refused(f"{len(told.ledgers)} ledgers: none is closed, not offloaded and older than the last {keep} MB")
    body = {"ledgerId": first, "entryId": 0, "partitionIndex": -1}
    await client.admin.call("PUT", f"{_path(row.name)}/offload", body=body, deadline=_LONG)
    begun = await _begun(act, row.name)
    return f"offload of {len(going)} ledgers of {row.name} {begun}"


async def _begun(act: Act, topic: str) -> str:
    """Brokers take the order in any case and fail behind it: so they are asked what came of it, for a moment."""
    client, status = client_of(act), _Offload()
    for _ in range(_LOOKS):
        status = await client.admin.get(f"{_path(topic)}/offload", _Offload, deadline=_LONG)
        if status.status != "RUNNING":
            break
        await client.reach.clock.sleep(_BETWEEN)
    if status.status == "ERROR":
        said = clean(status.last_error or "no reason is told", 300)
        step = "see managedLedgerOffloadDriver of the brokers, and the offload policies of the namespace"
        raise Rejected(f"nothing was offloaded: {said}", where=topic, next_step=step)
    return "done" if status.status == "SUCCESS" else "started"


def _path(name: str) -> str:
    return f"/admin/v2/{path_of(name)}"


def _partition(row: TopicRow, _facts: Facts) -> str | None:
    return f"it is a partition: do it to {row.parent}" if row.parent is not None else None


def _not_partitioned(row: TopicRow, facts: Facts) -> str | None:
    return _partition(row, facts) or (None if row.partitions else "it has no partitions")


def _kept_nowhere(row: TopicRow, facts: Facts) -> str | None:
    return _partition(row, facts) or (None if row.durable else "its messages are not kept")


def _whole(row: TopicRow, _facts: Facts) -> str | None:
    """Ledgers belong to partitions."""
    return "do it to one of its partitions" if row.partitions else None if row.durable else "its messages are not kept"


ACTIONS: tuple[Action[TopicRow], ...] = (
    Action(
        "create-topic",
        "create topic",
        create,
        help="beside this one, in the same namespace",
        key="n",
        asks=lambda _row, _facts: NEW_TOPIC,
    ),
    Action(
        "partitions",
        "update partitions",
        partitions,
        help="more partitions; there is no way back",
        effect=Effect.DESTROY,
        when=_not_partitioned,
        asks=lambda row, _facts: (Ask("partitions", "How many partitions?", str(row.partitions + 1), number=True),),
    ),
    Action(
        "unload",
        "unload",
        unload,
        help="the broker closes it and the next client loads it again; heals a subscription that is stuck",
        key="u",
        when=lambda row, _facts: None if row.stats is not None else "no broker has loaded it",
    ),
    Action(
        "subscribe",
        "create subscription",
        subscribe,
        help="one that keeps messages before its first consumer comes",
        when=_kept_nowhere,
        asks=lambda _row, _facts: (
            Ask("name", "Name of the subscription"),
            Ask("from", "It begins with", _FROM[0], choices=_FROM),
        ),
    ),
    Action(
        "offload",
        "offload",
        offload,
        help="closed ledgers go to the long-term storage, where one is configured",
        when=_whole,
        asks=lambda _row, _facts: (Ask("keep", "How many MB stay?", "0", number=True),),
    ),
    Action("compact", "compact", compact, help="keep the newest message of each key", when=_kept_nowhere),
    Action(
        "terminate",
        "terminate",
        terminate,
        help="it takes no more messages, for good",
        effect=Effect.DESTROY,
        when=_kept_nowhere,
    ),
    Action(
        "delete",
        "delete topic",
        delete,
        help="with all its messages and subscriptions",
        key="ctrl+d",
        effect=Effect.DESTROY,
        when=_partition,
    ),
)
