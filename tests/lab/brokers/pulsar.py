"""Pulsar: ZooKeepers, bookies, brokers, a proxy and the toolset, with tokens, at the ports and names of its chart."""

from __future__ import annotations

import os
from pathlib import Path

from tests.lab.brokers.asking import ask, four_letters, say, wait_for
from tests.lab.brokers.packages import DIST, fetch_archive, fetch_file, lacks
from tests.lab.brokers.process import inside
from tests.lab.brokers.pulsar_conf import (
    BOOKIE,
    BROKER,
    PROXY,
    Memory,
    Values,
    authentication,
    functions_worker,
    java,
    write,
)
from tests.lab.brokers.pulsar_seed import seed
from tests.lab.brokers.secured import server_pem
from tests.lab.brokers.system import System, script
from tests.lab.brokers.tokens import SUPERUSERS, make_tokens
from tests.lab.world.place import LabError, Place

_CLUSTER = "pulsar"
_TOKEN_AUTHENTICATION = "org.apache.pulsar.client.impl.auth.AuthenticationToken"
_TOOLS = {
    "pulsar-admin": "org.apache.pulsar.admin.cli.PulsarAdminTool",
    "pulsar-client": "org.apache.pulsar.client.cli.PulsarClientTool",
    "pulsar-perf": "org.apache.pulsar.testclient.PulsarPerfTestTool",
}
# Of the script bookkeeper its subcommand shell alone.
_SHELL = '[ "$1" = shell ] || { echo "only: bookkeeper shell" >&2; exit 2; }\nshift\n'
_KNOWN_ALREADY = 409
SECURE = 2281
"""ZooKeeper's client port with TLS, from 3.9 on."""
FUNCTIONS = "with-functions"
"""With a file of this name in its folder a broker starts with a functions worker, whose functions are its threads."""


class Pulsar(System):
    """Members zk-0 to zk-2, bookie-0 to bookie-2, broker-0, broker-1 and proxy-0."""

    name = "pulsar"
    version = "4.0.8"
    release = "pulsar"  # of its chart, by which the Secrets are called
    offloader = DIST / f"pulsar-offloaders-{version}" / "tiered-storage-file-system.nar"
    """To a file system, which a namespace may name as its long-term storage; not of old versions."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._pki = place.pki
        self.keys = self.home / "keys"
        self.store = ",".join(f"{self.pod[member].host}:2181" for member in self.kind("zk"))

    def kind(self, kind: str) -> list[str]:
        return [member for member in self.process if member.startswith(kind)]

    @property
    def distribution(self) -> Path:
        return DIST / f"pulsar-{self.version}"

    @property
    def _is_old(self) -> bool:
        return self.version.startswith("2.")

    def missing(self) -> list[str]:
        found = [] if self.distribution.exists() else [f"the distribution of Pulsar {self.version}"]
        if not (self._is_old or self.offloader.exists()):
            found.append(f"the offloader of Pulsar {self.version} to a file system")
        return [*super().missing(), *lacks("java"), *found]

    def fetch(self) -> None:
        artifact = f"org.apache.pulsar:pulsar-server-distribution:{self.version}:tar.gz:bin"
        fetch_archive(artifact, self.distribution)
        if not self._is_old:
            fetch_file(f"org.apache.pulsar:tiered-storage-file-system:{self.version}:jar", self.offloader)

    def layers(self, *, fresh: bool) -> list[list[str]]:
        return [self.kind(kind) for kind in ("zk", "bookie", "broker", "proxy")]

    def start(self) -> None:
        make_tokens(self.keys)
        super().start()

    def wait(self, member: str) -> None:
        super().wait(member)
        if member == self.kind("zk")[-1]:
            for one in self.kind("zk"):
                wait_for(
                    f"quorum of {one}",
                    lambda zk=one: "Mode: " in four_letters(self.pod[zk].address, b"srvr"),
                    seconds=120,
                )
            self._initialize()

    def spawn(self, member: str) -> None:
        spawn = {"zk": self._zookeeper, "bookie": self._bookie, "broker": self._broker, "proxy": self._proxy}
        command, memory = spawn[member.partition("-")[0]](member)
        self.process[member].start(java(self.distribution, command, memory))

    def answers(self, member: str) -> bool:
        """What the chart's probes ask; a ZooKeeper's says nothing of a quorum."""
        paths = {
            "bookie": ":8000/api/v1/bookie/is_ready", "broker": ":8080/admin/v2/brokers/ready",
            "proxy": ":80/admin/v2/clusters",
        }  # fmt: skip
        if member.startswith("zk"):
            return four_letters(self.pod[member].address, b"ruok") == "imok"
        url = f"http://{self.pod[member].address}{paths[member.partition('-')[0]]}"
        return ask("GET", url, authorization=self._authorization, timeout=5)[0] == 200

    def secrets(self) -> dict[str, dict[str, bytes]]:
        pair = {"PRIVATEKEY": (self.keys / "private.der").read_bytes()}
        pair["PUBLICKEY"] = (self.keys / "public.der").read_bytes()
        tokens = {role: (self.keys / f"{role}.jwt").read_bytes() for role in SUPERUSERS}
        prefix = f"{self.release}-token"
        known = {f"{prefix}-{role}": {"TOKEN": token, "TYPE": b"asymmetric"} for role, token in tokens.items()}
        return {f"{prefix}-asymmetric-key": pair, **known}

    def tools(self, member: str) -> dict[str, str]:
        """Those of Pulsar act as `admin` on broker-0, those of BookKeeper as the member, or bookie-0."""
        client = self.home / "client.conf"
        first = self.pod["broker-0"].host
        values: Values = {"webServiceUrl": f"http://{first}:8080", "brokerServiceUrl": f"pulsar://{first}:6650"}
        values |= {"authPlugin": _TOKEN_AUTHENTICATION, "authParams": f"file://{self.keys / 'admin.jwt'}"}
        client.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        memory = Memory(640, 256)
        bookie = self.home / (member if member.startswith("bookie") else "bookie-0") / "bookkeeper.conf"
        shell = java(self.distribution, ["org.apache.bookkeeper.bookie.BookieShell", "-conf", bookie], memory)
        texts = {name: java(self.distribution, [main, client], memory, level="warn") for name, main in _TOOLS.items()}
        # The shell answers in lines of its log.
        return {name: script(text) for name, text in texts.items()} | {"bookkeeper": script(shell, before=_SHELL)}

    def seed(self) -> None:
        """See pulsar_seed.py."""
        seed(self._admin, _CLUSTER, [f"{self.pod[member].host}:3181" for member in self.kind("bookie")])

    @property
    def _authorization(self) -> str:
        return f"Bearer {(self.keys / 'admin.jwt').read_text()}"

    def _admin(self, method: str, path: str, body: object) -> bytes:
        names = {pod.host: pod.address for pod in self.pods}
        url = f"http://{self.pod['broker-0'].address}:8080{path}"
        status, answer = ask(method, url, authorization=self._authorization, body=body, timeout=60, names=names)
        if status >= 300 and status != _KNOWN_ALREADY:
            raise LabError(f"{method} {path}: {status} {answer[:500]!r}")
        return answer

    def _initialize(self) -> None:
        done = self.home / "initialized"
        if done.exists():
            return
        brokers = [self.pod[member].host for member in self.kind("broker")]
        store = f"zk:{self.store}"
        command = [
            "org.apache.pulsar.PulsarClusterMetadataSetup", "--cluster", _CLUSTER, "--metadata-store", store,
            "--configuration-metadata-store", store,
            "--web-service-url", "http://" + ",".join(f"{host}:8080" for host in brokers),
            "--broker-service-url", "pulsar://" + ",".join(f"{host}:6650" for host in brokers),
        ]  # fmt: skip
        say(inside(self.pod["zk-0"], java(self.distribution, command, Memory(), level="warn")), os.environ)
        done.touch()

    def _zookeeper(self, member: str) -> tuple[list[object], Memory]:
        own = self.home / member
        (own / "data").mkdir(parents=True, exist_ok=True)
        (own / "data" / "myid").write_text(f"{int(member[-1]) + 1}\n")
        values: Values = {
            "tickTime": 2000, "initLimit": 10, "syncLimit": 5, "dataDir": own / "data", "clientPort": 2181,
            "admin.serverAddress": "127.0.0.1", "admin.serverPort": 8080,  # on loopback, as many keep it
            "metricsProvider.className": "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider",
            "metricsProvider.httpPort": 8000, "4lw.commands.whitelist": "*", "autopurge.snapRetainCount": 3,
            "autopurge.purgeInterval": 1,
        }  # fmt: skip
        values |= {f"server.{n}": f"{self.pod[one].host}:2888:3888" for n, one in enumerate(self.kind("zk"), 1)}
        if not self._is_old:
            factory = "org.apache.zookeeper.server.NettyServerCnxnFactory"
            values |= {"secureClientPort": SECURE, "serverCnxnFactory": factory, "ssl.clientAuth": "none"}
            values["ssl.keyStore.location"] = server_pem(self._pki, "pulsar", self.pods)
        configuration = own / "zookeeper.conf"
        configuration.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        return ["org.apache.zookeeper.server.quorum.QuorumPeerMain", configuration], Memory(128, 32)

    def _bookie(self, member: str) -> tuple[list[object], Memory]:
        own = self.home / member
        store = f"zk+hierarchical://{self.store.replace(',', ';')}/ledgers"
        places: Values = {"journalDirectory": own / "journal", "ledgerDirectories": own / "ledgers"}
        values: Values = {**BOOKIE, **places, "advertisedAddress": self.pod[member].host, "metadataServiceUri": store}
        configuration = write(own / "bookkeeper.conf", self.distribution / "conf/bookkeeper.conf", values)
        return ["org.apache.bookkeeper.server.Main", "--conf", configuration], Memory(256, 128)

    def _broker(self, member: str) -> tuple[list[object], Memory]:
        own = self.home / member
        values: Values = {**BROKER, **authentication(self.keys, "broker-admin", self.store), **self._common(member)}
        if not self._is_old:
            values["narExtractionDirectory"] = own / "unpacked"
        command: list[object] = ["org.apache.pulsar.PulsarBrokerStarter"]
        if (own / FUNCTIONS).exists():
            values["functionsWorkerEnabled"] = "true"
            command += ["--functions-worker-conf", functions_worker(own, self.distribution / "examples")]
        configuration = write(own / "broker.conf", self.distribution / "conf/broker.conf", values)
        return [*command, "--broker-conf", configuration], Memory(384, 128)

    def _proxy(self, member: str) -> tuple[list[object], Memory]:
        allowed = ",".join(self.pod[broker].address for broker in self.kind("broker"))
        values: Values = {**PROXY, **authentication(self.keys, "proxy-admin", self.store), **self._common(member)}
        values["brokerProxyAllowedIPAddresses"] = allowed
        configuration = write(self.home / member / "proxy.conf", self.distribution / "conf/proxy.conf", values)
        command: list[object] = ["org.apache.pulsar.proxy.server.ProxyServiceStarter", "--config", configuration]
        if self._is_old:  # it reads these from its command line only
            store = f"zk:{self.store}"
            command += ["--metadata-store", store, "--configuration-metadata-store", store]
        return command, Memory(192, 96)

    def _common(self, member: str) -> Values:
        """With a status file /status.html answers, which the chart's probes ask for."""
        status = self.home / member / "status"
        status.parent.mkdir(parents=True, exist_ok=True)
        status.write_text("OK\n")
        return {"clusterName": _CLUSTER, "advertisedAddress": self.pod[member].host, "statusFilePath": status}
