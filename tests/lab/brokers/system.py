"""What one system is to the lab: its members, how each is started and asked, its Secrets, and its tools."""

from __future__ import annotations

import shlex
import shutil
import signal
import time
from collections.abc import Iterable, Mapping, Sequence

from tests.lab.brokers import packages
from tests.lab.brokers.asking import wait_for
from tests.lab.brokers.pods import Pod, pods
from tests.lab.brokers.process import Process, inside
from tests.lab.world.place import Place

Environment = Mapping[str, str]


class System:
    """A system with all of its members. Addresses are the pods', which answer in the lab's namespace only."""

    name: str
    packages: tuple[str, ...] = ()  # of Debian
    patience = 300.0  # seconds until a member answers

    def __init__(self, place: Place) -> None:
        self.home = place.root / "brokers" / self.name
        self.pods = pods(place, [self.name])
        self.space = self.pods[0].space
        self.pod: dict[str, Pod] = {member: pod for pod in self.pods for member in pod.members}
        self.process = {member: Process(self.home, member, pod) for member, pod in self.pod.items()}

    # -- what a system must say ------------------------------------------------------------------------------------

    def spawn(self, member: str) -> None:
        """Start a member and do not wait."""
        raise NotImplementedError

    def answers(self, member: str) -> bool:
        """What its readiness probe would say; may raise one of asking.NOT_YET."""
        raise NotImplementedError

    def seed(self) -> None:
        """Load the test data; all members answer."""

    def layers(self, *, fresh: bool) -> list[list[str]]:
        """The members in the order in which they are started; those of one layer together."""
        return [list(self.process)]

    def secrets(self) -> dict[str, dict[str, bytes]]:
        """The Secrets that its chart would have made, in the namespace that is called as the system."""
        return {}

    def tools(self, member: str) -> dict[str, str]:
        """Scripts by name: what is on the PATH of the member's container beside the machine's own commands."""
        return {}

    def environment(self, member: str) -> Environment:
        """What is set for commands in the member's container."""
        return {}

    def missing(self) -> list[str]:
        """What must be fetched before it can start, in words."""
        return [f"the Debian package {name}" for name in packages.not_installed(self.packages)]

    def fetch(self) -> None:
        """Fetch what is missing but Debian's packages."""

    # -- what all of them do ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start all members that do not run, wait until they answer, and load the test data once."""
        self.home.mkdir(parents=True, exist_ok=True)
        seeded = self.home / "seeded"
        for layer in self.layers(fresh=not seeded.exists()):
            for member in layer:
                self.spawn(member)
            for member in layer:
                self.wait(member)
        if not seeded.exists():
            self.seed()
            seeded.touch()

    def wait(self, member: str) -> None:
        """Return when the member answers."""
        wait_for(member, lambda: self.answers(member), seconds=self.patience, process=self.process[member])

    def stop(self, member: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop one member."""
        self.process[member].stop(60, how)

    def end(self) -> None:
        """Stop all members in an orderly way, the last layer first and those of one layer together."""
        for layer in reversed(self.layers(fresh=False)):
            for member in layer:
                self.process[member].signal(signal.SIGTERM)
                self.process[member].signal(signal.SIGCONT)
            for member in layer:
                self.stop(member)

    def speaker(self, pod: Pod) -> str:
        """The member whose tools a container without a member of its own has."""
        return (pod.members or tuple(self.process))[0]

    def entry(self, pod: Pod, member: str) -> list[str]:
        """What runs a command in the container of this member, when the command is added."""
        settings = {"LAB_TOOLS": str(self.home / "bin" / member), **self.environment(member)}
        return ["env", f"--chdir={self.home}", *(f"{key}={value}" for key, value in settings.items()), *inside(pod)]

    def write_tools(self) -> None:
        """Write the members' tools to where `entry` finds them."""
        for member in self.process:
            folder = self.home / "bin" / member
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, text in self.tools(member).items():
                (folder / name).write_text(text)
                (folder / name).chmod(0o755)


def script(command: Sequence[object], environment: Environment | None = None, *, before: str = "") -> str:
    """A shell script that becomes `command` with its own arguments behind; `before` may change them."""
    settings = [f"{key}={shlex.quote(value)}" for key, value in (environment or {}).items()]
    return f'#!/bin/sh\n{before}exec env {" ".join([*settings, *map(shlex.quote, map(str, command))])} "$@"\n'


def kill_all(place: Place) -> None:
    """End every process that any system of this lab left, at once and without ceremony."""
    left = [*(place.root / "brokers").glob("*/run/*.pid")]
    kill(Process(path.parents[1], path.stem, pods(place)[0]) for path in left)


def kill(processes: Iterable[Process]) -> None:
    """End these, at once and without ceremony."""
    owners = list(processes)
    for process in owners:
        process.signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(process.pid() for process in owners) and time.monotonic() < deadline:
        for process in owners:
            process.exit_code()  # where it is our child
        time.sleep(0.05)
