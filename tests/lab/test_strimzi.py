"""Strimzi's resources on the real API server, and what its operator does when the console asks it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.lab.brokers.staged import Staged
from tests.lab.kafkas import Cluster
from tests.lab.lab import Lab
from tests.lab.patience import until
from tests.lab.strimzi import MERGE, PAUSE, Strimzi, path, resource
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab
TOPIC, EXPORTER = "KafkaTopic/kafka/orders", "KafkaExporter/kafka/my-cluster-kafka-exporter"
PARTITIONS = 2
"""Of topic `scratch`."""
UNREADY = {"oncall": "the quota is not a number"}


@pytest.fixture
def kafka(lab: Lab, staged: Callable[[str], Staged]) -> Cluster:
    return Cluster(lab, staged("kafka"), "kafka/my-cluster")


@pytest.fixture
def operator(kafka: Cluster) -> Iterator[Strimzi]:
    listeners = [{"name": "plain", "port": 9092, "type": "internal", "tls": False}]
    resources = [
        resource("Kafka", "my-cluster", kafka={"version": "4.1.2", "listeners": listeners}),
        resource("KafkaNodePool", "kafka", replicas=3, roles=["controller", "broker"]),
        resource("KafkaTopic", "orders", partitions=6, replicas=3),
        resource("KafkaUser", "oncall", authentication={"type": "scram-sha-512"}),
    ]
    with Strimzi(kafka.lab, resources, UNREADY) as made:
        yield made


def test_resources_are_shown_as_the_operator_told_and_left_alone_while_that_is_wished(
    kafka: Cluster, operator: Strimzi
) -> None:
    def rows() -> dict[str, dict[str, object]]:
        found = kafka.rows("resources", "key")
        exporter = found.pop(EXPORTER)  # its Deployment is played: nothing answers behind it
        assert (exporter["state"], exporter["seen"]) == ("NotReady", True)
        return found

    until(lambda: all(row["seen"] for row in rows().values()), "the operator does not see them")
    shown = {key: (row["kind"], row["state"], row["is"], row["why"]) for key, row in rows().items()}
    assert shown == {
        "Kafka/kafka/my-cluster": ("Kafka", "Ready", "version 4.1.2, metadata ZooKeeper", None),
        "KafkaNodePool/kafka/kafka": ("KafkaNodePool", "Ready", "3 of controller, broker", None),
        TOPIC: ("KafkaTopic", "Ready", "6 partitions, 3 replicas", None),
        "KafkaUser/kafka/oncall": ("KafkaUser", "NotReady", "scram-sha-512", f"Refused: {UNREADY['oncall']}"),
    }
    kafka.act(("resources", TOPIC), "pause")
    with kafka.lab.api() as api:
        assert api.call("GET", path("KafkaTopic", "orders"))[1]["metadata"]["annotations"][PAUSE] == "true"
        api.call("PATCH", path("KafkaTopic", "orders"), {"spec": {"partitions": 12}}, kind=MERGE)
    until(lambda: rows()[TOPIC]["state"] == "paused" and not rows()[TOPIC]["seen"], "it is not paused")
    kafka.act(("resources", TOPIC), "resume")
    with kafka.lab.api() as api:
        assert PAUSE not in api.call("GET", path("KafkaTopic", "orders"))[1]["metadata"].get("annotations", {})
    until(lambda: bool(rows()[TOPIC]["seen"]) and rows()[TOPIC]["state"] == "Ready", "it is not resumed")
    assert rows()[TOPIC]["is"] == "12 partitions, 3 replicas"
    assert not operator.rolled


@pytest.fixture
def alone(kafka: Cluster) -> Iterator[Cluster]:
    """Topic `scratch`, which has one copy of each partition, on broker 0 alone, so that the others may go."""
    until(lambda: len(placed(kafka)) == PARTITIONS, "not all of it is led")
    before = placed(kafka)
    kafka.act(("topics", "scratch"), "reassign", to="0", plan="do")
    until(lambda: placed(kafka) == dict.fromkeys(before, "0"), "it does not move")
    yield kafka
    for partition, replica in before.items():
        kafka.act(("partitions", partition), "reassign", to=replica, plan="do")
    until(lambda: placed(kafka) == before, "it does not move back")
    kafka.settle()


def placed(kafka: Cluster) -> dict[str, str]:
    """The one replica of each partition, where that leads it."""
    found = {key: one for key, one in kafka.described().items() if key.startswith("scratch/")}
    return {key: str(one["replicas"]) for key, one in found.items() if one["leader"] == one["replicas"]}


def test_pods_that_are_marked_are_rolled_one_after_the_other(alone: Cluster, operator: Strimzi) -> None:
    kafka = alone
    pods = {number: kafka.staged.pod(f"kafka-{number}").name for number in (1, 2)}

    def uids() -> dict[int, str]:
        found = "jsonpath={.metadata.uid}"
        return {n: kafka.lab.kubectl("-n", "kafka", "get", "pod", pod, "-o", found) for n, pod in pods.items()}

    before = uids()
    where = ["--instance", kafka.instance, "--name", "0", "--timeout", "90"]
    until(lambda: kafka.rows("brokers", "id")[0]["if_it_goes"]["offline"] == 2, "the console does not see where it is")
    refused = kafka.lab.run([PILOTHOUSE, "act", "kafka.brokers", "0", "roll", *where])
    assert refused.returncode != 0
    assert "2 offline" in refused.stdout + refused.stderr
    for number in pods:
        until(lambda number=number: rolls(kafka, number), "nobody marks it")
    until(lambda: operator.rolled == list(pods.values()), "they are not rolled")
    assert all(uid != before[number] for number, uid in uids().items())
    for number in pods:
        kafka.staged.wait(f"kafka-{number}")
    until(lambda: {row["state"] for row in kafka.pane("brokers")} == {"ok"}, "one of them is not well")


def rolls(kafka: Cluster, number: int) -> bool:
    """Whether the console marked the broker's pod; it refuses while a partition would not survive it."""
    where = ["--instance", kafka.instance, "--name", str(number), "--timeout", "90"]
    return kafka.lab.run([PILOTHOUSE, "act", "kafka.brokers", str(number), "roll", *where]).returncode == 0
