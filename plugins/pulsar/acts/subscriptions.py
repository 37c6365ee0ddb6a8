"""Subscriptions: peeked, skipped, cleared, moved to a time or a message, expired, deleted.

Skipping twice skips twice, so the server is asked anew before: what was seen a minute ago decides nothing.
"""

from __future__ import annotations

import datetime

from console.errors import Refused
from console.format import duration, timestamp
from console.plugin import Act, Action, Ask, Effect, Facts
from plugins.pulsar.acts.asking import client_of, number
from plugins.pulsar.acts.positions import ledgers, place, there
from plugins.pulsar.client.messages import peek as peeked
from plugins.pulsar.client.paths import part, path_of
from plugins.pulsar.model import wire
from plugins.pulsar.model.topics import SubscriptionRow, subscription_key

_LONG = 60.0


async def peek(act: Act, row: SubscriptionRow) -> str:
    """The first message that is not acknowledged, or a later one; nothing is acknowledged by looking."""
    position = number(act, "position", least=1, most=100_000)
    message = await peeked(client_of(act).admin, row.topic, row.name, position)
    return f"message {position} of {subscription_key(row.topic, row.name)}: {message.line()}"


async def skip(act: Act, row: SubscriptionRow) -> str:
    """The next messages are taken as acknowledged; never more than there are now."""
    count = number(act, "count", least=1)
    backlog = await _backlog(act, row)
    if count > backlog:
        raise Refused(f"it has {backlog} messages now, not {count}", next_step="look again, or clear the backlog")
    await _call(act, row, f"skip/{count}")
    return f"{count} of {backlog} messages skipped for {subscription_key(row.topic, row.name)}"


async def clear(act: Act, row: SubscriptionRow) -> str:
    """All messages that are there are taken as acknowledged."""
    backlog = await _backlog(act, row)
    await _call(act, row, "skip_all")
    return f"backlog of {subscription_key(row.topic, row.name)} cleared; it was {backlog} messages"


async def reset(act: Act, row: SubscriptionRow) -> str:
    """Back (or on) to the first message that was published at or after a time; messages are delivered again."""
    when = moment(act.answers.get("time", ""), act.facts.now)
    if when > act.facts.now:
        raise Refused(f"{timestamp(when)} has not come yet")
    await _call(act, row, f"resetcursor/{int(when * 1000)}")
    return f"{subscription_key(row.topic, row.name)} stands at {timestamp(when)}"


async def reset_to(act: Act, row: SubscriptionRow) -> str:
    """To one message, which is delivered next. Held against the topic's ledgers first: brokers take any place."""
    client, given = client_of(act), act.answers.get("id", "")
    place(given)
    wanted = there(given, await ledgers(client.admin, row.topic), row.topic)
    body = {"ledgerId": wanted.ledger, "entryId": wanted.entry, "partitionIndex": -1}
    await client.admin.call("POST", f"{_path(row)}/resetcursor", body=body, deadline=_LONG)
    client.admin.kept.forget("topics")
    return f"{subscription_key(row.topic, row.name)} stands at {wanted}: {await _backlog(act, row)} messages wait"


async def expire(act: Act, row: SubscriptionRow) -> str:
    """Messages older than that are taken as acknowledged."""
    seconds = number(act, "seconds", least=1)
    await _call(act, row, f"expireMessages/{seconds}")
    return f"messages of {subscription_key(row.topic, row.name)} older than {duration(seconds)} expire"


async def delete(act: Act, row: SubscriptionRow) -> str:
    """With its position; the server refuses while consumers are connected."""
    client = client_of(act)
    await client.admin.call("DELETE", _path(row), deadline=_LONG)
    client.admin.kept.forget("topics")
    return f"subscription {subscription_key(row.topic, row.name)} deleted"


def moment(given: str, now: float) -> float:
    """Epoch seconds of `2h` (ago), `30min`, `7d`, or an ISO time (UTC where it names no zone). Raises Refused."""
    words = given.strip()
    for unit, seconds in (("min", 60.0), ("h", 3600.0), ("d", 86400.0), ("s", 1.0)):
        head = words.removesuffix(unit)
        if head != words and head.strip().isdecimal():
            return now - float(head) * seconds
    try:
        told = datetime.datetime.fromisoformat(words)
    except ValueError:
        raise Refused(f"{words!r} is no time", next_step="for example 2h, 30min, 7d or 2026-11-21T18:00:00Z") from None
    return (told if told.tzinfo is not None else told.replace(tzinfo=datetime.UTC)).timestamp()


async def _backlog(act: Act, row: SubscriptionRow) -> int:
    """What the owner says now, without its once-a-minute page."""
    kind = "partitioned-stats" if row.parts else "stats"
    told = await client_of(act).admin.get(f"/admin/v2/{path_of(row.topic)}/{kind}", wire.Topic, deadline=_LONG)
    found = told.subscriptions.get(row.name)
    if found is None:
        raise Refused("the subscription is not there any more")
    return found.msg_backlog


async def _call(act: Act, row: SubscriptionRow, end: str) -> None:
    client = client_of(act)
    await client.admin.call("POST", f"{_path(row)}/{end}", deadline=_LONG)
    client.admin.kept.forget("topics")


def _path(row: SubscriptionRow) -> str:
    return f"/admin/v2/{path_of(row.topic)}/subscription/{part(row.name)}"


def _kept(row: SubscriptionRow, _facts: Facts) -> str | None:
    return "its messages are not kept" if row.topic.startswith("non-") else None


def _one(row: SubscriptionRow, facts: Facts) -> str | None:
    return _kept(row, facts) or ("do it to one of its partitions" if row.parts else None)


ACTIONS: tuple[Action[SubscriptionRow], ...] = (
    Action(
        "peek",
        "peek",
        peek,
        help="show a message without acknowledging it",
        key="p",
        effect=Effect.READ,
        when=_one,
        asks=lambda _row, _facts: (Ask("position", "Which message, from the first that is left?", "1", number=True),),
    ),
    Action(
        "reset",
        "reset cursor",
        reset,
        help="to a time: later messages are delivered again, earlier ones are not any more",
        effect=Effect.DESTROY,
        when=_kept,
        asks=lambda _row, _facts: (Ask("time", "To when?", "1h", help="2h, 30min, 7d ago, or an ISO time"),),
    ),
    Action(
        "reset-to",
        "reset cursor to a message",
        reset_to,
        help="by its id: it and later ones are delivered again, earlier ones are not any more",
        effect=Effect.DESTROY,
        when=_one,
        asks=lambda _row, _facts: (Ask("id", "To which message?", help="LEDGER:ENTRY, as peek shows it"),),
    ),
    Action(
        "skip",
        "skip messages",
        skip,
        help="the next messages are lost to this subscription",
        effect=Effect.DESTROY,
        when=_one,
        asks=lambda _row, _facts: (Ask("count", "How many?", "1", number=True),),
    ),
    Action(
        "expire",
        "expire messages",
        expire,
        help="messages older than this are lost to this subscription",
        effect=Effect.DESTROY,
        when=_kept,
        asks=lambda _row, _facts: (Ask("seconds", "Older than how many seconds?", "3600", number=True),),
    ),
    Action(
        "clear",
        "clear backlog",
        clear,
        help="all messages that are there are lost to this subscription",
        effect=Effect.DESTROY,
        when=_kept,
    ),
    Action(
        "delete",
        "delete subscription",
        delete,
        help="with its position",
        key="ctrl+d",
        effect=Effect.DESTROY,
    ),
)
