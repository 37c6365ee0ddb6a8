"""Real servers behind pods: each system comes up, answers by exec, and has its data still when its pod was deleted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.patience import until

pytestmark = pytest.mark.lab

Ask = Callable[[str], Staged]


def exec_in(lab: Lab, system: Staged, member: str, *command: str) -> str:
    """By exec through the API server, in the first container."""
    return lab.kubectl("-n", system.space, "exec", system.pod(member).name, "--", *command)


def delete(lab: Lab, system: Staged, member: str) -> None:
    """Delete the member's pod, and return when another one is ready in its place."""
    pod = system.pod(member).name
    get = ("-n", system.space, "get", "pod", pod, "-o", "jsonpath={.metadata.uid}", "--ignore-not-found")
    before = lab.kubectl(*get)
    lab.kubectl("-n", system.space, "delete", "pod", pod, "--wait=false")
    deadline = time.monotonic() + 300
    while lab.kubectl(*get) in {before, ""}:
        assert time.monotonic() < deadline, f"{pod} was not replaced"
        time.sleep(0.2)
    system.wait(member)


def test_rabbitmq(lab: Lab, staged: Ask) -> None:
    rabbit = staged("rabbitmq")
    status = json.loads(exec_in(lab, rabbit, "rabbit-0", "rabbitmqctl", "cluster_status", "--formatter", "json"))
    assert len(status["running_nodes"]) == 3
    before = rabbit.pid("rabbit-2")
    delete(lab, rabbit, "rabbit-2")
    assert rabbit.pid("rabbit-2") != before
    listing = ("rabbitmqctl", "-q", "list_queues", "-p", "shop", "name", "messages")
    # Queues count their messages every five seconds.
    until(lambda: "orders.new\t40" in exec_in(lab, rabbit, "rabbit-2", *listing), "the messages are gone")


def test_redis(lab: Lab, staged: Ask) -> None:
    redis = staged("redis")
    assert exec_in(lab, redis, "redis-0", "redis-cli", "ping").strip() == "PONG"
    delete(lab, redis, "redis-2")
    assert exec_in(lab, redis, "redis-2", "redis-cli", "get", "session:7").strip() == "value-7"
    asked = redis.tool("sentinel-0", "redis-cli", "-p", "26379", "sentinel", "ckquorum", "mymaster")
    assert asked.stdout.startswith("OK 3 usable"), asked.stderr


def test_a_member_hangs_crashes_stops_and_is_well_after_the_test(lab: Lab, staged: Ask) -> None:
    redis = staged("redis")
    redis.freeze("redis-1")
    asked = redis.tool("redis-1", "timeout", "1", "redis-cli", "ping")
    assert (asked.returncode, asked.stdout) == (124, "")
    redis.thaw("redis-1")
    redis.wait("redis-1")
    crashed = redis.pid("redis-1")
    redis.kill("redis-1")
    redis.wait("redis-1")
    assert redis.pid("redis-1") not in {crashed, None}
    redis.stop("redis-1")
    assert redis.pid("redis-1") is None
    redis.mend()
    assert redis.tool("redis-1", "redis-cli", "ping").stdout == "PONG\n"


def test_kafka(lab: Lab, staged: Ask) -> None:
    kafka = staged("kafka")
    topics = ("bin/kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--describe", "--topic", "orders")
    assert exec_in(lab, kafka, "kafka-0", *topics).count("Isr: ") == 6
    delete(lab, kafka, "kafka-2")
    groups = ("kafka-consumer-groups.sh", "--bootstrap-server", "localhost:9092", "--describe", "--group", "billing")
    rows = [line.split() for line in exec_in(lab, kafka, "kafka-2", *groups).splitlines() if line.startswith("billing")]
    assert sum(int(row[5]) for row in rows) == 240
    topic = ("kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--describe", "--under-replicated-partitions")
    until(lambda: exec_in(lab, kafka, "kafka-0", *topic).strip() == "", "replicas do not catch up")


def test_pulsar(lab: Lab, staged: Ask) -> None:
    pulsar = staged("pulsar")
    toolset = ("-n", "pulsar", "exec", "pulsar-toolset-0", "--", "bin/pulsar-admin")
    assert lab.kubectl(*toolset, "tenants", "list").split() == ["logistics", "public", "pulsar", "shop"]
    delete(lab, pulsar, "bookie-2")
    delete(lab, pulsar, "zk-2")
    delete(lab, pulsar, "broker-1")
    stats = lab.kubectl(*toolset, "topics", "partitioned-stats", "persistent://shop/orders/events")
    assert json.loads(stats)["subscriptions"]["billing"]["msgBacklog"] == 200
    ledgers = pulsar.tool("bookie-0", "bookkeeper", "shell", "listbookies", "-rw")
    assert ledgers.returncode == 0
    assert all(pulsar.pod(f"bookie-{n}").host in ledgers.stdout for n in range(3))
