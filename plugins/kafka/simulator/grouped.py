"""Answers about groups: which there are, and who is in them. Each protocol's request knows its own groups only."""

from __future__ import annotations

import uuid
from typing import Any

from plugins.kafka.simulator.answers import NOT_COORDINATOR, Answer
from plugins.kafka.simulator.protocol import Incoming
from plugins.kafka.simulator.world import Group, World

UNKNOWN_GROUP = 69
SAYS_UNKNOWN = 6
"""The version of DescribeGroups from which a group that is not there is an error; before, it is Dead."""


def list_groups(world: World, broker: int, request: Incoming) -> Any:
    """ListGroups: those whose coordinator is asked."""
    kind = request.answer
    mine = [one for one in world.groups.values() if world.coordinator(one.name) == broker]
    return kind(
        throttle_time_ms=0,
        error_code=0,
        groups=[
            kind.ListedGroup(group_id=one.name, protocol_type=one.protocol, group_state=one.state, group_type=one.kind)
            for one in mine
        ],
    )


def describe_groups(world: World, broker: int, request: Incoming) -> Any:
    """DescribeGroups: one that is not there, or of the newer protocol, is Dead or unknown."""
    kind = request.answer.DescribedGroup
    groups: list[Any] = []
    for name in request.body.groups:
        one = world.groups.get(name)
        one = one if one is not None and one.kind == "classic" else None
        here = world.coordinator(name) == broker
        unknown = one is None and request.version >= SAYS_UNKNOWN
        groups.append(
            kind(
                error_code=NOT_COORDINATOR if not here else UNKNOWN_GROUP if unknown else 0,
                error_message=None,
                group_id=name,
                group_state=one.state if one else "Dead",
                protocol_type=one.protocol if one else "",
                protocol_data="range" if one and one.members else "",
                members=[
                    kind.DescribedGroupMember(
                        member_id=_id(member),
                        group_instance_id=None,
                        client_id=member,
                        client_host="/10.244.3.17",
                        member_metadata=b"",
                        member_assignment=b"",
                    )
                    for member in (one.members if one else ())
                ],
            )
        )
    return request.answer(throttle_time_ms=0, groups=groups)


def describe_newer(world: World, broker: int, request: Incoming) -> Any:
    """ConsumerGroupDescribe: groups of KIP-848 and what each member has."""
    kind = request.answer.DescribedGroup
    groups: list[Any] = []
    for name in request.body.group_ids:
        one = world.groups.get(name)
        one = one if one is not None and one.kind == "consumer" else None
        here = world.coordinator(name) == broker
        groups.append(
            kind(
                error_code=NOT_COORDINATOR if not here else UNKNOWN_GROUP if one is None else 0,
                error_message=None,
                group_id=name,
                group_state=one.state if one else "Dead",
                group_epoch=3,
                assignment_epoch=3,
                assignor_name="uniform",
                members=[_newer(world, kind.Member, one, member) for member in one.members] if one else [],
            )
        )
    return request.answer(throttle_time_ms=0, groups=groups)


def _newer(world: World, kind: Any, group: Group, member: str) -> Any:
    share = group.share(member)
    part = kind.Assignment.TopicPartitions
    held = [
        part(topic_id=world.topics[name].id, topic_name=name, partitions=numbers) for name, numbers in share.items()
    ]
    return kind(
        member_id=_id(member),
        instance_id=None,
        rack_id=None,
        member_epoch=3,
        client_id=member,
        client_host="/10.244.3.17",
        subscribed_topic_names=list(share),
        subscribed_topic_regex=None,
        assignment=kind.Assignment(topic_partitions=held),
        target_assignment=kind.Assignment(topic_partitions=held),
        member_type=1,
    )


def _id(member: str) -> str:
    return f"{member}-{uuid.uuid5(uuid.NAMESPACE_DNS, member)}"


GROUPS: dict[int, Answer] = {15: describe_groups, 16: list_groups, 69: describe_newer}
