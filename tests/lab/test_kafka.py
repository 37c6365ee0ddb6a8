"""Kafka's panes against its own tools on real servers behind pods, and actions that change them, all headless."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.brokers.kafka import SECURE, USER
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Ask = Callable[[str], Staged]
Object = dict[str, Any]
_PATIENCE = 120.0
HERE = "kafka/my-cluster"
TOPIC = "pilothouse.lab"


def pane(lab: Lab, name: str, instance: str = HERE) -> list[Object]:
    """The rows of a pane of the cluster on the platform."""
    done = lab.run([PILOTHOUSE, "get", f"kafka.{name}", "--instance", instance, "-o", "json", "--timeout", "90"])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_name(rows: list[Object]) -> dict[str, Object]:
    return {row["name"]: row for row in rows}


def act(lab: Lab, target: tuple[str, str], action: str, **answers: str) -> str:
    """What an action said that had to be done. `target`: pane and object."""
    kind, name = target
    answered = [word for key, value in answers.items() for word in ("--set", f"{key.strip('_')}={value}")]
    done = lab.run(
        [
            PILOTHOUSE,
            "act",
            f"kafka.{kind}",
            name,
            action,
            "--instance",
            HERE,
            "--name",
            name,
            "--timeout",
            "90",
            *answered,
        ]
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def told(kafka: Staged, tool: str, *words: str, text: str | None = None) -> str:
    """What one of its own tools prints."""
    bootstrap = f"{kafka.pod('kafka-0').short}:9092"
    done = kafka.tool("kafka-0", tool, "--bootstrap-server", bootstrap, *words, text=text)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def until(is_so: Callable[[], bool], what: str) -> None:
    """A change reaches all brokers a moment later."""
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def described(kafka: Staged) -> dict[str, Object]:
    """Partitions by `topic/number`, as kafka-topics tells them."""
    found: dict[str, Object] = {}
    line = re.compile(r"Topic: (\S+)\s+Partition: (\d+)\s+Leader: (\d+|none)\s+Replicas: ([\d,]+)\s+Isr: ([\d,]*)")
    for topic, number, leader, replicas, isr in line.findall(told(kafka, "kafka-topics", "--describe")):
        in_sync = sorted(int(one) for one in isr.split(",") if one)
        found[f"{topic}/{number}"] = {"leader": leader, "replicas": replicas, "isr": in_sync}
    return found


def lags(kafka: Staged) -> dict[str, int]:
    """The lag of each group, as kafka-consumer-groups tells it."""
    found: dict[str, int] = {}
    for line in told(kafka, "kafka-consumer-groups", "--all-groups", "--describe").splitlines():
        words = line.split()
        if len(words) > 5 and words[5].isdigit():
            found[words[0]] = found.get(words[0], 0) + int(words[5])
    return found


def test_brokers_topics_partitions_and_the_quorum_are_those_that_its_tools_name(lab: Lab, staged: Ask) -> None:
    kafka = staged("kafka")
    until(
        lambda: all(not row["under_repl"] and not row["not_preferred"] for row in pane(lab, "topics")), "it is moving"
    )
    truth = described(kafka)
    shown = {row["key"]: row for row in pane(lab, "partitions")}
    assert shown.keys() == truth.keys()
    for key, row in shown.items():
        assert str(row["leader"]) == truth[key]["leader"]
        assert row["replicas"] == truth[key]["replicas"]
        assert sorted(row["isr"]) == truth[key]["isr"]
    topics = by_name(pane(lab, "topics"))
    assert {name: row["partitions"] for name, row in topics.items()} == {
        name: sum(key.rpartition("/")[0] == name for key in truth) for name in {key.rpartition("/")[0] for key in truth}
    }
    assert (topics["orders"]["min_isr"], topics["orders"]["messages"], topics["scratch"]["rf"]) == (2, 600, 1)
    assert "cleanup.policy=compact" in topics["audit"]["differs"]
    nodes = {
        item["metadata"]["name"]: item["spec"]["nodeName"]
        for item in json.loads(lab.kubectl("-n", kafka.space, "get", "pods", "-o", "json"))["items"]
    }
    led = [one["leader"] for one in truth.values()]
    sizes = _sizes(told(kafka, "kafka-log-dirs", "--describe", "--topic-list", "orders"))
    for row in pane(lab, "brokers"):
        number = row["id"]
        assert (row["state"], row["rack"], row["pod"]) == ("ok", f"rack-{number}", kafka.pod(f"kafka-{number}").name)
        assert row["node"] == nodes[row["pod"]]
        assert row["leads"] == led.count(str(number))
        alone = sum(one["replicas"] == str(number) for one in truth.values())
        assert row["if_it_goes"] == {"offline": alone, "under_min_isr": 0, "always": 0, "unknown": 0}
        assert row["size"] >= sizes[number] > 0
    leader = re.search(r"LeaderId:\s+(\d+)", told(kafka, "kafka-metadata-quorum", "describe", "--status"))
    voters = {row["id"]: row["role"] for row in pane(lab, "quorum")}
    assert sorted(voters) == [0, 1, 2]
    assert leader is not None
    assert [number for number, role in voters.items() if role == "leader"] == [int(leader[1])]


def _sizes(text: str) -> dict[int, int]:
    """Bytes by broker."""
    answer = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    return {
        one["broker"]: sum(part["size"] for folder in one["logDirs"] for part in folder["partitions"])
        for one in answer["brokers"]
    }


@pytest.fixture
def topic(lab: Lab, staged: Ask) -> Iterator[str]:
    """A topic that an action makes, with two partitions; taken away again."""
    kafka = staged("kafka")
    broker = ("brokers", "0")
    act(lab, broker, "create-topic", topic=TOPIC, partitions="2", replicas="3", configs="retention.ms=111000")
    until(lambda: by_name(pane(lab, "topics")).get(TOPIC, {}).get("offline") == 0, "the topic does not come")
    yield TOPIC
    act(lab, ("topics", TOPIC), "delete")
    until(lambda: TOPIC not in by_name(pane(lab, "topics")), "the topic does not go")
    assert TOPIC not in told(kafka, "kafka-topics", "--list").splitlines()


def test_a_topic_is_made_filled_read_and_changed_and_its_group_is_what_its_tool_says(
    lab: Lab, staged: Ask, topic: str
) -> None:
    kafka = staged("kafka")
    target = ("topics", topic)
    for n in range(3):
        assert f"offset {n}" in act(lab, target, "produce", value=f'{{"n": {n}}}', key="k", partition="0")
    assert '"n":2' in act(lab, target, "peek", count="1", partition="0")
    seen = told(kafka, "kafka-console-consumer", "--topic", topic, "--group", "pilothouse.readers",
                "--from-beginning", "--max-messages", "2")  # fmt: skip
    assert seen.splitlines() == ['{"n": 0}', '{"n": 1}']
    act(lab, target, "config", key="retention.ms", value="222000")
    act(lab, target, "partitions", partitions="4")
    until(lambda: by_name(pane(lab, "topics"))[topic]["partitions"] == 4, "it has no more partitions")
    truth = told(kafka, "kafka-topics", "--describe", "--topic", topic)
    assert "PartitionCount: 4" in truth
    assert "retention.ms=222000" in truth
    group = ("groups", "pilothouse.readers")
    until(lambda: by_name(pane(lab, "groups"))[group[1]]["state"] == "Empty", "the group is not empty")
    shown = {name: row["lag"] for name, row in by_name(pane(lab, "groups")).items()}
    assert shown == lags(kafka) | {group[1]: shown[group[1]]}
    assert shown["billing"] == 240
    assert "would go, on" in act(lab, group, "plan-reset", to="end")


def test_a_broker_is_set_and_put_back(lab: Lab, staged: Ask) -> None:
    kafka = staged("kafka")
    said = act(lab, ("brokers", "1"), "config", key="log.cleaner.threads", value="2")
    assert "log.cleaner.threads" in said
    truth = told(kafka, "kafka-configs", "--describe", "--entity-type", "brokers", "--entity-name", "1")
    assert "log.cleaner.threads=2" in truth
    act(lab, ("brokers", "1"), "config", key="log.cleaner.threads", value="default")


def test_rules_are_those_of_the_authorizer(lab: Lab, staged: Ask) -> None:
    kafka = staged("kafka")
    rule = ("--allow-principal", "User:somebody", "--operation", "Read", "--topic", "scratch")
    told(kafka, "kafka-acls", "--add", *rule)
    until(lambda: bool(pane(lab, "acls")), "the rule is not shown")
    [row] = pane(lab, "acls")
    assert (row["principal"], row["may"], row["operation"]) == ("User:somebody", "allow", "read")
    assert (row["resource"], row["name"] if "name" in row else row["key"]) != ("", "")
    told(kafka, "kafka-acls", "--remove", "--force", *rule)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_who_logs_in_through_tls_sees_the_same(lab: Lab, staged: Ask, tmp_path: Path, mechanism: str) -> None:
    kafka = staged("kafka")
    (tmp_path / "ca.pem").write_text(kafka.secret("my-cluster-cluster-ca-cert", "ca.crt"))
    (tmp_path / "password").write_text(kafka.secret(USER, "password"))
    (tmp_path / "wrong").write_text("wrong")
    bootstrap = f'bootstrap = "{kafka.pod("kafka-1").short}:{SECURE}"\nprotocol = "SASL_SSL"'
    for name, file in (("good", "password"), ("bad", "wrong")):
        (tmp_path / f"{name}.toml").write_text(
            f'[[kafka]]\nname = "secure"\n{bootstrap}\nmechanism = "{mechanism}"\nusername = "{USER}"\n'
            f'password_file = "{tmp_path / file}"\nca_file = "{tmp_path / "ca.pem"}"\n'
        )
    asked = [PILOTHOUSE, "get", "kafka.brokers", "--instance", "secure", "-o", "json", "--timeout", "90"]
    rows = json.loads(said(lab, [*asked, "--config", str(tmp_path / "good.toml")], '"ok"'))
    assert [(row["id"], row["state"]) for row in rows] == [(0, "ok"), (1, "ok"), (2, "ok")]
    assert all(row["address"].endswith(f":{SECURE}") for row in rows)
    if mechanism == "PLAIN":
        said(lab, [*asked, "--config", str(tmp_path / "bad.toml")], "uthentication")


def said(lab: Lab, command: list[str], words: str) -> str:
    """What a command printed that had these words in it; tried again, since a start has a deadline."""
    told: list[str] = []
    while len(told) < 5:
        done = lab.run(command)
        if words in done.stdout + done.stderr:
            return done.stdout
        told.append(done.stdout + done.stderr)
    raise AssertionError(told)
