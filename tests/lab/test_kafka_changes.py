"""What is rarely done to a real Kafka: replicas moved and called back, records deleted, members of newer groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from console.clock import SYSTEM_CLOCK
from console.plugin import Reach
from plugins.kafka import sources
from plugins.kafka.client import connect
from plugins.kafka.config import configure
from plugins.kafka.finding import search
from plugins.kafka.model.rows import Group
from tests.contracts.ground import reached
from tests.lab.brokers.staged import Staged
from tests.lab.kafkas import Cluster
from tests.lab.lab import Lab
from tests.lab.patience import until

pytestmark = pytest.mark.lab
TOPIC, READERS = "pilothouse.moved", "pilothouse.newer"
RATE = "leader.replication.throttled.rate"
THROTTLED = "leader.replication.throttled.replicas"
RECORDS, BYTES = 200, 100_000
"""A leader that may send a byte a second sends the first megabyte, and a while later the next one: minutes for all."""


@pytest.fixture
def kafka(lab: Lab, staged: Callable[[str], Staged]) -> Cluster:
    return Cluster(lab, staged("kafka"), "kafka/my-cluster")


@pytest.fixture
def topic(kafka: Cluster) -> Iterator[str]:
    """One partition with two copies, on which whatever was left of a test is called back."""
    kafka.act(
        ("brokers", "0"), "create-topic", topic=TOPIC, partitions="1", replicas="2", configs="min.insync.replicas=1"
    )
    until(lambda: kafka.has(TOPIC, 1), "the topic does not come")
    yield TOPIC
    kafka.delete(TOPIC)


@pytest.fixture
def slow(kafka: Cluster, topic: str) -> Iterator[str]:
    """The leader of the topic sends next to nothing to who is not in sync."""
    leader = str(kafka.described()[f"{topic}/0"]["leader"])
    broker = ("--alter", "--entity-type", "brokers", "--entity-name", leader)
    kafka.told("kafka-configs", *broker, "--add-config", f"{RATE}=1")
    kafka.act(("topics", topic), "config", key=THROTTLED, value="*")
    yield leader
    kafka.told("kafka-configs", *broker, "--delete-config", RATE)


def replicas(kafka: Cluster, topic: str) -> str:
    return str(kafka.described()[f"{topic}/0"]["replicas"])


def test_records_are_deleted_and_replicas_sent_elsewhere_called_back_and_sent_again(
    kafka: Cluster, topic: str, slow: str
) -> None:
    target = ("partitions", f"{topic}/0")
    for n in range(2):
        kafka.act(("topics", topic), "produce", value=str(n), key="-", partition="0")
    assert "1 offsets are deleted" in kafka.act(target, "delete-records", before="1")
    assert kafka.told("kafka-get-offsets", "--topic", topic, "--time", "-2").split() == [f"{topic}:0:1"]
    bootstrap = f"bootstrap.servers={kafka.staged.pod('kafka-0').short}:9092"
    filled = kafka.staged.tool(
        "kafka-0", "kafka-producer-perf-test", "--topic", topic, "--num-records", str(RECORDS),
        "--record-size", str(BYTES), "--throughput", "-1", "--producer-props", bootstrap,
    )  # fmt: skip
    assert filled.returncode == 0, filled.stderr
    before = replicas(kafka, topic)
    [new] = {"0", "1", "2"} - set(before.split(","))
    goes = next(one for one in before.split(",") if one != slow)
    wanted = f"{slow},{new}"
    told = kafka.act(target, "plan-reassign", to=wanted)
    assert f"{topic}/0: {before} -> {wanted} (copied to {new}, deleted from {goes})" in told
    kafka.act(target, "reassign", to=wanted, plan="do")
    [row] = kafka.pane("reassignments")
    assert (row["name"], row["adding"], row["removing"]) == (f"{topic}/0", new, goes)
    assert topic in kafka.told("kafka-reassign-partitions", "--list")
    kafka.act(("reassignments", f"{topic}/0"), "cancel")
    assert kafka.pane("reassignments") == []
    until(lambda: sorted(replicas(kafka, topic).split(",")) == sorted(before.split(",")), "it is not called back")
    kafka.act(("topics", topic), "config", key=THROTTLED, value="default")
    kafka.act(target, "reassign", to=wanted, plan="do")
    until(lambda: replicas(kafka, topic) == wanted and kafka.pane("reassignments") == [], "it does not arrive")
    assert kafka.described()[f"{topic}/0"]["isr"] == sorted(int(one) for one in wanted.split(","))


async def of_group(kafka: Cluster, name: str) -> Group | None:
    """A group as a row, with its members."""
    async with reached(kafka.lab.kubeconfig) as hosting:
        instance = next(one for one in await search(configure({}), hosting) if one.id.name == kafka.instance)
        client = connect(instance, Reach(SYSTEM_CLOCK, "0", hosting))
        try:
            return next((row for row in await sources.groups(client) if row.name == name), None)
        finally:
            await client.aclose()


async def test_a_group_of_the_newer_protocol_is_shown_with_its_members(kafka: Cluster, topic: str) -> None:
    reads = ("--topic", topic, "--group", READERS, "--max-messages", "1")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(
            kafka.tool, "kafka-console-consumer", *reads, "--consumer-property", "group.protocol=consumer"
        )
        try:
            shown = {"state": "Stable", "members": 1, "kind": "consumer", "protocol": "uniform"}
            until(lambda: shows(kafka, READERS, shown), "nobody is in the group")
            row = await of_group(kafka, READERS)
            truth = kafka.told("kafka-consumer-groups", "--describe", "--members", "--verbose", "--group", READERS)
        finally:  # a message ends the reader; it may have begun to read only after the first
            until(lambda: ended(kafka, reading.done), "the reader does not end")
        assert reading.result().returncode == 0, reading.result().stderr
    assert row is not None
    assert row.members is not None
    [member] = row.members
    line = next(line for line in truth.splitlines() if line.startswith(READERS)).split()
    assert (member.id, member.host, member.client) == (line[1], line[2].removeprefix("/"), line[3])
    assert member.partitions == 1
    assert re.search(rf"{re.escape(topic)}[(:]0", truth), truth
    until(lambda: shows(kafka, READERS, {"state": "Empty", "members": 0}), "the group is not empty")
    kafka.act(("groups", READERS), "delete")
    until(lambda: READERS not in kafka.rows("groups"), "the group does not go")


def shows(kafka: Cluster, group: str, wanted: Mapping[str, object]) -> bool:
    row = kafka.rows("groups").get(group)
    return row is not None and {key: row[key] for key in wanted} == wanted


def ended(kafka: Cluster, done: Callable[[], bool]) -> bool:
    if not done():
        kafka.act(("topics", TOPIC), "produce", value="enough", key="-", partition="0")
    return done()
