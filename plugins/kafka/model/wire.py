"""Answers of brokers as rows' raw material. Pure: objects with the protocol's fields in, plain values out.

Names are cleaned here, once. What a broker does not say stays None: unknown is unsafe, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from console.text import clean

TP = tuple[str, int]
NAME = 255


class Node(Struct, frozen=True, gc=False):
    """A broker as the metadata names it."""

    id: int
    host: str
    port: int
    rack: str
    fenced: bool | None = None


class Part(Struct, frozen=True, gc=False):
    """A partition as the metadata names it; `code`: its error."""

    topic: str
    number: int
    leader: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    gone: tuple[int, ...]
    code: int
    internal: bool


class Metadata(Struct, frozen=True):
    """One Metadata answer: nodes, partitions, and topics that could not be read (their error codes)."""

    cluster: str
    controller: int
    nodes: tuple[Node, ...]
    parts: tuple[Part, ...]
    ids: Mapping[str, Any]
    broken: Mapping[str, int]


class Directory(Struct, frozen=True, gc=False):
    """One log directory: `code` not 0 is a disk that failed."""

    path: str
    code: int
    total: int | None
    usable: int | None


class Logs(Struct, frozen=True):
    """What a broker has on its disks: directories, and the size of each replica (not those on the move)."""

    dirs: tuple[Directory, ...]
    sizes: Mapping[TP, int]


class Listed(Struct, frozen=True, gc=False):
    """A group as ListGroups names it; state and kind are empty where the version has none."""

    name: str
    protocol: str
    state: str
    kind: str


def metadata(answer: Any) -> Metadata:
    """Metadata v0 and later; topics by name, partitions in order."""
    parts: list[Part] = []
    ids: dict[str, Any] = {}
    broken: dict[str, int] = {}
    for topic in answer.topics:
        if topic.name is None:
            continue
        name = clean(topic.name, NAME)
        ids[name] = topic.topic_id
        if topic.error_code:
            broken[name] = topic.error_code
        inside = bool(topic.is_internal)
        parts.extend(_part(name, one, inside=inside) for one in sorted(topic.partitions, key=_number))
    nodes = tuple(sorted((_node(one, one.node_id, None) for one in answer.brokers), key=lambda node: node.id))
    return Metadata(clean(answer.cluster_id or "", NAME), answer.controller_id, nodes, tuple(parts), ids, broken)


def _part(topic: str, one: Any, *, inside: bool) -> Part:
    return Part(
        topic=topic,
        number=one.partition_index,
        leader=one.leader_id,
        replicas=tuple(one.replica_nodes),
        isr=tuple(one.isr_nodes),
        gone=tuple(one.offline_replicas or ()),
        code=one.error_code,
        internal=inside,
    )


def _number(one: Any) -> int:
    return int(one.partition_index)


def _node(one: Any, number: int, fenced: bool | None) -> Node:  # noqa: FBT001
    return Node(number, clean(one.host, NAME), one.port, clean(one.rack or "", NAME), fenced)


def nodes(answer: Any, version: int) -> tuple[tuple[Node, ...], int]:
    """DescribeCluster: brokers (fenced ones too from v2) and the active controller, -1 where there is none."""
    told = version >= 2  # noqa: PLR2004
    found = (_node(one, one.broker_id, bool(one.is_fenced) if told else None) for one in answer.brokers)
    return tuple(sorted(found, key=lambda node: node.id)), answer.controller_id


def logs(answer: Any, version: int) -> Logs:
    """DescribeLogDirs; volume totals from v4 (Kafka 3.3)."""
    sizes: dict[TP, int] = {}
    dirs: list[Directory] = []
    for one in answer.results:
        told = version >= 4 and one.total_bytes is not None and one.total_bytes >= 0  # noqa: PLR2004
        dirs.append(
            Directory(
                clean(one.log_dir, 500),
                one.error_code,
                one.total_bytes if told else None,
                one.usable_bytes if told else None,
            )
        )
        for topic in one.topics:
            name = clean(topic.name, NAME)
            for part in topic.partitions:
                if not part.is_future_key:
                    sizes[name, part.partition_index] = part.partition_size
    return Logs(tuple(dirs), sizes)


def offsets(answer: Any) -> dict[TP, int]:
    """ListOffsets: the offset of each partition that has one and no error."""
    return {
        (clean(topic.name, NAME), part.partition_index): part.offset
        for topic in answer.topics
        for part in topic.partitions
        if not part.error_code and part.offset is not None and part.offset >= 0
    }


def groups(answer: Any) -> list[Listed]:
    """ListGroups; only those that consume (`consumer`, or nothing said)."""
    return [
        Listed(
            clean(one.group_id, NAME),
            clean(one.protocol_type, 40),
            clean(one.group_state or "", 40),
            clean(one.group_type or "", 40),
        )
        for one in answer.groups
    ]


def committed(answer: Any, version: int, asked: str) -> dict[str, tuple[int, dict[TP, tuple[int, int]]]]:
    """OffsetFetch: by group its error code and, by partition, the offset (-1: none) and error code."""
    found = answer.groups if version >= 8 else [answer]  # noqa: PLR2004
    return {
        (clean(one.group_id, NAME) if version >= 8 else asked): (  # noqa: PLR2004
            one.error_code or 0,
            {
                (clean(topic.name, NAME), part.partition_index): (part.committed_offset, part.error_code)
                for topic in one.topics or ()
                for part in topic.partitions
            },
        )
        for one in found
    }


def configs(answer: Any) -> dict[str, dict[str, tuple[str, int]]]:
    """DescribeConfigs: by resource, by key: the value and where it comes from (1: set on the topic itself).

    Sensitive values are empty. Resources with an error are left out.
    """
    return {
        clean(one.resource_name, NAME): {
            clean(each.name, NAME): ("" if each.is_sensitive else clean(each.value or "", 500), each.config_source or 0)
            for each in one.configs
        }
        for one in answer.results
        if not one.error_code
    }


def topic_lists(pairs: Iterable[TP]) -> Mapping[str, Sequence[int]]:
    """Partitions by topic, as most requests want them."""
    found: dict[str, list[int]] = {}
    for topic, number in pairs:
        found.setdefault(topic, []).append(number)
    return found
