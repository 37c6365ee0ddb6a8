"""A Kafka of the lab as its tests see it: from one side by `pilothouse`, headless, from the other by its own tools."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any

from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.patience import TooEarlyError, until
from tests.terminal import PILOTHOUSE

Object = dict[str, Any]
_PARTITION = re.compile(r"Topic: (\S+)\s+Partition: (\d+)\s+Leader: (\d+|none)\s+Replicas: ([\d,]+)\s+Isr: ([\d,]*)")


@dataclass(frozen=True, slots=True)
class Cluster:
    """`instance` is how the console calls it."""

    lab: Lab
    staged: Staged
    instance: str

    # -- the console

    def asked(self, name: str) -> CompletedProcess[str]:
        """`pilothouse get` of one of its panes; it may fail."""
        return self.lab.run(
            [PILOTHOUSE, "get", f"kafka.{name}", "--instance", self.instance, "-o", "json", "--timeout", "90"]
        )

    def pane(self, name: str) -> list[Object]:
        """The rows of a pane; `until` they come, where a member may be away."""
        done = self.asked(name)
        if done.returncode:
            raise TooEarlyError(done.stderr)
        return json.loads(done.stdout)

    def rows(self, name: str, key: str = "name") -> dict[Any, Object]:
        """The same by one of their fields."""
        return {row[key]: row for row in self.pane(name)}

    def act(self, target: tuple[str, str], action: str, **answers: str) -> str:
        """What an action said that had to be done. `target`: pane and object."""
        kind, name = target
        answered = [word for key, value in answers.items() for word in ("--set", f"{key}={value}")]
        where = ["--instance", self.instance, "--name", name, "--timeout", "90"]
        done = self.lab.run([PILOTHOUSE, "act", f"kafka.{kind}", name, action, *where, *answered])
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    # -- its own tools

    def tool(self, name: str, *words: str) -> CompletedProcess[str]:
        """One of its own tools, in a broker's container; it may fail."""
        bootstrap = f"{self.staged.pod('kafka-0').short}:9092"
        return self.staged.tool("kafka-0", name, "--bootstrap-server", bootstrap, *words)

    def told(self, name: str, *words: str) -> str:
        """What one of its own tools prints."""
        done = self.tool(name, *words)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def described(self) -> dict[str, Object]:
        """Partitions by `topic/number`, as kafka-topics tells them."""
        found: dict[str, Object] = {}
        for topic, number, leader, replicas, isr in _PARTITION.findall(self.told("kafka-topics", "--describe")):
            in_sync = sorted(int(one) for one in isr.split(",") if one)
            found[f"{topic}/{number}"] = {"leader": leader, "replicas": replicas, "isr": in_sync}
        return found

    def offsets(self, *words: str) -> dict[str, dict[str, tuple[int, int]]]:
        """Where each group stands and how far behind it is, by `topic/number`, as kafka-consumer-groups tells it."""
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for line in self.told("kafka-consumer-groups", "--describe", *(words or ("--all-groups",))).splitlines():
            group, topic, number, at, _, lag, *_ = [*line.split(), *[""] * 6]
            if lag.isdigit():
                found.setdefault(group, {})[f"{topic}/{number}"] = (int(at), int(lag))
        return found

    def lags(self) -> dict[str, int]:
        """The lag of each group."""
        return {group: sum(lag for _, lag in parts.values()) for group, parts in self.offsets().items()}

    def sizes(self, topic: str) -> dict[int, int]:
        """Bytes of a topic by broker, as kafka-log-dirs tells them."""
        text = self.told("kafka-log-dirs", "--describe", "--topic-list", topic)
        answer = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
        return {
            one["broker"]: sum(part["size"] for folder in one["logDirs"] for part in folder["partitions"])
            for one in answer["brokers"]
        }

    # -- what any release must show

    def settle(self) -> None:
        """All replicas are in sync, and all leaders where they should be."""
        under = ("kafka-topics", "--describe", "--under-replicated-partitions")
        until(lambda: not self.told(*under).strip(), "replicas do not catch up")
        elect = ("kafka-leader-election", "--election-type", "PREFERRED", "--all-topic-partitions")
        until(lambda: self.tool(*elect).returncode == 0, "leaders do not move")
        until(lambda: not any(misled(one) for one in self.described().values()), "the brokers do not hear of it")

    def shows_what_its_tools_name(self) -> None:
        """Partitions, topics and brokers with their pods and nodes are those of its own tools."""
        self.settle()
        truth = self.described()
        shown = self.rows("partitions", "key")
        assert shown.keys() == truth.keys()
        assert {key: _part(row) for key, row in shown.items()} == truth
        topics = self.rows("topics")
        names = [key.rpartition("/")[0] for key in truth]
        assert {name: row["partitions"] for name, row in topics.items()} == {name: names.count(name) for name in names}
        assert (topics["orders"]["min_isr"], topics["orders"]["messages"], topics["scratch"]["rf"]) == (2, 600, 1)
        assert "cleanup.policy=compact" in topics["audit"]["differs"]
        self._shows_its_brokers(truth)

    def _shows_its_brokers(self, truth: Mapping[str, Object]) -> None:
        pods = json.loads(self.lab.kubectl("-n", self.staged.space, "get", "pods", "-o", "json"))["items"]
        nodes = {item["metadata"]["name"]: item["spec"]["nodeName"] for item in pods}
        led = [one["leader"] for one in truth.values()]
        sizes = self.sizes("orders")
        rows = self.pane("brokers")
        assert [row["id"] for row in rows] == [0, 1, 2]
        for row in rows:
            number = row["id"]
            pod = self.staged.pod(f"kafka-{number}").name
            assert (row["state"], row["rack"], row["pod"], row["node"]) == ("ok", f"rack-{number}", pod, nodes[pod])
            assert row["leads"] == led.count(str(number))
            alone = sum(one["replicas"] == str(number) for one in truth.values())
            assert row["if_it_goes"] == {"offline": alone, "under_min_isr": 0, "always": 0, "unknown": 0}
            assert row["size"] >= sizes[number] > 0

    def has(self, topic: str, partitions: int) -> bool:
        """Whether all of a topic is there and led, as every broker that is asked says."""
        row = self.rows("topics").get(topic)
        return row is not None and (row["partitions"], row["offline"]) == (partitions, 0)

    def make(self, topic: str) -> None:
        """A topic of two partitions, by an action."""
        asked = {"topic": topic, "partitions": "2", "replicas": "3", "configs": "retention.ms=111000"}
        self.act(("brokers", "0"), "create-topic", **asked)
        until(lambda: self.has(topic, 2), "the topic does not come")

    def delete(self, topic: str) -> None:
        """The same topic, by an action."""
        self.act(("topics", topic), "delete")
        until(lambda: topic not in self.rows("topics"), "the topic does not go")
        until(lambda: topic not in self.told("kafka-topics", "--list").splitlines(), "its tool names it still")

    def fills_reads_and_changes(self, topic: str) -> None:
        """Messages of a topic come and are seen, by its tool too, and what is set on it is what its tool says."""
        target = ("topics", topic)
        for n in range(3):
            assert f"offset {n}" in self.act(target, "produce", value=f'{{"n": {n}}}', key="k", partition="0")
        assert '"n":2' in self.act(target, "peek", count="1", partition="0")
        words = ("--topic", topic, "--from-beginning", "--max-messages", "2")
        seen = self.told("kafka-console-consumer", "--group", reader(topic), *words)
        assert seen.splitlines() == ['{"n": 0}', '{"n": 1}']
        self.act(target, "config", key="retention.ms", value="222000")
        self.act(target, "partitions", partitions="4")
        until(lambda: self.has(topic, 4), "it has no more partitions")
        truth = self.told("kafka-topics", "--describe", "--topic", topic)
        assert "PartitionCount: 4" in truth
        assert "retention.ms=222000" in truth

    def resets_and_forgets_the_group(self, topic: str) -> None:
        """The group that read it is where its tool says; it goes where it is sent, and away."""
        name = reader(topic)
        until(lambda: self.rows("groups").get(name, {}).get("state") == "Empty", "the group is not empty")
        rows = self.rows("groups")
        assert {group: rows[group]["lag"] for group in ("billing", "ledger")} == {"billing": 240, "ledger": 0}
        assert {group: lag for group, lag in self.lags().items() if group != name} == {
            group: row["lag"] for group, row in rows.items() if group != name
        }
        target, first = ("groups", name), f"{topic}/0"
        assert f"{first}: 2 -> 0" in self.act(target, "plan-reset", to="start", topic=topic)
        assert self.offsets("--group", name)[name][first] == (2, 1), "a plan changes nothing"
        self.act(target, "reset", to="start", topic=topic, plan="do")
        assert self.offsets("--group", name)[name][first] == (0, 3)
        until(lambda: self.rows("groups")[name]["lag"] == 3, "its row does not follow")
        self.act(target, "delete")
        assert name not in self.told("kafka-consumer-groups", "--list").splitlines()
        until(lambda: name not in self.rows("groups"), "the group does not go")


def reader(topic: str) -> str:
    """The group that reads a topic of the tests'."""
    return f"{topic}.readers"


def misled(partition: Object) -> bool:
    """Whether another replica leads than the preferred one."""
    return partition["leader"] != partition["replicas"].partition(",")[0]


def _part(row: Object) -> Object:
    """A row of kafka.partitions as kafka-topics has it."""
    return {"leader": str(row["leader"]), "replicas": row["replicas"], "isr": sorted(row["isr"])}


def states(rows: Iterable[Object]) -> dict[int, str]:
    """Of brokers, by their numbers."""
    return {row["id"]: row["state"] for row in rows}
