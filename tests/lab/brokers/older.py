"""Old versions of systems, each in a namespace of its own beside the others: Kafka with ZooKeeper, and Pulsar 2.10."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.lab.brokers.asking import four_letters
from tests.lab.brokers.kafka import LISTENERS, Kafka, number
from tests.lab.brokers.pulsar import Pulsar
from tests.lab.brokers.system import script


class OldKafka(Kafka):
    """Members zk-0 and kafka-0 to kafka-2."""

    name = "kafka-2.8"
    version = "2.8.1"
    classes = {  # noqa: RUF012 - as in Kafka
        "kafka-acls": "kafka.admin.AclCommand",
        "kafka-broker-api-versions": "kafka.admin.BrokerApiVersionsCommand",
        "kafka-configs": "kafka.admin.ConfigCommand",
        "kafka-console-consumer": "kafka.tools.ConsoleConsumer",
        "kafka-console-producer": "kafka.tools.ConsoleProducer",
        "kafka-consumer-groups": "kafka.admin.ConsumerGroupCommand",
        "kafka-leader-election": "kafka.admin.LeaderElectionCommand",
        "kafka-log-dirs": "kafka.admin.LogDirsCommand",
        "kafka-producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
        "kafka-reassign-partitions": "kafka.admin.ReassignPartitionsCommand",
        "kafka-topics": "kafka.admin.TopicCommand",
    }

    def layers(self, *, fresh: bool) -> list[list[str]]:
        return [["zk-0"], self.brokers]

    def spawn(self, member: str) -> None:
        if member in self.brokers:
            super().spawn(member)
            return
        own = self.home / member
        (own / "data").mkdir(parents=True, exist_ok=True)
        configuration = own / "zookeeper.properties"
        lines = [f"dataDir={own / 'data'}", "clientPort=2181", "admin.enableServer=false", "4lw.commands.whitelist=*"]
        configuration.write_text("\n".join(lines) + "\n")
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        self.process[member].start(self.java(main, configuration, log="kafka.server.properties"))

    def answers(self, member: str) -> bool:
        if member in self.brokers:
            return super().answers(member)
        return four_letters(self.pod[member].address, b"ruok") == "imok"

    def stop(self, member: str, how: signal.Signals = signal.SIGTERM) -> None:
        self.process[member].stop(25, how)

    def tools(self, member: str) -> dict[str, str]:
        shell = self.java("org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka", "-server")
        return {**super().tools(member), "zookeeper-shell": script(shell)}

    def quorum(self, member: str) -> list[str]:
        """A ZooKeeper keeps what controllers keep in newer ones."""
        return [
            f"broker.id={number(member)}", f"zookeeper.connect={self.pod['zk-0'].short}:2181",
            "zookeeper.session.timeout.ms=9000",
            "listeners=" + ",".join(f"{name}://0.0.0.0:{port}" for name, port in LISTENERS.items()),
            "advertised.listeners="
            + ",".join(f"{name}://{self.pod[member].short}:{port}" for name, port in LISTENERS.items()),
            "listener.security.protocol.map=" + ",".join(f"{name}:PLAINTEXT" for name in LISTENERS),
        ]  # fmt: skip

    def certify(self) -> None:
        """Nothing: no listener of these has TLS."""

    def secrets(self) -> dict[str, dict[str, bytes]]:
        """None: nobody logs in."""
        return {}

    def format(self, configuration: Path) -> None:
        """Nothing: only nodes without ZooKeeper are prepared."""


class OldPulsar(Pulsar):
    """Members zk-0, bookie-0 to bookie-2, broker-0 and proxy-0."""

    name = "pulsar-2.10"
    version = "2.10.1"
    release = "old-pulsar"
