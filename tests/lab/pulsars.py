"""A Pulsar of the lab as its tests see it: from one side by `pilothouse`, headless, from the other by its own API."""

from __future__ import annotations

import json
from subprocess import CompletedProcess
from typing import Any

from tests.lab.brokers.asking import ask
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.patience import TooEarlyError
from tests.terminal import PILOTHOUSE

Object = dict[str, Any]


class Told:
    """What the servers say themselves; the Secrets are called by the release."""

    def __init__(self, staged: Staged, release: str) -> None:
        self.staged, self.release = staged, release
        self._names = {staged.pod(one).host: staged.pod(one).address for one in staged.members}
        self._authorization = f"Bearer {staged.secret(f'{release}-token-admin', 'TOKEN')}"

    def admin(self, path: str, method: str = "GET", body: object = None) -> Any:
        """The brokers' REST API under /admin/v2; None for an empty answer, and where there is no such thing."""
        status, said = self._asked(f"/admin/v2/{path}", method, body)
        assert status < 300 or status == 404, (path, status, said)
        return json.loads(said) if said and status < 300 else None

    def gone(self, path: str) -> bool:
        """Delete it; while something of it is still being deleted, servers refuse or fail."""
        status, _ = self._asked(f"/admin/v2/{path}", "DELETE", None)
        return status < 300 or status == 404

    def bookie(self, path: str, member: str = "bookie-0") -> tuple[int, str]:
        """A bookie's HTTP."""
        status, said = ask("GET", f"http://{self.staged.pod(member).address}:8000/api/v1/{path}", timeout=120)
        return status, said.decode()

    def produce(self, topic: str, count: int) -> None:
        """So many messages."""
        messages = [{"key": f"key-{n}", "payload": f"message {n}"} for n in range(count)]
        status, said = self._asked(f"/topics/persistent/{topic}", "POST", {"producerName": "lab", "messages": messages})
        assert status < 300, said

    def backlog(self, topic: str, subscription: str) -> int:
        """What the owner counts now."""
        return self.admin(f"persistent/{topic}/stats")["subscriptions"][subscription]["msgBacklog"]

    def _asked(self, path: str, method: str, body: object) -> tuple[int, bytes]:
        url = f"http://{self.staged.pod('broker-0').address}:8080{path}"
        return ask(method, url, authorization=self._authorization, body=body, timeout=120, names=self._names)


class Cluster(Told):
    """The same with the console beside it, which calls it `space/release`."""

    def __init__(self, staged: Staged, release: str, lab: Lab) -> None:
        super().__init__(staged, release)
        self.lab = lab

    def pane(self, name: str) -> dict[str, Object]:
        """The rows of a pane by their keys; of ZooKeeper's own plugin, those of this Pulsar's ensemble."""
        words = (name, f"{self.release}-zookeeper") if "." in name else (f"pulsar.{name}", self.release)
        instance = f"{self.staged.space}/{words[1]}"
        done = self.lab.run([PILOTHOUSE, "get", words[0], "--instance", instance, "-o", "json", "--timeout", "90"])
        if not done.stdout:
            raise TooEarlyError(done.stderr)
        return {row["key"]: row for row in json.loads(done.stdout)}

    def tried(self, target: tuple[str, str], action: str, **answers: str) -> CompletedProcess[str]:
        """An action, which may be refused. `target`: pane and object."""
        kind, name = target
        given = [word for key, value in answers.items() for word in ("--set", f"{key}={value}")]
        where = ["--instance", f"{self.staged.space}/{self.release}", "--name", name, "--timeout", "90"]
        return self.lab.run([PILOTHOUSE, "act", f"pulsar.{kind}", name, action, *where, *given])

    def act(self, target: tuple[str, str], action: str, **answers: str) -> str:
        """What an action said that had to be done."""
        done = self.tried(target, action, **answers)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout
