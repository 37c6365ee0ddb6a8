"""Answers to requests that read. Each takes the world, the broker that is asked and the request; gives the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins.kafka.simulator.protocol import Incoming
from plugins.kafka.simulator.world import Partition, World

UNKNOWN_TOPIC, NOT_LEADER, NOT_COORDINATOR, OUT_OF_RANGE = 3, 6, 16, 1
NO_LEADER = 5
BATCH = 50
"""Records of one fetch at most."""
MESSAGE_BYTES = 180


def metadata(world: World, _broker: int, request: Incoming) -> Any:
    """Metadata: brokers that are up, and topics with leaders and replicas in sync."""
    kind = request.answer
    wanted = None if request.body.topics is None else {one.name for one in request.body.topics}
    topics = [one for one in world.topics.values() if wanted is None or one.name in wanted]
    made = kind.MetadataResponseTopic
    return kind(
        throttle_time_ms=0,
        brokers=[
            kind.MetadataResponseBroker(node_id=one.id, host=one.host, port=one.port, rack=one.rack or None)
            for one in world.brokers.values()
            if world.up(one.id)
        ],
        cluster_id=world.cluster,
        controller_id=world.controller,
        topics=[
            made(
                error_code=0,
                name=one.name,
                topic_id=one.id,
                is_internal=one.internal,
                partitions=[_partition(world, made, number, part) for number, part in enumerate(one.partitions)],
            )
            for one in topics
        ],
        error_code=0,
    )


def _partition(world: World, kind: Any, number: int, part: Partition) -> Any:
    return kind.MetadataResponsePartition(
        error_code=0 if part.leader >= 0 else NO_LEADER,
        partition_index=number,
        leader_id=part.leader,
        leader_epoch=0,
        replica_nodes=part.replicas,
        isr_nodes=part.isr,
        offline_replicas=[one for one in part.replicas if one not in world.brokers or not world.up(one)],
    )


def cluster(world: World, _broker: int, request: Incoming) -> Any:
    """DescribeCluster: fenced brokers too, where they are asked for."""
    kind = request.answer
    brokers = [
        kind.DescribeClusterBroker(
            broker_id=one.id, host=one.host, port=one.port, rack=one.rack or None, is_fenced=not world.up(one.id)
        )
        for one in world.brokers.values()
        if world.up(one.id) or (request.version > 1 and request.body.include_fenced_brokers)
    ]
    return kind(
        throttle_time_ms=0,
        error_code=0,
        error_message=None,
        endpoint_type=1,
        cluster_id=world.cluster,
        controller_id=world.controller,
        brokers=brokers,
    )


def fetch_offsets(world: World, broker: int, request: Incoming) -> Any:
    """OffsetFetch: all groups at once from version 8 on."""
    kind = request.answer
    if request.version >= 8:  # noqa: PLR2004
        many = kind.OffsetFetchResponseGroup
        return kind(
            throttle_time_ms=0,
            groups=[
                many(
                    group_id=one.group_id,
                    topics=_places(
                        world, one.group_id, many.OffsetFetchResponseTopics, "OffsetFetchResponsePartitions"
                    ),
                    error_code=0 if world.coordinator(one.group_id) == broker else NOT_COORDINATOR,
                )
                for one in request.body.groups
            ],
        )
    name = request.body.group_id
    code = 0 if world.coordinator(name) == broker else NOT_COORDINATOR
    topics = _places(world, name, kind.OffsetFetchResponseTopic, "OffsetFetchResponsePartition")
    return kind(throttle_time_ms=0, topics=topics, error_code=code)


def _places(world: World, group: str, kind: Any, part: str) -> list[Any]:
    found: dict[str, list[Any]] = {}
    for (topic, number), at in sorted(world.groups[group].committed.items() if group in world.groups else ()):
        found.setdefault(topic, []).append(
            getattr(kind, part)(
                partition_index=number, committed_offset=int(at), committed_leader_epoch=-1, metadata="", error_code=0
            )
        )
    return [kind(name=topic, partitions=parts) for topic, parts in found.items()]


def list_offsets(world: World, broker: int, request: Incoming) -> Any:
    """ListOffsets: first or end offset, of the leader alone."""
    kind = request.answer.ListOffsetsTopicResponse
    topics: list[Any] = []
    for asked in request.body.topics:
        parts: list[Any] = []
        for one in asked.partitions:
            part, code = led(world, broker, asked.name, one.partition_index)
            offset = -1 if code or part is None else part.start if one.timestamp == -2 else int(part.end)  # noqa: PLR2004
            parts.append(
                kind.ListOffsetsPartitionResponse(
                    partition_index=one.partition_index, error_code=code, timestamp=-1, offset=offset, leader_epoch=-1
                )
            )
        topics.append(kind(name=asked.name, partitions=parts))
    return request.answer(throttle_time_ms=0, topics=topics)


def part_of(world: World, topic: str, number: int) -> Partition | None:
    """A partition, None where there is none."""
    found = world.topics.get(topic)
    return found.partitions[number] if found is not None and 0 <= number < len(found.partitions) else None


def led(world: World, broker: int, topic: str, number: int) -> tuple[Partition | None, int]:
    """A partition and 0, or why this broker does not answer for it."""
    part = part_of(world, topic, number)
    return part, UNKNOWN_TOPIC if part is None else 0 if part.leader == broker else NOT_LEADER


def configs(world: World, _broker: int, request: Incoming) -> Any:
    """DescribeConfigs of topics and brokers."""
    kind = request.answer.DescribeConfigsResult
    results: list[Any] = []
    for one in request.body.resources:
        topic = world.topics.get(one.resource_name)
        of_broker = one.resource_type == 4  # noqa: PLR2004
        held: dict[str, tuple[str, int]] = {}
        if of_broker:
            mine = world.overrides.get(int(one.resource_name), {})
            held = {key: (value, 5) for key, value in world.defaults.items()} | {k: (v, 2) for k, v in mine.items()}
        elif topic is not None:
            held = world.config(topic)
        wanted = one.configuration_keys
        results.append(
            kind(
                error_code=0 if held else UNKNOWN_TOPIC,
                error_message=None,
                resource_type=one.resource_type,
                resource_name=one.resource_name,
                configs=[
                    kind.DescribeConfigsResourceResult(
                        name=key,
                        value=value,
                        read_only=False,
                        config_source=source,
                        is_default=source == 5,  # noqa: PLR2004
                        is_sensitive=False,
                        synonyms=[],
                        config_type=2,
                        documentation=None,
                    )
                    for key, (value, source) in held.items()
                    if wanted is None or key in wanted
                ],
            )
        )
    return request.answer(throttle_time_ms=0, results=results)


def log_dirs(world: World, broker: int, request: Incoming) -> Any:
    """DescribeLogDirs: one directory with all replicas."""
    kind = request.answer.DescribeLogDirsResult
    made = kind.DescribeLogDirsTopic
    topics = [
        made(
            name=topic.name,
            partitions=[
                made.DescribeLogDirsPartition(
                    partition_index=number,
                    partition_size=int(part.end - part.start) * MESSAGE_BYTES,
                    offset_lag=0,
                    is_future_key=False,
                )
                for number, part in enumerate(topic.partitions)
                if broker in part.replicas
            ],
        )
        for topic in world.topics.values()
    ]
    whole = 100 * 1024**3
    one = kind(
        error_code=0,
        log_dir="/var/lib/kafka/data-0/kafka-log",
        topics=topics,
        total_bytes=whole,
        usable_bytes=whole - whole // (3 + broker),
        is_cordoned=False,
    )
    return request.answer(throttle_time_ms=0, error_code=0, results=[one])


def quorum(world: World, _broker: int, request: Incoming) -> Any:
    """DescribeQuorum: every broker votes, those away are behind."""
    kind = request.answer.TopicData
    part = kind.PartitionData
    now = int(world.now() * 1000)
    end = now // 500
    voters = [
        part.ReplicaState(
            replica_id=one.id,
            log_end_offset=end if world.up(one.id) else end - 400,
            last_fetch_timestamp=now if world.up(one.id) else now - 60_000,
            last_caught_up_timestamp=now if world.up(one.id) else now - 60_000,
        )
        for one in world.brokers.values()
    ]
    data = part(
        partition_index=0,
        error_code=0,
        error_message=None,
        leader_id=world.controller,
        leader_epoch=3,
        high_watermark=end,
        current_voters=voters,
        observers=[],
    )
    nodes = [
        request.answer.Node(
            node_id=one.id,
            listeners=[request.answer.Node.Listener(name="CONTROLLER", host=one.host, port=one.port)],
        )
        for one in world.brokers.values()
    ]
    topics = [kind(topic_name="__cluster_metadata", partitions=[data])]
    return request.answer(error_code=0, error_message=None, topics=topics, nodes=nodes)


def reassignments(world: World, _broker: int, request: Incoming) -> Any:
    """ListPartitionReassignments: what is on its way."""
    kind = request.answer.OngoingTopicReassignment
    topics: list[Any] = []
    for name, topic in world.topics.items():
        parts = [
            kind.OngoingPartitionReassignment(
                partition_index=number,
                replicas=part.replicas,
                adding_replicas=[one for one in part.moving.after if one not in part.moving.before],
                removing_replicas=[one for one in part.moving.before if one not in part.moving.after],
            )
            for number, part in enumerate(topic.partitions)
            if part.moving is not None
        ]
        if parts:
            topics.append(kind(name=name, partitions=parts))
    return request.answer(throttle_time_ms=0, error_code=0, error_message=None, topics=topics)


def acls(world: World, _broker: int, request: Incoming) -> Any:
    """DescribeAcls: no rule, or no authorizer."""
    if world.authorizer:
        return request.answer(throttle_time_ms=0, error_code=0, error_message=None, resources=[])
    return request.answer(throttle_time_ms=0, error_code=54, error_message="No Authorizer is configured.", resources=[])


def fetch(world: World, broker: int, request: Incoming) -> Any:
    """Fetch: what was produced, and invented messages elsewhere."""
    kind = request.answer.FetchableTopicResponse
    by_id = {topic.id: name for name, topic in world.topics.items()}
    responses: list[Any] = []
    for asked in request.body.topics:
        name = asked.topic if request.version < 13 else by_id.get(asked.topic_id, "")  # noqa: PLR2004
        parts: list[Any] = []
        for one in asked.partitions:
            part, code = led(world, broker, name, one.partition)
            if part is not None and not code and not part.start <= one.fetch_offset <= part.end:
                code = OUT_OF_RANGE
            data = b"" if code or part is None else _records(part, one.fetch_offset, world.now())
            parts.append(
                kind.PartitionData(
                    partition_index=one.partition,
                    error_code=code,
                    high_watermark=int(part.end) if part else -1,
                    last_stable_offset=-1,
                    log_start_offset=part.start if part else -1,
                    aborted_transactions=None,
                    preferred_read_replica=-1,
                    records=data,
                )
            )
        responses.append(kind(topic=name, topic_id=asked.topic_id, partitions=parts))
    return request.answer(throttle_time_ms=0, error_code=0, session_id=0, responses=responses)


def _records(part: Partition, offset: int, now: float) -> bytes:
    from kafka.record import MemoryRecordsBuilder

    builder: Any = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1 << 20, offset=offset)
    last = min(int(part.end), offset + BATCH)
    for at in range(offset, last):
        one = part.written.get(at)
        key, value = (one.key, one.value) if one else (b"key-%d" % (at % 7), b'{"number": %d}' % at)
        stamp = int((one.at if one else now - (part.end - at)) * 1000)
        builder.append(timestamp=stamp, key=key, value=value, headers=one.headers if one else [])
    if last <= offset:
        return b""
    builder.close()
    return bytes(builder.buffer())


Answer = Callable[[World, int, Incoming], Any]
READS: dict[int, Answer] = {
    1: fetch,
    2: list_offsets,
    3: metadata,
    9: fetch_offsets,
    29: acls,
    32: configs,
    35: log_dirs,
    46: reassignments,
    55: quorum,
    60: cluster,
}
