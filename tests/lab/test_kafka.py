"""Kafka's panes against its own tools on real servers behind pods, and actions that change them, all headless."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.lab.brokers.kafka import SECURE, USER
from tests.lab.brokers.staged import Staged
from tests.lab.kafkas import Cluster, misled, states
from tests.lab.lab import Lab
from tests.lab.patience import until
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Ask = Callable[[str], Staged]
TOPIC = "pilothouse.lab"


@pytest.fixture
def kafka(lab: Lab, staged: Ask) -> Cluster:
    return Cluster(lab, staged("kafka"), "kafka/my-cluster")


@pytest.fixture
def restless(kafka: Cluster) -> Iterator[Cluster]:
    """For tests that disturb a member: what they leave is well again for those after them."""
    kafka.settle()
    yield kafka
    kafka.staged.mend()
    kafka.settle()


def test_brokers_topics_partitions_and_the_quorum_are_those_that_its_tools_name(kafka: Cluster) -> None:
    kafka.shows_what_its_tools_name()
    leader = re.search(r"LeaderId:\s+(\d+)", kafka.told("kafka-metadata-quorum", "describe", "--status"))
    voters = {row["id"]: row["role"] for row in kafka.pane("quorum")}
    assert sorted(voters) == [0, 1, 2]
    assert leader is not None
    assert [number for number, role in voters.items() if role == "leader"] == [int(leader[1])]


def test_a_topic_is_made_filled_read_and_changed_and_its_group_reset_and_forgotten(kafka: Cluster) -> None:
    kafka.make(TOPIC)
    try:
        kafka.fills_reads_and_changes(TOPIC)
        kafka.resets_and_forgets_the_group(TOPIC)
    finally:
        kafka.delete(TOPIC)


def test_a_broker_that_comes_back_is_given_its_leaders_again(restless: Cluster) -> None:
    kafka = restless
    kafka.staged.stop("kafka-2")
    until(lambda: without(kafka, 2, {"fenced", "away"}), "its row is not the only one that says it is away")
    kafka.staged.start("kafka-2")
    under = ("kafka-topics", "--describe", "--under-replicated-partitions")
    until(lambda: not kafka.told(*under).strip(), "its replicas do not catch up")
    until(lambda: states(kafka.pane("brokers")) == {0: "ok", 1: "ok", 2: "ok"}, "its row does not change back")
    lost = [key for key, one in kafka.described().items() if misled(one)]
    assert lost
    assert f"{len(lost)} of {len(lost)} partitions went" in kafka.act(("brokers", "2"), "elect")
    until(lambda: not any(misled(one) for one in kafka.described().values()), "it leads nothing")
    led = sum(one["leader"] == "2" for one in kafka.described().values())
    assert led >= len(lost)
    until(lambda: kafka.rows("brokers", "id")[2]["leads"] == led, "its row does not follow")


def test_a_broker_that_hangs_is_told_in_its_row_alone(restless: Cluster) -> None:
    """Each pane comes while the broker hangs: none waits for it. Which rows have numbers is the cluster's to say."""
    kafka = restless
    topics = {name: row["partitions"] for name, row in kafka.rows("topics").items()}
    kafka.staged.freeze("kafka-1")
    until(lambda: without(kafka, 1, {"silent", "fenced", "away"}), "its row is not the only one that says so")
    until(lambda: {row["name"]: row["partitions"] for row in kafka.pane("topics")} == topics, "topics do not come")
    until(lambda: {row["id"] for row in kafka.pane("quorum")} == {0, 1, 2}, "the quorum does not come")
    kafka.staged.thaw("kafka-1")
    until(lambda: set(states(kafka.pane("brokers")).values()) == {"ok"}, "its row does not change back")


def without(kafka: Cluster, number: int, words: set[str]) -> bool:
    """Whether the row of a broker says one of these words, and those of the others are as ever."""
    seen = states(kafka.pane("brokers"))
    return seen.pop(number, "") in words and len(seen) == 2 and set(seen.values()) == {"ok"}


def test_a_broker_is_set_and_put_back(kafka: Cluster) -> None:
    said = kafka.act(("brokers", "1"), "config", key="log.cleaner.threads", value="2")
    assert "log.cleaner.threads" in said
    truth = kafka.told("kafka-configs", "--describe", "--entity-type", "brokers", "--entity-name", "1")
    assert "log.cleaner.threads=2" in truth
    kafka.act(("brokers", "1"), "config", key="log.cleaner.threads", value="default")


def test_rules_are_those_of_the_authorizer(kafka: Cluster) -> None:
    rule = ("--allow-principal", "User:somebody", "--operation", "Read", "--topic", "scratch")
    kafka.told("kafka-acls", "--add", *rule)
    until(lambda: bool(kafka.pane("acls")), "the rule is not shown")
    [row] = kafka.pane("acls")
    assert (row["principal"], row["may"], row["operation"]) == ("User:somebody", "allow", "read")
    assert (row["resource"], row["name"] if "name" in row else row["key"]) != ("", "")
    kafka.told("kafka-acls", "--remove", "--force", *rule)
    until(lambda: not kafka.pane("acls"), "the rule is still shown")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_who_logs_in_through_tls_sees_the_same(kafka: Cluster, tmp_path: Path, mechanism: str) -> None:
    staged = kafka.staged
    (tmp_path / "ca.pem").write_text(staged.secret("my-cluster-cluster-ca-cert", "ca.crt"))
    (tmp_path / "password").write_text(staged.secret(USER, "password"))
    (tmp_path / "wrong").write_text("wrong")
    bootstrap = f'bootstrap = "{staged.pod("kafka-1").short}:{SECURE}"\nprotocol = "SASL_SSL"'
    for name, file in (("good", "password"), ("bad", "wrong")):
        (tmp_path / f"{name}.toml").write_text(
            f'[[kafka]]\nname = "secure"\n{bootstrap}\nmechanism = "{mechanism}"\nusername = "{USER}"\n'
            f'password_file = "{tmp_path / file}"\nca_file = "{tmp_path / "ca.pem"}"\n'
        )
    asked = [PILOTHOUSE, "get", "kafka.brokers", "--instance", "secure", "-o", "json", "--timeout", "90"]
    good = [*asked, "--config", str(tmp_path / "good.toml")]
    rows = json.loads(said(kafka.lab, good, '"ok"').stdout)
    assert states(rows) == {0: "ok", 1: "ok", 2: "ok"}
    assert all(row["address"].endswith(f":{SECURE}") for row in rows)
    if mechanism == "PLAIN":
        bad = said(kafka.lab, [*asked, "--config", str(tmp_path / "bad.toml")], "uthentication")
        assert bad.returncode != 0


def said(lab: Lab, command: list[str], words: str) -> CompletedProcess[str]:
    """A command that said these words; tried again, since a start has a deadline, which a busy machine may miss."""
    told: list[CompletedProcess[str]] = []

    def so() -> bool:
        told.append(lab.run(command))
        return words in told[-1].stdout + told[-1].stderr

    until(so, f"it does not say {words}")
    return told[-1]
