"""Requests that change something. Each raises what the broker says of it; who calls has looked before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.errors import BadAnswer, ConsoleError
from plugins.kafka.client.failures import answer_error
from plugins.kafka.client.wire import Wire, message
from plugins.kafka.model.wire import TP, topic_lists

WITHIN_MS = 15_000
WITHIN = 20.0
PREFERRED = 0
NOT_NEEDED = 84
"""ELECTION_NOT_NEEDED: somebody else was first."""
TOPIC, BROKER = 2, 4
SET, DELETE = 0, 1


async def _by_controller(wire: Wire, request: Any) -> Any:
    """The answer of the controller: with ZooKeeper nobody else may do it; without, any broker passes it on."""
    heads = await wire.send(message("MetadataRequest")(topics=[], allow_auto_topic_creation=False))
    known = sorted(one.node_id for one in heads.brokers)
    node = heads.controller_id if heads.controller_id in known or not known else known[0]
    return await wire.send(request, node, within=WITHIN)


async def elect(wire: Wire, places: Sequence[TP]) -> tuple[int, Sequence[str]]:
    """Preferred leaders for these partitions: how many took over, and why others did not."""
    request = message("ElectLeadersRequest")
    topics = [
        request.TopicPartitions(topic=topic, partitions=list(numbers)) for topic, numbers in topic_lists(places).items()
    ]
    made = request(election_type=PREFERRED, topic_partitions=topics, timeout_ms=WITHIN_MS, min_version=1)
    answer = await _by_controller(wire, made)
    _raise(answer.error_code, None, "election")
    done, refused = 0, list[str]()
    for topic in answer.replica_election_results:
        for one in topic.partition_result:
            if one.error_code in {0, NOT_NEEDED}:
                done += one.error_code == 0
            else:
                error = answer_error(one.error_code, one.error_message, f"{topic.topic}/{one.partition_id}")
                refused.append(str(error))
    return done, refused


async def create_topic(wire: Wire, name: str, partitions: int, *, replicas: int, configs: Mapping[str, str]) -> None:
    """-1 partitions or replicas: as the brokers are set (Kafka 2.4). Raises Conflict where it exists."""
    request = message("CreateTopicsRequest")
    kind = request.CreatableTopic
    topic = kind(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        assignments=[],
        configs=[kind.CreatableTopicConfig(name=key, value=value) for key, value in configs.items()],
    )
    answer = await _by_controller(wire, request(topics=[topic], timeout_ms=WITHIN_MS, validate_only=False))
    _first(answer.topics, f"topic {name}")


async def add_partitions(wire: Wire, name: str, count: int) -> None:
    """`count`: in all. Raises Rejected where there are as many already."""
    request = message("CreatePartitionsRequest")
    topic = request.CreatePartitionsTopic(name=name, count=count, assignments=None)
    answer = await _by_controller(wire, request(topics=[topic], timeout_ms=WITHIN_MS, validate_only=False))
    _first(answer.results, f"topic {name}")


async def delete_topic(wire: Wire, name: str, uid: Any) -> None:
    """By its id where the broker takes one (Kafka 2.8): one made anew under the name stays. Raises NotFound."""
    request = message("DeleteTopicsRequest")
    if uid is not None and getattr(uid, "int", 0) and await wire.version("DeleteTopics") >= 6:  # noqa: PLR2004
        made = request(topics=[request.DeleteTopicState(name=None, topic_id=uid)], timeout_ms=WITHIN_MS, min_version=6)
    else:
        made = request(topic_names=[name], timeout_ms=WITHIN_MS, max_version=5)
    answer = await _by_controller(wire, made)
    _first(answer.responses, f"topic {name}")


async def alter(wire: Wire, kind: int, name: str, change: tuple[str, str | None]) -> None:
    """One key of a topic or a broker; a value of None takes it away again (Kafka 2.3)."""
    request = message("IncrementalAlterConfigsRequest")
    key, value = change
    config = request.AlterConfigsResource.AlterableConfig(
        name=key, config_operation=DELETE if value is None else SET, value=value
    )
    resource = request.AlterConfigsResource(resource_type=kind, resource_name=name, configs=[config])
    made = request(resources=[resource], validate_only=False)
    answer = await (wire.send(made, int(name), within=WITHIN) if kind == BROKER else _by_controller(wire, made))
    _first(answer.responses, f"{'broker' if kind == BROKER else 'topic'} {name}")


async def commit(wire: Wire, coordinator: int, group: str, offsets: Mapping[TP, int]) -> None:
    """Set offsets of a group that is empty; the coordinator refuses where it is not. Raises Conflict, Rejected."""
    request = message("OffsetCommitRequest")
    kind = request.OffsetCommitRequestTopic
    topics = [
        kind(
            name=topic,
            partitions=[
                kind.OffsetCommitRequestPartition(
                    partition_index=number,
                    committed_offset=offsets[topic, number],
                    committed_leader_epoch=-1,
                    committed_metadata="",
                )
                for number in numbers
            ],
        )
        for topic, numbers in topic_lists(offsets).items()
    ]
    answer = await wire.send(
        request(
            group_id=group,
            generation_id_or_member_epoch=-1,
            member_id="",
            group_instance_id=None,
            retention_time_ms=-1,
            topics=topics,
            max_version=9,
        ),
        coordinator,
        within=WITHIN,
    )
    for topic in answer.topics:
        _each(topic.partitions, topic.name)


async def reassign(wire: Wire, wanted: Mapping[TP, Sequence[int] | None]) -> None:
    """Replicas by partition, the preferred leader first; None cancels what is on its way (Kafka 2.4).

    All or nothing is not promised by brokers: raises for the first partition that is refused, NotFound where there
    was nothing to cancel.
    """
    request = message("AlterPartitionReassignmentsRequest")
    kind = request.ReassignableTopic
    topics = [
        kind(
            name=topic,
            partitions=[
                kind.ReassignablePartition(
                    partition_index=number, replicas=None if (to := wanted[topic, number]) is None else list(to)
                )
                for number in numbers
            ],
        )
        for topic, numbers in topic_lists(wanted).items()
    ]
    answer = await _by_controller(wire, request(timeout_ms=WITHIN_MS, topics=topics))
    _raise(answer.error_code, answer.error_message, "reassignment")
    for topic in answer.responses:
        for one in topic.partitions:
            _raise(one.error_code, one.error_message, f"{topic.name}/{one.partition_index}")


async def delete_records(wire: Wire, leader: int, place: TP, before: int) -> int:
    """Everything before an offset; the first offset that is left. Raises Rejected where it is behind the end."""
    request = message("DeleteRecordsRequest")
    kind = request.DeleteRecordsTopic
    part = kind.DeleteRecordsPartition(partition_index=place[1], offset=before)
    made = request(topics=[kind(name=place[0], partitions=[part])], timeout_ms=WITHIN_MS)
    answer = await wire.send(made, leader, within=WITHIN)
    for one in (part for topic in answer.topics for part in topic.partitions):
        _raise(one.error_code, None, f"{place[0]}/{place[1]}")
        return int(one.low_watermark)
    raise BadAnswer("the broker said nothing of the partition", where=f"{place[0]}/{place[1]}")


async def delete_group(wire: Wire, coordinator: int, name: str) -> None:
    """Raises Conflict where it has members, NotFound where it is gone."""
    answer = await wire.send(message("DeleteGroupsRequest")(groups_names=[name]), coordinator, within=WITHIN)
    _first(answer.results, f"group {name}")


def _each(partitions: Iterable[Any], topic: str) -> None:
    for one in partitions:
        _raise(one.error_code, None, f"{topic}/{one.partition_index}")


def _first(results: Sequence[Any], where: str) -> None:
    for one in results:
        _raise(one.error_code, getattr(one, "error_message", None), where)


def _raise(code: int | None, text: str | None, where: str) -> None:
    error: ConsoleError | None = answer_error(code or 0, text, where)
    if error is not None:
        raise error
