"""Answers to requests that change the world: messages, topics, configurations, leaders, offsets."""

from __future__ import annotations

from typing import Any

from plugins.kafka.simulator.answers import NOT_COORDINATOR, OUT_OF_RANGE, UNKNOWN_TOPIC, Answer, led, part_of
from plugins.kafka.simulator.protocol import Incoming
from plugins.kafka.simulator.world import Group, Record, World, topic

EXISTS, INVALID_PARTITIONS, TOO_MANY, NOT_NEEDED, UNAVAILABLE = 36, 37, 38, 84, 80
GROUP_UNKNOWN, NOT_EMPTY, UNKNOWN_MEMBER, TOO_FEW = 69, 68, 25, 19
INVALID_REPLICAS, NOTHING_MOVES = 39, 85


def produce(world: World, broker: int, request: Incoming) -> Any:
    """Produce: appends, where enough replicas are in sync."""
    from kafka.record import MemoryRecords

    kind = request.answer.TopicProduceResponse
    by_id = {one.id: name for name, one in world.topics.items()}
    responses: list[Any] = []
    for asked in request.body.topic_data:
        name = asked.name if request.version < 13 else by_id.get(asked.topic_id, "")  # noqa: PLR2004
        parts: list[Any] = []
        for one in asked.partition_data:
            part, code = led(world, broker, name, one.index)
            if part is not None and not code:
                least = int(world.config(world.topics[name])["min.insync.replicas"][0])
                code = TOO_FEW if len(part.isr) < least else 0
            base = -1
            if part is not None and not code:
                base = int(part.end)
                records: Any = MemoryRecords(bytes(one.records))
                while (batch := records.next_batch()) is not None:
                    for each in batch:
                        made = Record(each.key, each.value, each.timestamp / 1000, list(each.headers))
                        part.written[int(part.end)] = made
                        part.end = float(int(part.end) + 1)
            parts.append(
                kind.PartitionProduceResponse(
                    index=one.index,
                    error_code=code,
                    base_offset=base,
                    log_append_time_ms=-1,
                    log_start_offset=0,
                    record_errors=[],
                    error_message=None,
                )
            )
        responses.append(kind(name=name, topic_id=asked.topic_id, partition_responses=parts))
    return request.answer(responses=responses, throttle_time_ms=0)


def elect(world: World, _broker: int, request: Incoming) -> Any:
    """ElectLeaders: preferred ones, where they are in sync."""
    kind = request.answer.ReplicaElectionResult
    results: list[Any] = []
    for asked in request.body.topic_partitions:
        parts: list[Any] = []
        for number in asked.partitions:
            part = part_of(world, asked.topic, number)
            code = UNKNOWN_TOPIC if part is None else 0
            if part is not None:
                wanted = part.replicas[0]
                code = NOT_NEEDED if part.leader == wanted else 0 if wanted in part.isr else UNAVAILABLE
                if not code:
                    part.leader = wanted
            parts.append(kind.PartitionResult(partition_id=number, error_code=code, error_message=None))
        results.append(kind(topic=asked.topic, partition_result=parts))
    return request.answer(throttle_time_ms=0, error_code=0, replica_election_results=results)


def create_topics(world: World, _broker: int, request: Incoming) -> Any:
    """CreateTopics."""
    results: list[Any] = []
    for asked in request.body.topics:
        code = EXISTS if asked.name in world.topics else 0
        if asked.replication_factor > len(world.brokers):
            code = TOO_MANY
        if not code:
            count = asked.num_partitions if asked.num_partitions > 0 else 3
            copies = asked.replication_factor if asked.replication_factor > 0 else 2
            made = topic(asked.name, count, brokers=len(world.brokers), replicas=copies)
            made.configs = {one.name: one.value or "" for one in asked.configs}
            world.topics[asked.name] = made
        results.append(
            request.answer.CreatableTopicResult(
                name=asked.name,
                error_code=code,
                error_message=None,
                topic_config_error_code=0,
                num_partitions=-1,
                replication_factor=-1,
                configs=None,
            )
        )
    return request.answer(throttle_time_ms=0, topics=results)


def create_partitions(world: World, _broker: int, request: Incoming) -> Any:
    """CreatePartitions: only more of them."""
    results: list[Any] = []
    for asked in request.body.topics:
        held = world.topics.get(asked.name)
        code = UNKNOWN_TOPIC if held is None else INVALID_PARTITIONS if asked.count <= len(held.partitions) else 0
        if held is not None and not code:
            more = topic(asked.name, asked.count, brokers=len(world.brokers), replicas=len(held.partitions[0].replicas))
            held.partitions += more.partitions[len(held.partitions) :]
        results.append(request.answer.CreatePartitionsTopicResult(name=asked.name, error_code=code, error_message=None))
    return request.answer(throttle_time_ms=0, results=results)


def delete_topics(world: World, _broker: int, request: Incoming) -> Any:
    """DeleteTopics, by name or id."""
    by_id = {one.id: name for name, one in world.topics.items()}
    names = [one.name or by_id.get(one.topic_id, "") for one in request.body.topics or ()] or request.body.topic_names
    results: list[Any] = []
    for name in names:
        gone = world.topics.pop(name, None)
        code = 0 if gone is not None else UNKNOWN_TOPIC
        results.append(request.answer.DeletableTopicResult(name=name, error_code=code, error_message=None))
    return request.answer(throttle_time_ms=0, responses=results)


def alter_configs(world: World, _broker: int, request: Incoming) -> Any:
    """IncrementalAlterConfigs: set, or take away."""
    results: list[Any] = []
    for asked in request.body.resources:
        of_broker = asked.resource_type == 4  # noqa: PLR2004
        held = world.topics.get(asked.resource_name)
        target = (
            world.overrides.setdefault(int(asked.resource_name), {}) if of_broker else held.configs if held else None
        )
        for one in asked.configs:
            if target is not None and one.config_operation == 0:
                target[one.name] = one.value or ""
            elif target is not None:
                target.pop(one.name, None)
        results.append(
            request.answer.AlterConfigsResourceResponse(
                error_code=0 if target is not None else UNKNOWN_TOPIC,
                error_message=None,
                resource_type=asked.resource_type,
                resource_name=asked.resource_name,
            )
        )
    return request.answer(throttle_time_ms=0, responses=results)


def commit(world: World, broker: int, request: Incoming) -> Any:
    """OffsetCommit without a member: refused while the group has any."""
    kind = request.answer.OffsetCommitResponseTopic
    group = world.groups.get(request.body.group_id)
    code = NOT_COORDINATOR if world.coordinator(request.body.group_id) != broker else 0
    if not code and group is None:  # as a real coordinator does for one that nobody has joined
        group = world.groups[request.body.group_id] = Group(request.body.group_id, protocol="")
    if not code and group is not None and group.members:
        code = UNKNOWN_MEMBER
    topics: list[Any] = []
    for asked in request.body.topics:
        parts: list[Any] = []
        for one in asked.partitions:
            if group is not None and not code:
                group.committed[asked.name, one.partition_index] = float(one.committed_offset)
            parts.append(kind.OffsetCommitResponsePartition(partition_index=one.partition_index, error_code=code))
        topics.append(kind(name=asked.name, partitions=parts))
    return request.answer(throttle_time_ms=0, topics=topics)


def delete_groups(world: World, _broker: int, request: Incoming) -> Any:
    """DeleteGroups: refused while it has members."""
    results: list[Any] = []
    for name in request.body.groups_names:
        group = world.groups.get(name)
        code = GROUP_UNKNOWN if group is None else NOT_EMPTY if group.members else 0
        if not code:
            del world.groups[name]
        results.append(request.answer.DeletableGroupResult(group_id=name, error_code=code))
    return request.answer(throttle_time_ms=0, results=results)


def reassign(world: World, _broker: int, request: Incoming) -> Any:
    """AlterPartitionReassignments: to brokers that are there, or nothing where replicas are null."""
    kind = request.answer.ReassignableTopicResponse
    topics: list[Any] = []
    for asked in request.body.topics:
        parts: list[Any] = []
        for one in asked.partitions:
            part, to = part_of(world, asked.name, one.partition_index), one.replicas
            code = UNKNOWN_TOPIC if part is None else 0
            if (
                part is not None
                and to is not None
                and any(each not in world.brokers or not world.up(each) for each in to)
            ):
                code = INVALID_REPLICAS
            if part is not None and not code and not world.move(part, None if to is None else list(to)):
                code = NOTHING_MOVES
            parts.append(
                kind.ReassignablePartitionResponse(
                    partition_index=one.partition_index, error_code=code, error_message=None
                )
            )
        topics.append(kind(name=asked.name, partitions=parts))
    return request.answer(throttle_time_ms=0, error_code=0, error_message=None, responses=topics)


def delete_records(world: World, broker: int, request: Incoming) -> Any:
    """DeleteRecords: the partition begins later."""
    kind = request.answer.DeleteRecordsTopicResult
    topics: list[Any] = []
    for asked in request.body.topics:
        parts: list[Any] = []
        for one in asked.partitions:
            part, code = led(world, broker, asked.name, one.partition_index)
            if part is not None and not code and one.offset > part.end:
                code = OUT_OF_RANGE
            if part is not None and not code:
                part.start = max(part.start, int(part.end) if one.offset < 0 else one.offset)
            parts.append(
                kind.DeleteRecordsPartitionResult(
                    partition_index=one.partition_index,
                    low_watermark=-1 if part is None or code else part.start,
                    error_code=code,
                )
            )
        topics.append(kind(name=asked.name, partitions=parts))
    return request.answer(throttle_time_ms=0, topics=topics)


CHANGES: dict[int, Answer] = {
    0: produce,
    8: commit,
    19: create_topics,
    20: delete_topics,
    21: delete_records,
    37: create_partitions,
    42: delete_groups,
    43: elect,
    44: alter_configs,
    45: reassign,
}
