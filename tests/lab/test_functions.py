"""Pulsar's functions on a real functions worker: what runs, what failed, against the worker's own status.

One broker is started anew with a worker, whose functions are threads of it, and anew without one at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lab.brokers.asking import ask
from tests.lab.brokers.packages import DIST
from tests.lab.brokers.pulsar import FUNCTIONS, Pulsar
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Object = dict[str, Any]
_PATIENCE = 180.0
_BROKER, _SPACE = "broker-1", "shop/orders"
_EXAMPLES = "org.apache.pulsar.functions.api.examples"


class Worker:
    """The broker with a functions worker, asked at its own address."""

    def __init__(self, pulsar: Staged) -> None:
        self._pulsar = pulsar
        self._authorization = f"Bearer {pulsar.secret('pulsar-token-admin', 'TOKEN')}"
        self._names = {pulsar.pod(one).host: pulsar.pod(one).address for one in pulsar.members}

    def said(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        url = f"http://{self._pulsar.pod(_BROKER).address}:8080{path}"
        return ask(method, url, authorization=self._authorization, body=body, timeout=120, names=self._names)

    def status(self, name: str) -> Object:
        """Of the one instance."""
        status, told = self.said("GET", f"/admin/v3/functions/{_SPACE}/{name}/status")
        assert status == 200, told
        return json.loads(told)["instances"][0]["status"]

    def make(self, name: str, example: str) -> None:
        """One that reads `NAME-in` and writes `NAME-out`; said by the tool, since it uploads the jar."""
        there = ("--tenant", "shop", "--namespace", "orders", "--name", name)
        topics = ("--inputs", f"persistent://{_SPACE}/{name}-in", "--output", f"persistent://{_SPACE}/{name}-out")
        what = (
            "--jar",
            str(DIST / f"pulsar-{Pulsar.version}/examples/api-examples.jar"),
            "--classname",
            f"{_EXAMPLES}.{example}",
        )
        at = f"http://{self._pulsar.pod(_BROKER).host}:8080"
        tool = ("pulsar-admin", "--admin-url", at, "functions", "create", *there, *topics, *what)
        done = self._pulsar.tool(_BROKER, *tool)
        assert done.returncode == 0, done.stderr + done.stdout

    def produce(self, topic: str, count: int) -> None:
        messages = [{"payload": f"message {n}"} for n in range(count)]
        body = {"producerName": "lab", "messages": messages}
        status, said = self.said("POST", f"/topics/persistent/{_SPACE}/{topic}", body)
        assert status < 300, said


def rows(lab: Lab) -> dict[str, Object]:
    """What the pane shows of these tests' functions."""
    done = lab.run([PILOTHOUSE, "get", "pulsar.functions", "-o", "json", "--timeout", "60"])
    found = json.loads(done.stdout or "[]")
    return {row["key"]: row for row in found if row["key"].startswith(f"{_SPACE}/")}


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(1.0)


@pytest.fixture
def worker(staged: Callable[[str], Staged]) -> Iterator[Worker]:
    pulsar = staged("pulsar")
    found = Worker(pulsar)
    again(pulsar, "touch")
    yield found
    for name in ("exclaim", "fail"):
        found.said("DELETE", f"/admin/v3/functions/{_SPACE}/{name}")
        for end in ("in", "out"):
            found.said("DELETE", f"/admin/v2/persistent/{_SPACE}/{name}-{end}?force=true")
    again(pulsar, "rm", "-f")


def again(pulsar: Staged, *command: str) -> None:
    """Start the broker anew, with or without a worker."""
    assert pulsar.tool(_BROKER, *command, f"{_BROKER}/{FUNCTIONS}").returncode == 0
    pulsar.stop(_BROKER)
    pulsar.start(_BROKER)


def test_without_a_worker_that_is_said(lab: Lab, staged: Callable[[str], Staged]) -> None:
    assert staged("pulsar").members
    done = lab.run([PILOTHOUSE, "get", "pulsar.functions", "--timeout", "60"])
    assert "functions are not enabled in these brokers (functionsWorkerEnabled)" in done.stdout + done.stderr


def test_functions_are_those_of_the_worker_with_what_they_did(lab: Lab, worker: Worker) -> None:
    worker.make("exclaim", "ExclamationFunction")
    worker.make("fail", "UserExceptionFunction")
    until(lambda: worker.status("exclaim")["running"] and worker.status("fail")["running"], "they do not run")
    worker.produce("exclaim-in", 7)
    worker.produce("fail-in", 3)
    until(lambda: worker.status("exclaim")["numSuccessfullyProcessed"] == 7, "nothing is processed")
    until(lambda: worker.status("fail")["numUserExceptions"] > 0, "nothing fails")
    found = rows(lab)
    assert sorted(found) == [f"{_SPACE}/exclaim:0", f"{_SPACE}/fail:0"]
    exclaim, fail = found[f"{_SPACE}/exclaim:0"], found[f"{_SPACE}/fail:0"]
    assert (exclaim["kind"], exclaim["state"], exclaim["received"], exclaim["processed"]) == (
        "function",
        "running",
        7,
        7,
    )
    assert exclaim["worker"] == worker.status("exclaim")["workerId"]
    assert exclaim["exceptions"] == 0
    assert fail["exceptions"] > 0
    assert fail["last_exception"], fail
