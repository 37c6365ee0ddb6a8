"""Redis: a primary with two replicas, and three Sentinels that watch over them."""

from __future__ import annotations

import os
import signal

from tests.lab.brokers.asking import say, wait_for
from tests.lab.brokers.secured import server_certificate
from tests.lab.brokers.system import Environment, System
from tests.lab.world.place import LabError, Place

PASSWORD, SENTINEL_PASSWORD, MASTER = "redis-lab", "sentinel-lab", "mymaster"
SECURE = {"redis": 6380, "sentinel": 26380}
"""The listeners with TLS."""
_REPLICAS = 2


class Redis(System):
    """Members redis-0 to redis-2 and sentinel-0 to sentinel-2; both of a number run in one pod."""

    name = "redis"
    packages = ("redis-server", "redis-tools")
    patience = 60.0

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._pki = place.pki

    def layers(self, *, fresh: bool) -> list[list[str]]:
        servers = [member for member in self.process if member.startswith("redis")]
        return [servers, [member for member in self.process if member not in servers]]

    def start(self) -> None:
        super().start()
        for member in self.process:
            wait_for(f"{member} knows its place", lambda one=member: self._knows_its_place(one), seconds=120)

    def spawn(self, member: str) -> None:
        kind, own = member.partition("-")[0], self.home / member
        configuration = own / f"{kind}.conf"
        if not configuration.exists():  # both rewrite theirs at a failover
            own.mkdir(parents=True, exist_ok=True)
            lines = [*self._secure(kind), *(self._server(member) if kind == "redis" else self._sentinel(member))]
            text = "\n".join(["bind 0.0.0.0", f"dir {own}", "daemonize no", *lines])
            configuration.write_text(text + "\n")
        options = [] if kind == "redis" else ["--sentinel"]
        self.process[member].start(["redis-server", configuration, *options])

    def answers(self, member: str) -> bool:
        return self._say(member, "PING") == "PONG"

    def stop(self, member: str, how: signal.Signals = signal.SIGTERM) -> None:
        self.process[member].stop(15, how)

    def secrets(self) -> dict[str, dict[str, bytes]]:
        return {"my-redis-redis-ha": {"auth": PASSWORD.encode(), "sentinel-password": SENTINEL_PASSWORD.encode()}}

    def environment(self, member: str) -> Environment:
        """With it redis-cli needs no password."""
        own = PASSWORD if member.startswith("redis") else SENTINEL_PASSWORD
        return {"AUTH": PASSWORD, "SENTINELAUTH": SENTINEL_PASSWORD, "REDISCLI_AUTH": own}

    def seed(self) -> None:
        """500 keys session:N, and a list of three."""
        lines = "".join(f"SET session:{n} value-{n}\n" for n in range(500)) + "LPUSH jobs a b c\n"
        self._say("redis-0", text=lines)

    def _secure(self, kind: str) -> list[str]:
        """Who comes through TLS shows no certificate of its own; among each other they speak without."""
        crt, key = server_certificate(self._pki, "redis", self.pods)
        return [
            f"tls-port {SECURE[kind]}", f"tls-cert-file {crt}", f"tls-key-file {key}",
            f"tls-ca-cert-file {self._pki / 'ca.crt'}", "tls-auth-clients no",
        ]  # fmt: skip

    def _server(self, member: str) -> list[str]:
        address, first = self.pod[member].address, self.pod["redis-0"].address
        return [
            "port 6379", "appendonly yes", "save 900 1", f"requirepass {PASSWORD}", f"masterauth {PASSWORD}",
            "maxmemory 64mb", f"replica-announce-ip {address}", "replica-announce-port 6379",
            "repl-diskless-sync-delay 0", *([f"replicaof {first} 6379"] if address != first else []),
        ]  # fmt: skip

    def _sentinel(self, member: str) -> list[str]:
        address, first = self.pod[member].address, self.pod["redis-0"].address
        watch = {
            "monitor": f"{first} 6379 2", "auth-pass": PASSWORD, "down-after-milliseconds": "3000",
            "failover-timeout": "10000", "parallel-syncs": "1",
        }  # fmt: skip
        return [
            "port 26379", f"requirepass {SENTINEL_PASSWORD}", f"sentinel sentinel-pass {SENTINEL_PASSWORD}",
            f"sentinel announce-ip {address}", "sentinel announce-port 26379",
            *(f"sentinel {key} {MASTER} {value}" for key, value in watch.items()),
        ]  # fmt: skip

    def _knows_its_place(self, member: str) -> bool:
        """A server is the one primary or its replica with the link up; a Sentinel knows all others.

        A former primary comes back as a second one, until Sentinel turns it into a replica some 10 s later.
        """
        if member.startswith("sentinel"):
            quorum = self._say(member, "SENTINEL", "CKQUORUM", MASTER)
            replicas = self._say(member, "SENTINEL", "REPLICAS", MASTER).count("runid")
            return quorum.startswith("OK 3 usable") and replicas >= _REPLICAS
        primary = self._say("sentinel-0", "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER).split()[0]
        about = self._say(member, "INFO", "replication")
        if self.pod[member].address == primary:
            return "role:master" in about
        return "role:slave" in about and "master_link_status:up" in about

    def _say(self, member: str, *command: str, text: str | None = None) -> str:
        port = "6379" if member.startswith("redis") else "26379"
        where = ["redis-cli", "-h", self.pod[member].address, "-p", port]
        said = say([*where, *command], {**os.environ, **self.environment(member)}, text=text, seconds=5).strip()
        if text is not None and "ERR" in said:  # redis-cli ends with 0 all the same
            raise LabError(f"{member}: {said[:500]}")
        return said
