"""Panes and actions on old real servers, against their own tools, all headless.

Kafka 2.8.1 with ZooKeeper, and Pulsar 2.10.1 with BookKeeper 4.14.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import pulsars
from tests.lab.brokers.asking import four_letters
from tests.lab.brokers.staged import Staged
from tests.lab.kafkas import Cluster, misled
from tests.lab.lab import Lab
from tests.lab.patience import until
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Ask = Callable[[str], Staged]
KAFKA, PULSAR = "kafka-2.8", "pulsar-2.10"
TOPIC = "pilothouse.older"
of_kafka, of_pulsar = pytest.mark.older(KAFKA), pytest.mark.older(PULSAR)


@pytest.fixture
def kafka(lab: Lab, staged: Ask) -> Cluster:
    return Cluster(lab, staged(KAFKA), "kafka-2-8/old-kafka")


@of_kafka
def test_brokers_topics_and_partitions_are_those_that_kafkas_tools_name(kafka: Cluster) -> None:
    kafka.shows_what_its_tools_name()
    rows = kafka.pane("brokers")
    assert {(row["release"], row["free"]) for row in rows} == {("2.8", None)}, "volumes are told from Kafka 3.3 on"
    [controller] = [row["id"] for row in rows if row["role"] == "controller"]
    told = kafka.staged.tool(
        "kafka-0", "zookeeper-shell", f"{kafka.staged.pod('zk-0').short}:2181", "get", "/controller"
    )
    assert f'"brokerid":{controller}' in told.stdout, told.stderr


@of_kafka
@pytest.mark.parametrize(
    ("pane", "words"),
    [
        ("quorum", "this cluster has no metadata quorum: ZooKeeper keeps its metadata"),
        ("acls", "this cluster has no authorizer"),
    ],
)
def test_what_this_kafka_lacks_is_said_by_name(kafka: Cluster, pane: str, words: str) -> None:
    done = kafka.asked(pane)
    assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stderr
    assert words in done.stderr


@of_kafka
def test_a_topic_of_this_kafka_is_made_filled_read_and_changed_and_its_group_reset_and_forgotten(
    kafka: Cluster,
) -> None:
    """Its brokers are asked one OffsetFetch a group."""
    kafka.make(TOPIC)
    try:
        kafka.fills_reads_and_changes(TOPIC)
        kafka.resets_and_forgets_the_group(TOPIC)
    finally:
        kafka.delete(TOPIC)


@of_kafka
def test_a_controller_beside_zookeeper_moves_leaders(kafka: Cluster, tmp_path: Path) -> None:
    """The replicas of a partition are put in another order and back, and each time the leader is not the preferred."""
    kafka.settle()
    part = "payments/0"
    before = [int(one) for one in kafka.described()[part]["replicas"].split(",")]
    plan = tmp_path / "plan.json"
    for order in ([*before[1:], before[0]], before):
        one = {"topic": "payments", "partition": 0, "replicas": order}
        plan.write_text(json.dumps({"version": 1, "partitions": [one]}))
        kafka.told("kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(plan))
        until(lambda: misled(kafka.described()[part]), "its preferred leader did not change")
        until(lambda: kafka.pane("reassignments") == [], "it is still on its way")
        until(lambda: kafka.rows("topics").get("payments", {}).get("not_preferred") == 1, "its row does not say so")
        assert "1 of 1 partitions went" in kafka.act(("partitions", part), "elect")
        until(lambda: not misled(kafka.described()[part]), "its leader did not change")


@of_kafka
def test_the_zookeeper_of_this_kafka_is_shown(lab: Lab, kafka: Cluster) -> None:
    pod = kafka.staged.pod("zk-0")
    asked = [PILOTHOUSE, "get", "zookeeper.members", "--instance", "kafka-2-8/old-kafka-zookeeper", "-o", "json"]
    done = lab.run(asked)
    assert done.returncode == 0, done.stderr
    [row] = json.loads(done.stdout)
    said = four_letters(pod.address, b"srvr")
    assert f"Mode: {row['mode']}\n" in said
    assert row["mode"] == "standalone"
    assert (row["name"], row["why"]) == (pod.name, None)
    assert f"version: {row['version']}" in said


@pytest.fixture
def pulsar(lab: Lab, staged: Ask) -> pulsars.Cluster:
    return pulsars.Cluster(staged(PULSAR), "old-pulsar", lab)


@of_pulsar
def test_members_are_those_that_this_pulsar_names(lab: Lab, pulsar: pulsars.Cluster) -> None:
    until(lambda: any(row["role"] for row in pulsar.pane("bookies").values()), "no bookie is the auditor")
    staged = pulsar.staged
    pods = json.loads(lab.kubectl("-n", staged.space, "get", "pods", "-o", "json"))["items"]
    nodes = {item["metadata"]["name"]: item["spec"]["nodeName"] for item in pods}
    brokers, bookies, peers = (pulsar.pane(name) for name in ("brokers", "bookies", "zookeeper.members"))
    for rows, kind in ((brokers, "broker"), (bookies, "bookie"), (peers, "zk")):
        assert sorted(rows) == sorted(staged.pod(one).name for one in staged.members if one.startswith(kind))
        assert {name: row["node"] for name, row in rows.items()} == {name: nodes[name] for name in rows}
    [broker] = brokers.values()
    assert (broker["state"], broker["version"], broker["role"]) == ("ready", "2.10.1", "leader")
    assert pulsar.admin("brokers") is None, "it answers where the cluster is named, and the console names it"
    assert [broker["address"]] == pulsar.admin("brokers/pulsar")
    assert [row["mode"] for row in bookies.values()] == ["writable"] * len(bookies)
    listed = staged.tool("bookie-0", "bookkeeper", "shell", "listbookies", "-rw")
    assert all(row["id"].partition(":")[0] in listed.stdout for row in bookies.values()), listed.stdout + listed.stderr
    racks = pulsar.admin("bookies/racks-info")["default"]
    assert {row["id"]: row["rack"] for row in bookies.values()} == {one: racks[one]["rack"] for one in racks}
    [auditor] = [row["id"] for row in bookies.values() if row["role"] == "auditor"]
    assert auditor in pulsar.bookie("autorecovery/who_is_auditor")[1]
    [peer] = peers.values()
    assert f"Mode: {peer['mode']}\n" in four_letters(staged.pod("zk-0").address, b"srvr")


@of_pulsar
def test_a_bookie_of_this_pulsar_is_made_read_only_and_writable_again(pulsar: pulsars.Cluster) -> None:
    bookie = ("bookies", pulsar.staged.pod("bookie-1").name)
    pulsar.act(bookie, "read-only")
    try:
        assert json.loads(pulsar.bookie("bookie/state", "bookie-1")[1])["readOnly"] is True
        until(lambda: pulsar.pane("bookies")[bookie[1]]["mode"] == "read-only", "it is not shown")
    finally:
        pulsar.act(bookie, "writable")
    assert json.loads(pulsar.bookie("bookie/state", "bookie-1")[1])["readOnly"] is False


@of_pulsar
def test_topics_subscriptions_and_policies_are_those_of_this_pulsars_brokers(pulsar: pulsars.Cluster) -> None:
    tool = pulsar.staged.tool("broker-0", "pulsar-admin", "topics", "partitioned-stats", "shop/orders/events")
    events = json.loads(tool.stdout)["subscriptions"]
    assert {name: one["msgBacklog"] for name, one in events.items()} == {"billing": 200, "shipping": 0}
    for topic in ("shop/orders/audit", "shop/critical/payments"):  # loaded, so that the brokers' pages name them
        pulsar.admin(f"persistent/{topic}/stats")
    wanted = {"shop/orders/events": 200, "shop/orders/audit": 30, "shop/critical/payments": 40}
    until(
        lambda: wanted.items() <= {name: row["backlog"] for name, row in pulsar.pane("topics").items()}.items(),
        "the brokers' pages are not whole",
    )
    assert pulsar.pane("topics")["shop/orders/events"]["parts"] == 4
    rows = pulsar.pane("subscriptions")
    assert {rows[f"{name}@shop/orders/events"]["backlog"] for name in ("billing",)} == {200}
    spaces = pulsar.pane("namespaces")
    assert spaces["shop/orders"]["retention"] == "24 h, 100Mi"
    assert spaces["shop/orders"]["quota"] == "10Mi producer_request_hold"
    assert spaces["shop/critical"]["e_qw_qa"] == "3/3/2"
    assert {name: row["namespaces"] for name, row in pulsar.pane("tenants").items()} == {
        name: len(pulsar.admin(f"namespaces/{name}")) for name in pulsar.admin("tenants")
    }


@of_pulsar
def test_a_namespace_a_topic_and_a_subscription_of_this_pulsar_are_worked_with(pulsar: pulsars.Cluster) -> None:
    """What a failure leaves goes with the servers."""
    space, topic = "shop/pilothouse", "shop/pilothouse/one"
    pulsar.act(("tenants", "shop"), "create-namespace", name="pilothouse", bundles="4")
    pulsar.act(("namespaces", space), "retention", time="2d", size="100")
    kept = {"retentionTimeInMinutes": 2880, "retentionSizeInMB": 100}
    assert pulsar.admin(f"namespaces/{space}")["retention_policies"] == kept
    pulsar.act(("namespaces", space), "create-topic", name="one", partitions="0")
    pulsar.admin(f"persistent/{topic}/subscription/late", "PUT")
    pulsar.produce(topic, 20)
    late = ("subscriptions", f"late@{topic}")
    until(lambda: pulsar.pane("subscriptions").get(late[1], {}).get("backlog") == 20, "the subscription is not shown")
    assert "message 2" in pulsar.act(late, "peek", position="3")
    pulsar.act(late, "skip", count="5")
    assert pulsar.backlog(topic, "late") == 15
    pulsar.act(late, "clear")
    assert pulsar.backlog(topic, "late") == 0
    pulsar.act(late, "delete")
    assert pulsar.admin(f"persistent/{topic}/subscriptions") == []
    pulsar.act(("topics", topic), "delete")
    until(lambda: pulsar.admin(f"persistent/{space}") == [], "the topic is not deleted")
    pulsar.act(("namespaces", space), "delete")
    until(lambda: space not in pulsar.admin("namespaces/shop"), "the namespace is not deleted")
