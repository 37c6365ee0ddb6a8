"""Pulsar's functions on a real functions worker: what runs, what failed and what was stopped, as the worker says it.

One broker is started anew with a worker, whose functions are its threads, and anew without one at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.lab.brokers.packages import DIST
from tests.lab.brokers.pulsar import FUNCTIONS, Pulsar
from tests.lab.brokers.pulsar_conf import FUNCTIONS_SPACE
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.owned import Owned
from tests.lab.patience import TooEarlyError, until

pytestmark = pytest.mark.lab

Object = dict[str, Any]
_BROKER = "broker-1"
_SPACE = "functions/test"
_JAR = DIST / f"pulsar-{Pulsar.version}" / "examples" / "api-examples.jar"
_EXAMPLES = "org.apache.pulsar.functions.api.examples"
_NAMES = ("exclaim", "fail")


class Worker(Owned):
    """The broker with a functions worker, asked at its own address."""

    def said(self, path: str, method: str = "GET") -> tuple[int, Any]:
        """Status, and what it answers where it is 200."""
        status, told = self.asked(_BROKER, f"admin/{path}", method)
        return status, json.loads(told) if status == 200 else None

    def status(self, name: str) -> Object:
        """Of the one instance. Raises TooEarlyError while the worker cannot say."""
        status, told = self.said(f"v3/functions/{_SPACE}/{name}/status")
        if status != 200:
            raise TooEarlyError(f"the status of {name}: {status}")
        return told["instances"][0]["status"]

    def make(self, name: str, example: str, *more: str) -> None:
        """One that reads `NAME-in` and writes `NAME-out`, by the servers' own tool."""
        there = ("--fqfn", f"{_SPACE}/{name}")
        topics = ("--inputs", f"persistent://{_SPACE}/{name}-in", "--output", f"persistent://{_SPACE}/{name}-out")
        what = ("--jar", _JAR.as_uri(), "--classname", f"{_EXAMPLES}.{example}", *more)
        at = f"http://{self.staged.pod(_BROKER).host}:8080"
        done = self.staged.tool(
            _BROKER, "pulsar-admin", "--admin-url", at, "functions", "create", *there, *topics, *what
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def reads(self, name: str) -> bool:
        """It runs and has subscribed, from its next message on."""
        return bool(self.status(name)["running"] and self.admin(f"persistent/{_SPACE}/{name}-in/subscriptions"))

    def shown(self) -> dict[str, Object]:
        """The rows of these tests' functions."""
        return {name: row for name, row in self.pane("functions").items() if name.startswith(f"{_SPACE}/")}

    def restart(self, *flag: str) -> None:
        """The broker comes again, with or without a worker."""
        assert self.staged.tool(_BROKER, *flag, f"{_BROKER}/{FUNCTIONS}").returncode == 0
        self.staged.stop(_BROKER)
        self.staged.start(_BROKER)


@pytest.fixture
def worker(lab: Lab, staged: Callable[[str], Staged]) -> Iterator[Worker]:
    found = Worker(staged("pulsar"), "pulsar", lab)
    with found.space(_SPACE):
        try:
            found.restart("touch")
            until(lambda: found.said("v2/worker/cluster/leader/ready") == (200, True), "the worker does not begin")
            yield found
        finally:
            found.restart("rm", "-f")
            found.clear(FUNCTIONS_SPACE)  # all that a worker knows of functions


def test_functions_are_those_of_the_worker_with_what_they_did(worker: Worker) -> None:
    with ThreadPoolExecutor() as pool:  # each is a JVM
        once = ("--processing-guarantees", "ATMOST_ONCE")
        made = [pool.submit(worker.make, "exclaim", "ExclamationFunction")]
        made.append(pool.submit(worker.make, "fail", "UserExceptionFunction", *once))
        for one in made:
            one.result()
    until(lambda: all(worker.reads(name) for name in _NAMES), "they do not run")
    worker.produce(f"{_SPACE}/exclaim-in", 7)
    worker.produce(f"{_SPACE}/fail-in", 3)
    until(lambda: worker.status("exclaim")["numSuccessfullyProcessed"] == 7, "nothing is processed")
    until(lambda: worker.status("fail")["numUserExceptions"] >= 3, "nothing fails")
    until(lambda: as_shown(worker.shown()) == as_said(worker), "the pane is not what the worker says")
    assert as_said(worker)[f"{_SPACE}/fail:0"][-1] == "[java.lang.RuntimeException]: This wont work"
    assert worker.said(f"v3/functions/{_SPACE}/exclaim/stop", "POST")[0] < 300
    until(lambda: as_shown(worker.shown()).get(f"{_SPACE}/exclaim:0", ("",))[0] == "stopped", "it is not shown to stop")


def as_shown(rows: dict[str, Object]) -> dict[str, tuple[object, ...]]:
    keys = ("state", "worker", "received", "processed", "exceptions", "last_exception")
    return {name: tuple(row[key] for key in keys) for name, row in rows.items()}


def as_said(worker: Worker) -> dict[str, tuple[object, ...]]:
    """The same of the worker's status of each function."""
    return {f"{_SPACE}/{name}:0": _told(worker.status(name)) for name in _NAMES}


def _told(status: Object) -> tuple[object, ...]:
    raised = [one["exceptionString"] for one in status["latestUserExceptions"]]
    exceptions = status["numUserExceptions"] + status["numSystemExceptions"]
    done = (status["numReceived"], status["numSuccessfullyProcessed"], exceptions)
    return ("running" if status["running"] else "stopped", status["workerId"], *done, raised[-1] if raised else "")
