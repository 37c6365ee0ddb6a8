"""Kafka without ZooKeeper: three nodes, each a broker and a controller, with the listeners and names of Strimzi."""

from __future__ import annotations

import os
import signal
import socket
import struct
from pathlib import Path

from tests.lab.brokers.asking import say, wait_for
from tests.lab.brokers.packages import DIST, fetch_jars, lacks
from tests.lab.brokers.process import inside
from tests.lab.brokers.system import System, script
from tests.lab.world.credentials import certificate
from tests.lab.world.place import Place

_HERE = Path(__file__).parent
_CLUSTER = "MkU3OEVBNTcwNTJENDM2Qk"
LISTENERS = {"REPLICATION": 9091, "EXTERNAL": 9092, "PLAIN": 9093}
SECURE = 9094
"""A listener with TLS where one logs in, by PLAIN or SCRAM; nodes without ZooKeeper have it."""
USER, PASSWORD = "oncall", "oncall-lab"
_CONTROLLER = 9090
_JVM = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.net.preferIPv4Stack=true")
_TOOLS = {
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-features": "org.apache.kafka.tools.FeatureCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
}


class Kafka(System):
    """Members kafka-0 to kafka-2."""

    name = "kafka"
    version = "4.1.2"
    classes = _TOOLS  # by the tool's name

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.pki = place.pki

    @property
    def library(self) -> Path:
        return DIST / f"kafka-{self.version}"

    @property
    def brokers(self) -> list[str]:
        return [member for member in self.process if member.startswith("kafka")]

    def missing(self) -> list[str]:
        jars = [] if self.library.exists() else [f"the jars of Kafka {self.version}"]
        return [*super().missing(), *lacks("java"), *jars]

    def fetch(self) -> None:
        fetch_jars(_HERE / "kafka.xml", self.library, kafka_version=self.version)

    def start(self) -> None:
        super().start()
        count = len(self.brokers)
        for member in self.brokers:
            wait_for(f"{member} knows all", lambda one=member: len(self.known_to(one)) == count, seconds=120)

    def spawn(self, member: str) -> None:
        own = self.home / member
        configuration = own / "server.properties"
        if not (own / "data" / "meta.properties").exists():
            own.mkdir(parents=True, exist_ok=True)
            self.certify()
            configuration.write_text("\n".join([*self.settings(member), *self.quorum(member)]) + "\n")
            self.format(configuration)
        command = self.java("kafka.Kafka", configuration, heap=320, log="kafka.server.properties")
        self.process[member].start(command)

    def answers(self, member: str) -> bool:
        return number(member) in self.known_to(member)

    def stop(self, member: str, how: signal.Signals = signal.SIGTERM) -> None:
        self.process[member].stop(25, how)  # the last two of a cluster have no quorum to say good-bye to

    def tools(self, member: str) -> dict[str, str]:
        """Each also with the ending of the real scripts. As there, --bootstrap-server must be given."""
        texts = {name: script(self.java(main)) for name, main in self.classes.items()}
        return texts | {f"{name}.sh": text for name, text in texts.items()}

    def seed(self) -> None:
        """Topics, records and groups, see KafkaSeed.java."""
        bootstrap = ",".join(f"{self.pod[member].short}:9092" for member in self.brokers)
        command = self.java(str(_HERE / "KafkaSeed.java"), bootstrap, heap=200)
        say(inside(self.pod[self.brokers[0]], command), os.environ, seconds=180)

    def java(self, main: str, *arguments: object, heap: int = 128, log: str = "kafka.tools.properties") -> list[str]:
        """A JVM with all jars."""
        options = [f"-Xmx{heap}m", f"-Dlog4j.configuration=file:{_HERE / log}", "-cp", f"{self.library}/*"]
        return [*_JVM, *options, main, *map(str, arguments)]

    def certify(self) -> None:
        """The servers' certificate, by the lab's own authority: for all of them, and made once."""
        if not (self.home / "server.pem").exists():
            one = self.pod[self.brokers[0]]
            certificate(self.pki, "kafka", "/CN=kafka", f"DNS:*.{one.short.partition('.')[2]}")
            texts = [(self.pki / name).read_text() for name in ("kafka.key", "kafka.crt")]
            (self.home / "server.pem").write_text("".join(texts))

    def secrets(self) -> dict[str, dict[str, bytes]]:
        """As Strimzi names them."""
        authority = (self.pki / "ca.crt").read_bytes()
        return {"my-cluster-cluster-ca-cert": {"ca.crt": authority}, USER: {"password": PASSWORD.encode()}}

    def settings(self, member: str) -> list[str]:
        """What any of the ages has."""
        return [
            f"broker.rack=rack-{number(member)}", "inter.broker.listener.name=REPLICATION",
            f"log.dirs={self.home / member / 'data'}", "num.partitions=3", "default.replication.factor=3",
            "min.insync.replicas=2", "auto.create.topics.enable=false", "offsets.topic.replication.factor=3",
            "offsets.topic.num.partitions=6", "transaction.state.log.replication.factor=3",
            "transaction.state.log.min.isr=2", "transaction.state.log.num.partitions=3",
            "group.initial.rebalance.delay.ms=0", "num.network.threads=2", "num.io.threads=2",
            "num.recovery.threads.per.data.dir=1", "background.threads=2",
            "log.cleaner.dedupe.buffer.size=8388608",  # else 128 MB of heap
            "replica.lag.time.max.ms=10000",
            "auto.leader.rebalance.enable=false",  # leaders stay where a test left them, until it moves them
        ]  # fmt: skip

    def quorum(self, member: str) -> list[str]:
        """Who the controllers are."""
        voters = ",".join(f"{number(one)}@{self.pod[one].short}:{_CONTROLLER}" for one in self.process)
        host, login = self.pod[member].short, "org.apache.kafka.common.security"
        by_plain = f"{login}.plain.PlainLoginModule required"
        ports = {**LISTENERS, "SECURE": SECURE}
        own = [*(f"{name}://0.0.0.0:{port}" for name, port in ports.items()), f"CONTROLLER://{host}:{_CONTROLLER}"]
        plain = [f"{name}:PLAINTEXT" for name in [*LISTENERS, "CONTROLLER"]]
        return [
            "process.roles=broker,controller", f"node.id={number(member)}", f"controller.quorum.voters={voters}",
            "controller.listener.names=CONTROLLER", "broker.session.timeout.ms=9000", f"listeners={','.join(own)}",
            "advertised.listeners=" + ",".join(f"{name}://{host}:{port}" for name, port in ports.items()),
            f"listener.security.protocol.map={','.join(plain)},SECURE:SASL_SSL",
            "listener.name.secure.ssl.keystore.type=PEM",
            f"listener.name.secure.ssl.keystore.location={self.home / 'server.pem'}",
            "listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512",
            f'listener.name.secure.plain.sasl.jaas.config={by_plain} user_{USER}="{PASSWORD}";',
            f"listener.name.secure.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS", "allow.everyone.if.no.acl.found=true",
        ]  # fmt: skip

    def format(self, configuration: Path) -> None:
        """Prepare a node's folder; the user is in it."""
        user = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        arguments = ("format", "-t", _CLUSTER, "-c", configuration, "--add-scram", user)
        say(self.java("kafka.tools.StorageTool", *arguments), os.environ)

    def known_to(self, member: str) -> set[int]:
        """The live brokers, as one of them says: its answer to a Metadata request of version 1."""
        body = struct.pack(">hhih3si", 3, 1, 7, 3, b"lab", 0)
        with socket.create_connection((self.pod[member].address, LISTENERS["EXTERNAL"]), timeout=3) as connection:
            connection.settimeout(3)
            connection.sendall(struct.pack(">i", len(body)) + body)
            with connection.makefile("rb") as stream:
                (size,) = struct.unpack(">i", stream.read(4))
                return set(_brokers(stream.read(size)))


def number(member: str) -> int:
    """The number of a member."""
    return int(member.rpartition("-")[2])


def _brokers(answer: bytes) -> list[int]:
    """Ids: the answer begins with its correlation, a count, and for each broker an id, a host, a port and a rack."""
    (count,) = struct.unpack_from(">i", answer, 4)
    found: list[int] = []
    position = 8
    for _ in range(count):
        number, length = struct.unpack_from(">ih", answer, position)
        position += 6 + length + 4
        (rack,) = struct.unpack_from(">h", answer, position)
        position += 2 + max(rack, 0)
        found.append(number)
    return found
