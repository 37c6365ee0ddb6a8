"""Who is in which group: DescribeGroups for those of the classic protocol, ConsumerGroupDescribe for the newer one.

Each answers for its own kind only: asked about the other's, a broker says that there is no such group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from console.text import clean
from plugins.kafka.client.wire import Wire, message
from plugins.kafka.model import wire as parse
from plugins.kafka.model.grouping import Described
from plugins.kafka.model.rows import GroupMember
from plugins.kafka.model.wire import TP, Listed

CLASSIC, NEWER = ("classic", ""), "consumer"


async def described(wire: Wire, node: int, listed: Sequence[Listed]) -> dict[str, Described]:
    """State, assignor, members, and which member has which partition, by group: one request for each protocol.

    Groups that may not be seen are left out, and those of the newer protocol where the broker cannot tell of them.
    """
    classic = [one.name for one in listed if one.kind in CLASSIC]
    newer = [one.name for one in listed if one.kind == NEWER]
    if newer and await wire.version("ConsumerGroupDescribe") < 0:
        newer = []
    found = await asyncio.gather(_classic(wire, node, classic), _newer(wire, node, newer))
    return {**found[0], **found[1]}


async def _classic(wire: Wire, node: int, names: Sequence[str]) -> dict[str, Described]:
    if not names:
        return {}
    answer = await wire.send(message("DescribeGroupsRequest")(groups=list(names)), node)
    return await asyncio.to_thread(classic_groups, answer)


async def _newer(wire: Wire, node: int, names: Sequence[str]) -> dict[str, Described]:
    if not names:
        return {}
    request = message("ConsumerGroupDescribeRequest")
    answer = await wire.send(request(group_ids=list(names), include_authorized_operations=False), node)
    return await asyncio.to_thread(newer_groups, answer)


def classic_groups(answer: Any) -> dict[str, Described]:
    """DescribeGroups."""
    return _groups(answer, "protocol_data", lambda one: (one.group_instance_id, _assigned(one.member_assignment)))


def newer_groups(answer: Any) -> dict[str, Described]:
    """ConsumerGroupDescribe: what members have now, not what they will have."""
    return _groups(answer, "assignor_name", lambda one: (one.instance_id, _held(one.assignment)))


def _groups(answer: Any, assignor: str, read: Callable[[Any], tuple[str | None, list[TP]]]) -> dict[str, Described]:
    """By group; `assignor` is the field that names it, `read` gives a member's lasting name and its partitions."""
    found: dict[str, Described] = {}
    for one in answer.groups:
        if one.error_code:
            continue
        owners: dict[TP, str] = {}
        members: list[GroupMember] = []
        for member in one.members:
            instance, mine = read(member)
            client = clean(member.client_id, 200)
            owners |= dict.fromkeys(mine, client)
            host = clean(member.client_host, 200).removeprefix("/")
            members.append(
                GroupMember(clean(member.member_id, 200), client, host, clean(instance or "", 200), len(mine))
            )
        name = clean(one.group_id, parse.NAME)
        found[name] = (clean(one.group_state, 40), clean(getattr(one, assignor), 80), tuple(members), owners)
    return found


def _held(assignment: Any) -> list[TP]:
    return [
        (clean(some.topic_name, parse.NAME), int(n)) for some in assignment.topic_partitions for n in some.partitions
    ]


def _assigned(data: bytes | None) -> list[TP]:
    """Partitions of a member; none where the group's protocol is not the consumers'."""
    if not data:
        return []
    from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

    kind: Any = ConsumerProtocolAssignment
    try:
        assignment: Any = kind.decode(data)
        return [(clean(t.topic, parse.NAME), int(n)) for t in assignment.assigned_partitions for n in t.partitions]
    except Exception:  # noqa: BLE001 - any bytes at all may stand there (Connect, Streams of another version)
        return []
