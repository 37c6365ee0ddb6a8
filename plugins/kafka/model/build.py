"""Rows out of shared answers. Pure, and fit for a thread: 10,000 partitions take some 30 ms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.errors import ConsoleError
from console.model import NodeName, Ref
from console.plugin import Server
from console.text import clean
from plugins.kafka.model.impact import falls
from plugins.kafka.model.rows import Broker, Fall, Partition, Topic, Voter
from plugins.kafka.model.wire import TP, Logs, Metadata, Node

TOPIC_ITSELF = 1
"""ConfigSource of DescribeConfigs: set on the topic."""


def merged(answers: Mapping[int, Mapping[TP, int] | ConsoleError]) -> dict[TP, int]:
    """Offsets of all leaders that answered."""
    found: dict[TP, int] = {}
    for one in answers.values():
        if not isinstance(one, ConsoleError):
            found |= one
    return found


def topic_ends(answers: Mapping[int, Mapping[TP, int] | ConsoleError]) -> dict[str, int]:
    """End offsets by topic, summed; raises what a leader that did not answer said, since the rest is no sum."""
    found: Counter[str] = Counter()
    for one in answers.values():
        if isinstance(one, ConsoleError):
            raise one
        for (topic, _), end in one.items():
            found[topic] += end
    return dict(found)


def stood(servers: Iterable[Server]) -> Mapping[str, Server]:
    """Servers by what a broker may name as its host: the pod's DNS name with and without its tail, or its address."""
    found: dict[str, Server] = {}
    for server in servers:
        found[server.host] = server
        if server.address:
            found[server.address] = server
    return found


def server_of(host: str, servers: Mapping[str, Server]) -> Server | None:
    """The server that a broker says it is: by the name it advertises (`.cluster.local` left off) or its address."""
    short, _, _ = host.partition(".svc.")
    return servers.get(host) or servers.get(f"{short}.svc" if short != host else host)


def partitions(
    metadata: Metadata,
    min_isr: Mapping[str, int | None],
    *,
    start: Mapping[TP, int],
    end: Mapping[TP, int],
    sizes: Mapping[TP, int],
) -> list[Partition]:
    """One row a partition."""
    return [
        Partition(
            topic=part.topic,
            number=part.number,
            leader=part.leader,
            replicas=part.replicas,
            isr=part.isr,
            gone=part.gone,
            min_isr=min_isr.get(part.topic),
            start=start.get((part.topic, part.number)),
            end=end.get((part.topic, part.number)),
            size=sizes.get((part.topic, part.number)),
            internal=part.internal,
        )
        for part in metadata.parts
    ]


def sizes_by_leader(metadata: Metadata, logs: Mapping[int, Logs | ConsoleError]) -> dict[TP, int]:
    """Each partition's size, as its leader has it (else as any replica has it)."""
    found: dict[TP, int] = {}
    answered = {node: one.sizes for node, one in logs.items() if not isinstance(one, ConsoleError)}
    for part in metadata.parts:
        place = (part.topic, part.number)
        for node in (part.leader, *part.replicas):
            if node in answered and place in answered[node]:
                found[place] = answered[node][place]
                break
    return found


def topics(
    rows: Iterable[Partition],
    configs: Mapping[str, Mapping[str, tuple[str, int]]],
    *,
    rates: Mapping[str, float],
    broken: Mapping[str, int],
) -> list[Topic]:
    """One row a topic, rolled up from its partitions."""
    by_topic: dict[str, list[Partition]] = {}
    for row in rows:
        by_topic.setdefault(row.topic, []).append(row)
    found = [_topic(name, parts, configs.get(name, {}), rates.get(name)) for name, parts in by_topic.items()]
    found += [
        Topic(name, error=f"cannot be read: error {code}") for name, code in broken.items() if name not in by_topic
    ]
    return found


def _topic(name: str, parts: Sequence[Partition], configs: Mapping[str, tuple[str, int]], rate: float | None) -> Topic:
    states = Counter(part.health for part in parts)
    sizes = [part.size for part in parts]
    counts = [None if part.end is None or part.start is None else part.end - part.start for part in parts]
    return Topic(
        name=name,
        internal=parts[0].internal,
        partitions=len(parts),
        replication=max(len(part.replicas) for part in parts),
        min_isr=parts[0].min_isr,
        under_replicated=sum(len(part.isr) < len(part.replicas) for part in parts),
        at_min=states["at min"],
        under_min=states["under min"],
        offline=states["offline"],
        not_preferred=sum(part.leader >= 0 and part.leader != part.preferred for part in parts),
        size=None if None in sizes else sum(size for size in sizes if size is not None),
        messages=None if None in counts else sum(count for count in counts if count is not None),
        rate=rate,
        configs=tuple(sorted((key, value) for key, (value, source) in configs.items() if source == TOPIC_ITSELF)),
    )


def brokers(  # noqa: PLR0913 - what is known of brokers comes from six answers
    metadata: Metadata,
    nodes: tuple[Sequence[Node], int],
    *,
    min_isr: Mapping[str, int | None],
    logs: Mapping[int, Logs | ConsoleError],
    voters: Sequence[Voter],
    servers: Mapping[str, Server],
    releases: Mapping[int, str],
) -> list[Broker]:
    """One row a broker; also those that hold replicas and are away."""
    known = {node.id: node for node in nodes[0]} | {
        node.id: node for node in metadata.nodes if node.id not in {n.id for n in nodes[0]}
    }
    lost = {one for part in metadata.parts for one in part.replicas} - known.keys()
    leads = Counter(part.leader for part in metadata.parts)
    preferred = Counter(part.replicas[0] for part in metadata.parts if part.replicas)
    replicas = Counter(one for part in metadata.parts for one in part.replicas)
    in_sync = Counter(one for part in metadata.parts for one in part.isr)
    impact = falls(metadata.parts, min_isr)
    leader = next((voter.id for voter in voters if voter.role == "leader"), nodes[1])
    quorum = {voter.id: voter for voter in voters}
    rows: list[Broker] = []
    for number in sorted(known.keys() | lost):
        node = known.get(number, Node(number, "", 0, ""))
        server = server_of(node.host, servers)
        size, total, free, bad, trouble = _disk(logs.get(number))
        voter = quorum.get(number)
        rows.append(
            Broker(
                id=number,
                host=node.host,
                port=node.port,
                rack=node.rack,
                present=number in known,
                fenced=node.fenced,
                controller=number == leader,
                voter=voter.role if voter else "",
                voter_lag=voter.lag if voter else None,
                leaders=leads[number],
                preferred=preferred[number],
                replicas=replicas[number],
                in_sync=in_sync[number],
                missing=replicas[number] - in_sync[number],
                fall=impact.get(number, Fall()),
                size=size,
                total=total,
                free=free,
                bad_dirs=bad,
                release=releases.get(number, ""),
                pod=server.pod if server else None,
                node=server.node if server else NodeName(""),
                error=trouble if number in known else "the cluster does not name it: it is away",
            )
        )
    return rows


def _disk(logs: Logs | ConsoleError | None) -> tuple[int | None, int | None, int | None, tuple[str, ...], str]:
    if logs is None:
        return None, None, None, (), ""
    if isinstance(logs, ConsoleError):
        return None, None, None, (), logs.what
    totals = [one.total for one in logs.dirs if not one.code]
    frees = [one.usable for one in logs.dirs if not one.code]
    return (
        sum(logs.sizes.values()),
        sum(one for one in totals if one is not None) if totals and None not in totals else None,
        sum(one for one in frees if one is not None) if frees and None not in frees else None,
        tuple(one.path for one in logs.dirs if one.code),
        "",
    )


def voters(answer: Any, servers: Mapping[str, Server]) -> list[Voter]:
    """DescribeQuorum as rows: leader, voters, observers; times from version 1 (Kafka 3.3), addresses from 2 (3.9)."""
    part = answer.topics[0].partitions[0]
    listeners = {one.node_id: one.listeners[0] for one in (answer.nodes or ()) if one.listeners}
    leader = next((one for one in part.current_voters if one.replica_id == part.leader_id), None)
    rows: list[Voter] = []
    for role, ones in (("voter", part.current_voters), ("observer", part.observers)):
        for one in ones:
            listener = listeners.get(one.replica_id)
            host = clean(listener.host, 255) if listener else ""
            server = server_of(host, servers) if host else None
            leads = one.replica_id == part.leader_id
            rows.append(
                Voter(
                    id=one.replica_id,
                    role="leader" if leads else role,
                    end=one.log_end_offset,
                    lag=max(0, (leader.log_end_offset if leader else part.high_watermark) - one.log_end_offset),
                    behind=0.0 if leads else _behind(leader, one),
                    fetched=_time(one.last_fetch_timestamp),
                    address=f"{host}:{listener.port}" if listener else "",
                    pod=server.pod if server else None,
                    node=server.node if server else NodeName(""),
                )
            )
    return rows


def _time(stamp: int | None) -> float | None:
    return None if stamp is None or stamp <= 0 else stamp / 1000


def _behind(leader: Any, one: Any) -> float | None:
    """Seconds between the leader's own time of catching up and this one's, as KafkaQuorumCheck compares them."""
    if leader is None or not _time(leader.last_caught_up_timestamp) or not _time(one.last_caught_up_timestamp):
        return None
    return max(0.0, (leader.last_caught_up_timestamp - one.last_caught_up_timestamp) / 1000)


def pods(rows: Iterable[Broker]) -> dict[int, tuple[Ref | None, NodeName]]:
    """Where each broker stands."""
    return {row.id: (row.pod, row.node) for row in rows}
