"""What a simulated broker does to topics and subscriptions. Only the owner does it; others redirect (307)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from plugins.pulsar.simulator.pages import numbers
from plugins.pulsar.simulator.serving import Reply, Request
from plugins.pulsar.simulator.world import Subscription, Topic, World

_DONE = Reply(204)
LEDGER = 3
"""The one that holds the messages of every topic."""


def topic(world: World, asked: Request, domain: str, rest: tuple[str, ...]) -> Reply:
    """`/admin/v2/DOMAIN/TENANT/NAMESPACE[/TOPIC[/...]]`."""
    space = "/".join(rest[:2])
    if space not in world.namespaces:
        return _refused(404, "Namespace does not exist")
    start = f"{domain}://{space}/"
    if len(rest) == 2:  # noqa: PLR2004 - tenant and namespace
        return _said(sorted(one for one in world.topics if one.startswith(start)))
    if rest[2:] == ("partitioned",):
        return _said(sorted(one for one in world.partitioned if one.startswith(start)))
    name, end = f"{start}{rest[2]}", rest[3:]
    if end[:1] == ("partitions",):
        return _partitions(world, asked, name)
    if asked.method == "PUT" and not end:
        if name in world.topics:
            return _refused(409, "This topic already exists")
        world.make(name)
        return _DONE
    return _owned(world, asked, name, end)


def _owned(world: World, asked: Request, name: str, end: tuple[str, ...]) -> Reply:
    parts = world.parts(name)
    if not parts:
        return _refused(404, f"Topic {name} not found")
    owner = world.owner(name)
    if name not in world.partitioned and owner != asked.member:
        return Reply(307, headers={"Location": f"http://{world.addresses[owner]}{asked.target}"})
    if end in {("stats",), ("partitioned-stats",)}:
        return _said(_summed(parts))
    if asked.method == "DELETE" and not end:
        if any(one.consumers for part in parts for one in part.subscriptions.values()):
            return _refused(412, "Topic has active producers/subscriptions")
        del world.topics[name]
        return _DONE
    if end[:1] == ("subscription",):
        return _subscription(asked, name in world.partitioned, parts, end[1:])
    return _act(world, asked, parts, end)


def _act(world: World, asked: Request, parts: list[Topic], end: tuple[str, ...]) -> Reply:
    if end == ("unload",):
        return _DONE
    if end == ("compaction",):
        return _DONE
    if end == ("internalStats",):
        return _said(_internal(parts[0]))
    if end == ("offload",):
        return _offload(world, asked, parts[0])
    if end[:1] == ("terminate",):
        for part in parts:
            part.terminated = True
        return _said({"ledgerId": 3, "entryId": 29, "partitionIndex": -1})
    return _refused(404, "Not Found")


def _offload(world: World, asked: Request, part: Topic) -> Reply:
    if asked.method == "PUT":
        part.offload = "SUCCESS" if world.offloader else "ERROR"
        return _DONE
    error = "org.apache.bookkeeper.mledger.ManagedLedgerException: [NullLedgerOffloader] does not support offload"
    return _said({"status": part.offload, "lastError": error if part.offload == "ERROR" else ""})


def _partitions(world: World, asked: Request, name: str) -> Reply:
    have = world.partitioned.get(name, 0)
    if asked.method == "GET":
        return _said({"partitions": have, "deleted": False})
    if asked.method == "DELETE":
        if not have:
            return _refused(404, "Partitioned topic does not exist")
        del world.partitioned[name]
        for at in range(have):
            del world.topics[f"{name}-partition-{at}"]
        return _DONE
    wanted = int(json.loads(asked.body))
    if asked.method == "PUT" and have:
        return _refused(409, "This topic already exists")
    if asked.method == "POST" and wanted <= have:
        return _refused(406, "Number of new partitions must be greater than existing number of partitions")
    world.make(name, wanted)
    return _DONE


def _subscription(asked: Request, partitioned: bool, parts: list[Topic], end: tuple[str, ...]) -> Reply:  # noqa: FBT001
    name, act, value = (*end, "", "")[:3]
    found = [part.subscriptions[name] for part in parts if name in part.subscriptions]
    if asked.method == "PUT" and not act:
        return _subscribed(asked, name, parts, there=bool(found))
    if not found:
        return _refused(404, f"Subscription {name} not found")
    if asked.method == "DELETE" and not act:
        if any(one.consumers for one in found):
            return _refused(412, "Subscription has active connected consumers")
        for part in parts:
            part.subscriptions.pop(name, None)
        return _DONE
    if act == "position":
        return _peek(parts[0], found[0], int(value))
    if act == "resetcursor" and not value:
        return _reset_to(json.loads(asked.body), parts[0], found[0], partitioned=partitioned)
    if act == "skip" and partitioned:
        return _refused(405, "Skip messages on a partitioned topic is not allowed")
    for part, one in zip(parts, found, strict=False):
        one.backlog = {
            "skip": max(0, one.backlog - int(value)) if act == "skip" else 0,
            "skip_all": 0,
            "expireMessages": 0,
            "resetcursor": len(part.messages),
        }.get(act, one.backlog)
    return _DONE


def _subscribed(asked: Request, name: str, parts: list[Topic], *, there: bool) -> Reply:
    if there:
        return _refused(409, "Subscription already exists for topic")
    first = asked.body and json.loads(asked.body)["ledgerId"] == -1
    for part in parts:
        part.subscriptions[name] = Subscription(len(part.messages) if first else 0, type="None")
    return _DONE


def _reset_to(wanted: Mapping[str, int], part: Topic, one: Subscription, *, partitioned: bool) -> Reply:
    if partitioned:
        return _refused(405, "Reset-cursor at position is not allowed for partitioned-topic")
    one.backlog = len(part.messages) - wanted["entryId"] if wanted["ledgerId"] == LEDGER else 0
    return _DONE


def _internal(part: Topic) -> dict[str, object]:
    """All messages in one ledger that is closed, and an empty one that is open."""
    count = len(part.messages)
    closed = {"ledgerId": LEDGER, "entries": count, "size": 64 * count, "offloaded": False}
    there = [closed] if count else []
    opened = {"ledgerId": LEDGER + 1, "entries": 0, "size": 0, "offloaded": False}
    return {"ledgers": [*there, opened], "lastConfirmedEntry": f"{LEDGER}:{count - 1}", "numberOfEntries": count}


def _peek(part: Topic, one: Subscription, position: int) -> Reply:
    if not 1 <= position <= one.backlog:
        return _refused(404, "Message not found")
    at = len(part.messages) - one.backlog + position - 1
    headers = {
        "X-Pulsar-Message-ID": f"{LEDGER}:{at}",
        "X-Pulsar-publish-time": "2026-11-21T18:51:58.12Z",
        "X-Pulsar-producer-name": "simulated",
        "X-Pulsar-partition-key": f"key-{at}",
    }
    return Reply(200, part.messages[at], headers)


def _summed(parts: list[Topic]) -> dict[str, object]:
    told = [numbers(part) for part in parts]
    first = told[0]
    for more in told[1:]:
        for name, one in more["subscriptions"].items():
            known = first["subscriptions"].setdefault(name, {**one, "msgBacklog": 0})
            known["msgBacklog"] += one["msgBacklog"]
    return first


def _said(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode())


def _refused(status: int, reason: str) -> Reply:
    return Reply(status, json.dumps({"reason": reason}).encode())
