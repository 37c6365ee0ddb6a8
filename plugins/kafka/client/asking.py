"""Requests that read, each to one broker, with its answer as plain values. Parsing happens off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from console.errors import ConsoleError, NotFound
from console.text import clean
from plugins.kafka.client.failures import answer_error
from plugins.kafka.client.wire import Wire, message
from plugins.kafka.model import wire as parse
from plugins.kafka.model.rows import Acl, Reassignment
from plugins.kafka.model.wire import TP

T = TypeVar("T")
LATEST, EARLIEST = -1, -2
BATCH = 500
"""Topics asked about in one DescribeConfigs."""
ALL_KEYS_UP_TO = 2000
KEYS = (
    "min.insync.replicas",
    "cleanup.policy",
    "retention.ms",
    "retention.bytes",
    "max.message.bytes",
    "segment.bytes",
)


async def each(nodes: Iterable[int], ask: Callable[[int], Awaitable[T]]) -> dict[int, T | ConsoleError]:
    """The answer of each broker, or why there is none: one that hangs leaves the others' alone."""
    order = list(nodes)
    found = await asyncio.gather(*(ask(node) for node in order), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, ConsoleError):
            raise one
    return {node: one for node, one in zip(order, found, strict=True) if not isinstance(one, BaseException)} | {
        node: one for node, one in zip(order, found, strict=True) if isinstance(one, ConsoleError)
    }


def good(answers: Mapping[int, T | ConsoleError]) -> dict[int, T]:
    """Those that answered."""
    return {node: one for node, one in answers.items() if not isinstance(one, ConsoleError)}


async def metadata(wire: Wire) -> parse.Metadata:
    """All topics and partitions, in one request to whichever broker is free; a second try with another one."""
    request = message("MetadataRequest")(topics=None, allow_auto_topic_creation=False)
    answer = await wire.send(request)
    _raise(answer.error_code, "", "metadata")
    return await asyncio.to_thread(parse.metadata, answer)


async def nodes(wire: Wire) -> tuple[tuple[parse.Node, ...], int]:
    """DescribeCluster (Kafka 2.8): fenced brokers too, where it tells. Raises NotFound on older ones."""
    if await wire.version("DescribeCluster") < 0:
        raise NotFound("DescribeCluster came with Kafka 2.8", where="cluster")
    version = await wire.version("DescribeCluster")
    more = {"include_fenced_brokers": True} if version >= 2 else {}  # noqa: PLR2004
    answer = await wire.send(message("DescribeClusterRequest")(**more))
    _raise(answer.error_code, answer.error_message, "cluster")
    return parse.nodes(answer, answer.version)


async def logs(wire: Wire, node: int) -> parse.Logs:
    """All replicas on one broker's disks."""
    answer = await wire.send(message("DescribeLogDirsRequest")(topics=None), node)
    _raise(answer.error_code, "", f"log directories of broker {node}")
    return await asyncio.to_thread(parse.logs, answer, answer.version)


async def offsets(
    wire: Wire, leaders: Mapping[int, Sequence[TP]], when: int
) -> dict[int, dict[TP, int] | ConsoleError]:
    """`LATEST`, `EARLIEST` or a time (ms): one ListOffsets per leader."""

    async def ask(node: int) -> dict[TP, int]:
        kind = message("ListOffsetsRequest")
        topics = [
            kind.ListOffsetsTopic(
                name=topic,
                partitions=[
                    kind.ListOffsetsTopic.ListOffsetsPartition(
                        partition_index=number, timestamp=when, current_leader_epoch=-1
                    )
                    for number in numbers
                ],
            )
            for topic, numbers in parse.topic_lists(leaders[node]).items()
        ]
        answer = await wire.send(
            kind(replica_id=-1, isolation_level=0, topics=topics, timeout_ms=5000, min_version=1), node
        )
        return await asyncio.to_thread(parse.offsets, answer)

    return await each(leaders, ask)


async def topic_configs(wire: Wire, topics: Sequence[str]) -> dict[str, dict[str, tuple[str, int]]]:
    """Configurations of all topics, in batches; all keys, or on a very large cluster those of `KEYS`."""
    keys = None if len(topics) <= ALL_KEYS_UP_TO else list(KEYS)
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for start in range(0, len(topics), BATCH):
        found |= await configs(wire, 2, topics[start : start + BATCH], keys)
    return found


async def configs(
    wire: Wire, kind: int, names: Sequence[str], keys: Sequence[str] | None = None, *, node: int | None = None
) -> dict[str, dict[str, tuple[str, int]]]:
    """DescribeConfigs: kind 2 topics, 4 brokers (which only the broker itself knows in full)."""
    request = message("DescribeConfigsRequest")
    resources = [
        request.DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=keys)
        for name in names
    ]
    answer = await wire.send(request(resources=resources, include_synonyms=False, include_documentation=False), node)
    return await asyncio.to_thread(parse.configs, answer)


async def listed(wire: Wire, node: int) -> list[parse.Listed]:
    """The groups whose coordinator is this broker."""
    answer = await wire.send(message("ListGroupsRequest")(), node)
    _raise(answer.error_code, "", f"groups of broker {node}")
    return parse.groups(answer)


async def committed(wire: Wire, node: int, names: Sequence[str]) -> dict[str, tuple[int, dict[TP, tuple[int, int]]]]:
    """OffsetFetch: one request for all groups of a coordinator (Kafka 3.0), one a group before that."""
    request = message("OffsetFetchRequest")
    if not names:
        return {}
    if await wire.version("OffsetFetch") >= 8:  # noqa: PLR2004
        groups = [request.OffsetFetchRequestGroup(group_id=name, topics=None) for name in names]
        answer = await wire.send(request(groups=groups, require_stable=False, min_version=8, max_version=9), node)
        return await asyncio.to_thread(parse.committed, answer, answer.version, "")
    found: dict[str, tuple[int, dict[TP, tuple[int, int]]]] = {}
    for name in names:
        answer = await wire.send(request(group_id=name, topics=None, min_version=2, max_version=7), node)
        found |= parse.committed(answer, answer.version, name)
    return found


async def quorum(wire: Wire) -> Any:
    """DescribeQuorum of the metadata log (KRaft). Raises NotFound where ZooKeeper keeps the metadata."""
    request = message("DescribeQuorumRequest")
    if await wire.version("DescribeQuorum") < 0:
        raise NotFound("this cluster has no metadata quorum: ZooKeeper keeps its metadata", where="quorum")
    part = request.TopicData.PartitionData(partition_index=0)
    answer = await wire.send(request(topics=[request.TopicData(topic_name="__cluster_metadata", partitions=[part])]))
    _raise(answer.error_code, answer.error_message, "quorum")
    return answer


async def reassignments(wire: Wire) -> list[Reassignment]:
    """Every partition on its way. Raises Forbidden without Describe on the cluster."""
    heads = await wire.send(message("MetadataRequest")(topics=[], allow_auto_topic_creation=False))
    controller = heads.controller_id if heads.controller_id >= 0 else None  # with ZooKeeper nobody else knows
    answer = await wire.send(message("ListPartitionReassignmentsRequest")(timeout_ms=5000, topics=None), controller)
    _raise(answer.error_code, answer.error_message, "reassignments")
    return [
        Reassignment(
            clean(topic.name, parse.NAME),
            one.partition_index,
            tuple(one.replicas),
            tuple(one.adding_replicas),
            tuple(one.removing_replicas),
        )
        for topic in answer.topics
        for one in topic.partitions
    ]


_RESOURCES = {2: "topic", 3: "group", 4: "cluster", 5: "transactional id", 6: "delegation token", 7: "user"}
_OPERATIONS = [
    "unknown",
    "any",
    "all",
    "read",
    "write",
    "create",
    "delete",
    "alter",
    "describe",
    "cluster-action",
    "describe-configs",
    "alter-configs",
    "idempotent-write",
    "create-tokens",
    "describe-tokens",
]
_PATTERNS = {3: "literal", 4: "prefixed"}
_PERMISSIONS = {2: "deny", 3: "allow"}


async def acls(wire: Wire) -> list[Acl]:
    """Every rule. Raises Forbidden without Describe on the cluster, NotFound where no authorizer is configured."""
    request = message("DescribeAclsRequest")(
        resource_type_filter=1,
        resource_name_filter=None,
        pattern_type_filter=1,
        principal_filter=None,
        host_filter=None,
        operation=1,
        permission_type=1,
    )
    answer = await wire.send(request)
    if answer.error_code == 54:  # noqa: PLR2004 - SECURITY_DISABLED
        raise NotFound("this cluster has no authorizer: everybody may do everything", where="acls")
    _raise(answer.error_code, answer.error_message, "acls")
    return [
        Acl(
            principal=clean(one.principal, 500),
            permission=_PERMISSIONS.get(int(one.permission_type), "?"),
            operation=_OPERATIONS[int(one.operation)] if 0 <= int(one.operation) < len(_OPERATIONS) else "?",
            resource=_RESOURCES.get(int(found.resource_type), "?"),
            name=clean(found.resource_name, parse.NAME),
            pattern=_PATTERNS.get(int(found.pattern_type), "?"),
            host=clean(one.host, 200),
        )
        for found in answer.resources
        for one in found.acls
    ]


def _raise(code: int | None, text: str | None, where: str) -> None:
    error = answer_error(code or 0, text, where)
    if error is not None:
        raise error
