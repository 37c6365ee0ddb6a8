"""A Pulsar of the lab as its tests see it: from one side by `pilothouse`, headless, from the other by its own API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any

from tests.lab.brokers.asking import ask
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE

Object = dict[str, Any]
_PATIENCE = 240.0
_LOOKS = 10


def until(is_so: Callable[[], bool], what: str) -> None:
    """Brokers make their page of topics every few seconds, and members take their time. At least ten looks are had."""
    deadline, looks = time.monotonic() + _PATIENCE, 1
    while not is_so():
        assert time.monotonic() < deadline or looks < _LOOKS, what
        time.sleep(1.0)
        looks += 1


@dataclass(frozen=True, slots=True)
class Cluster:
    """`space/release` is how the console calls it; its Secrets are called by its release."""

    lab: Lab
    staged: Staged
    release: str

    # -- the console

    def pane(self, name: str) -> dict[str, Object]:
        """The rows of a pane by their keys; of ZooKeeper's own plugin, those of this Pulsar's ensemble."""
        words = (name, f"{self.release}-zookeeper") if "." in name else (f"pulsar.{name}", self.release)
        instance = f"{self.staged.space}/{words[1]}"
        done = self.lab.run([PILOTHOUSE, "get", words[0], "--instance", instance, "-o", "json", "--timeout", "90"])
        assert done.stdout, done.stderr
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

    # -- its own words

    def admin(self, path: str, method: str = "GET", body: object = None) -> Any:
        """The brokers' REST API under /admin/v2; None for an empty answer, and where there is no such thing."""
        status, said = self._asked(f"/admin/v2/{path}", method, body)
        assert status < 300 or status == 404, (path, status, said)
        return json.loads(said) if said and status < 300 else None

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
        names = {self.staged.pod(one).host: self.staged.pod(one).address for one in self.staged.members}
        token = f"Bearer {self.staged.secret(f'{self.release}-token-admin', 'TOKEN')}"
        url = f"http://{self.staged.pod('broker-0').address}:8080{path}"
        return ask(method, url, authorization=token, body=body, timeout=120, names=names)
