"""RabbitMQ: three nodes in one cluster, at the ports and names of its chart."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
from pathlib import Path

from tests.lab.brokers.asking import ask, say, wait_for
from tests.lab.brokers.process import Process, inside
from tests.lab.brokers.secured import server_certificate
from tests.lab.brokers.system import System, script
from tests.lab.world.place import LabError, Place

USER, PASSWORD, COOKIE = "admin", "admin-lab", "lab-test-only-cookie"
SECURE = 15671
"""The management API with TLS."""
_BIN = Path("/usr/lib/rabbitmq/bin")  # those in /usr/sbin change the user
_AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_DEFINITIONS = Path(__file__).with_name("rabbitmq.json")
_MESSAGES = {"order.new.eu": 40, "order.paid.eu": 25, "order.shipped.us": 5}  # by routing key of `orders` in `shop`
_TOOLS = ("rabbitmqctl", *(f"rabbitmq-{name}" for name in ("diagnostics", "plugins", "queues", "streams", "upgrade")))
# The tools must not have the server's flags for Erlang.
_OF_TOOLS = {
    "HOME", "RABBITMQ_CONF_ENV_FILE", "RABBITMQ_NODENAME", "RABBITMQ_USE_LONGNAME", "RABBITMQ_ENABLED_PLUGINS_FILE",
    "RABBITMQ_MNESIA_BASE",
}  # fmt: skip


class RabbitMQ(System):
    """Members rabbit-0 to rabbit-2: the node's Erlang VM; beside each runs an epmd."""

    name = "rabbitmq"
    packages = ("rabbitmq-server",)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._pki = place.pki
        self._epmd = {member: Process(self.home, f"epmd-{member}", pod) for member, pod in self.pod.items()}

    def layers(self, *, fresh: bool) -> list[list[str]]:
        """A new cluster grows from its first node; the nodes of a stopped one wait for each other."""
        members = list(self.process)
        return [members[:1], members[1:]] if fresh else [members]

    def spawn(self, member: str) -> None:
        self._configure(member)
        epmd, address = self._epmd[member], (self.pod[member].address, 4369)
        epmd.start(["epmd"], {"HOME": str(self.home / "home")})
        wait_for("epmd", lambda: _connects(address), seconds=30, process=epmd)
        # `detached` makes the package's script become the Erlang VM.
        self.process[member].start([_BIN / "rabbitmq-server"], {**self._settings(member), "detached": "1"})

    def answers(self, member: str) -> bool:
        """Its listener for clients is open; that opens last, some 10 s after the management port."""
        return self._get(member, "/health/checks/port-listener/5672")[0] == 200

    def wait(self, member: str) -> None:
        super().wait(member)
        # The listener answers shortly before the boot is over, and a vhost made meanwhile stays stopped on this node.
        tool = inside(self.pod[member], [_BIN / "rabbitmqctl", "await_startup", "--timeout", "60"])
        say(tool, {**os.environ, **self._settings_of_tools(member)})

    def stop(self, member: str, how: signal.Signals = signal.SIGTERM) -> None:
        super().stop(member, how)
        self._epmd[member].stop(5)  # nothing outlives a pod

    def end(self) -> None:
        for member in reversed(self.process):  # one after the other: the first is the last, and knows it
            self.stop(member)

    def secrets(self) -> dict[str, dict[str, bytes]]:
        words = {"rabbitmq-username": USER, "rabbitmq-password": PASSWORD, "rabbitmq-erlang-cookie": COOKIE}
        values = {key: word.encode() for key, word in words.items()}
        return {"my-rabbitmq-ha": {**values, "definitions.json": _DEFINITIONS.read_bytes()}}

    def tools(self, member: str) -> dict[str, str]:
        return {name: script([_BIN / name], self._settings_of_tools(member)) for name in _TOOLS}

    def seed(self) -> None:
        """Load rabbitmq.json, and publish the messages."""
        first = next(iter(self.process))
        self._send("PUT", "/vhosts/shop", {})
        wait_for("vhost shop on every node", lambda: self._is_everywhere(first, "shop"), seconds=60)
        self._send("POST", "/definitions", json.loads(_DEFINITIONS.read_text()))
        for key, count in _MESSAGES.items():
            for n in range(count):
                properties = {"delivery_mode": 2, "content_type": "application/json"}
                body = {"properties": properties, "routing_key": key, "payload_encoding": "string"}
                body["payload"] = json.dumps({"order": n, "key": key})
                if not json.loads(self._send("POST", "/exchanges/shop/orders/publish", body))["routed"]:
                    raise LabError(f"a message for {key} met no queue")

    def _is_everywhere(self, member: str, vhost: str) -> bool:
        """A vhost made while a node still boots stays stopped there, and declaring a queue in it hangs: start it."""
        state = json.loads(self._get(member, f"/vhosts/{vhost}")[1])["cluster_state"]
        for node in [node for node, value in state.items() if value != "running"]:
            self._send("POST", f"/vhosts/{vhost}/start/{node}", {})
        return len(state) == len(self.process) and set(state.values()) == {"running"}

    def _get(self, member: str, path: str) -> tuple[int, bytes]:
        url = f"http://{self.pod[member].address}:15672/api{path}"
        return ask("GET", url, authorization=_AUTHORIZATION, timeout=5)

    def _send(self, method: str, path: str, body: object) -> bytes:
        url = f"http://{self.pod['rabbit-0'].address}:15672/api{path}"
        status, answer = ask(method, url, authorization=_AUTHORIZATION, body=body, timeout=60)
        if status >= 300:
            raise LabError(f"{method} {path}: {status} {answer[:500]!r}")
        return answer

    def _node(self, member: str) -> str:
        return f"rabbit@{self.pod[member].host}"

    def _settings(self, member: str) -> dict[str, str]:
        own = self.home / member
        return {
            "HOME": str(self.home / "home"),  # where the cookie is
            "RABBITMQ_CONF_ENV_FILE": str(self.home / "none"),  # not the machine's
            "RABBITMQ_NODENAME": self._node(member),
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_DIST_PORT": "25672",
            "RABBITMQ_CONFIG_FILE": str(own / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(own / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(own / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(own / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_LOGS": str(self.home / "log" / f"{member}.log"),
            "RABBITMQ_PID_FILE": str(own / "rabbit.pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(own / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(own / "config"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +SDio 2",
        }

    def _settings_of_tools(self, member: str) -> dict[str, str]:
        return {key: value for key, value in self._settings(member).items() if key in _OF_TOOLS}

    def _configure(self, member: str) -> None:
        own, home = self.home / member, self.home / "home"
        for path in (own, home):
            path.mkdir(parents=True, exist_ok=True)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(COOKIE)
            cookie.chmod(0o400)
        (own / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
        discovery = "cluster_formation.classic_config.nodes"
        peers = [f"{discovery}.{n} = {self._node(peer)}" for n, peer in enumerate(self.process, 1)]
        crt, key = server_certificate(self._pki, "rabbitmq", self.pods)
        lines = [
            f"default_user = {USER}", f"default_pass = {PASSWORD}", "loopback_users = none", "cluster_name = lab",
            "cluster_formation.peer_discovery_backend = classic_config", *peers,
            "cluster_partition_handling = pause_minority", "queue_master_locator = min-masters",
            "vm_memory_high_watermark.absolute = 400MB", "disk_free_limit.absolute = 50MB",
            "management.tcp.port = 15672", f"management.ssl.port = {SECURE}", f"management.ssl.certfile = {crt}",
            f"management.ssl.keyfile = {key}", f"management.ssl.cacertfile = {self._pki / 'ca.crt'}",
            "collect_statistics_interval = 5000", "log.console = false", "log.file.level = info",
        ]  # fmt: skip
        (own / "rabbitmq.conf").write_text("\n".join(lines) + "\n")


def _connects(address: tuple[str, int]) -> bool:
    with socket.create_connection(address, timeout=2):
        return True
