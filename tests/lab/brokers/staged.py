"""One staged system as tests hold it: its tools, and what can happen to its members."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from os import environ
from subprocess import CompletedProcess

from tests.lab.brokers.asking import NOT_YET
from tests.lab.brokers.bringup import is_ready, require
from tests.lab.brokers.pods import Pod
from tests.lab.brokers.process import Process
from tests.lab.brokers.systems import systems
from tests.lab.world import plane, staging
from tests.lab.world.api import Api
from tests.lab.world.place import LabError, Place

_READY_SECONDS = 300.0


def have(place: Place, name: str) -> Staged:
    """The system with its servers running; the first to ask waits for them."""
    made = Staged(place, name)
    if name not in staging.staged(place) or not plane.running(place, plane.STAGE):
        command = [sys.executable, "-m", "tests.lab.brokers.bringup", name]
        done = subprocess.run(
            command, env={**environ, **place.environment}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabError(f"{name} does not come up: {done.stderr[-3000:]}")
    return made


class Staged:
    """A system whose pods are real. A member is called as its kind and its pod's number: rabbit-0, sentinel-2."""

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        (self._system,) = systems(place, [name])
        require([self._system])
        self._disturbed: set[str] = set()

    @property
    def name(self) -> str:
        return self._system.name

    @property
    def space(self) -> str:
        """The Kubernetes namespace of its pods."""
        return self._system.space

    @property
    def members(self) -> list[str]:
        return list(self._system.process)

    def pod(self, member: str) -> Pod:
        """The pod in which the member runs: its name, its address, its host name within the cluster."""
        if member not in self._system.pod:
            raise LabError(f"{self.name} has no member {member}; it has {', '.join(self.members)}")
        return self._system.pod[member]

    def secret(self, name: str, key: str) -> str:
        """What stands in a Secret of the system."""
        return self._system.secrets()[name][key].decode()

    def tool(self, member: str, *command: str, text: str | None = None, seconds: float = 180) -> CompletedProcess[str]:
        """Run a command in the member's container, with `text` as its input; it may fail. For the system's own tools.

        It does not go through the API server: it says what a plugin should have been told.
        """
        entry = self._system.entry(self.pod(member), member)
        return subprocess.run(
            [*entry, *command], input=text, capture_output=True, text=True, timeout=seconds, check=False
        )

    def pid(self, member: str) -> int | None:
        """The member's process id, while it runs."""
        self.pod(member)
        return self._system.process[member].pid()

    def freeze(self, member: str) -> None:
        """The member hangs with its connections open, until `thaw` or the end of the test."""
        self._disturb(member).signal(signal.SIGSTOP)

    def thaw(self, member: str) -> None:
        """End `freeze`."""
        self._disturb(member).signal(signal.SIGCONT)

    def kill(self, member: str) -> None:
        """The member crashes; its container is started again, after a back-off where that happens often."""
        self._disturb(member).signal(signal.SIGKILL)

    def stop(self, member: str) -> None:
        """The member stops in an orderly way and stays away, until `start` or the end of the test."""
        process = self._disturb(member)
        process.hold.touch()
        self._system.stop(member)

    def start(self, member: str) -> None:
        """End `stop`, and wait until the member's pod is ready."""
        self._disturb(member).hold.unlink(missing_ok=True)
        self.wait(member)

    def wait(self, member: str) -> None:
        """Return when the member runs and its pod is ready."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self._is_well(member):
            if time.monotonic() > deadline:
                raise LabError(f"{member} is not ready; see {self._system.process[member].log}")
            time.sleep(0.2)

    def mend(self) -> None:
        """After a test: undo what was done to members by the methods above, and wait until they are well."""
        for member in self._disturbed:
            process = self._system.process[member]
            process.signal(signal.SIGCONT)
            process.hold.unlink(missing_ok=True)
        for member in self._disturbed:
            self.wait(member)
        self._disturbed.clear()

    def _disturb(self, member: str) -> Process:
        self.pod(member)
        self._disturbed.add(member)
        return self._system.process[member]

    def _is_well(self, member: str) -> bool:
        """It runs, answers, and the API server knows: that alone is up to a second behind."""
        try:
            if self.pid(member) is None or not self._system.answers(member):
                return False
        except NOT_YET:
            return False
        with Api(self._place) as api:
            return is_ready(api, self.pod(member))
