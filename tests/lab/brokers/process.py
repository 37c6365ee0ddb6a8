"""One server as a process: started in its pod's namespaces, known by its file, stopped, frozen and killed.

Owns only what it started: a process id counts while that very process, by its start time, is there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.brokers.pods import Pod

_CONTAINER = Path(__file__).with_name("container.sh")
_KILLED = 128 + signal.SIGKILL


def inside(pod: Pod, command: Sequence[object] = ()) -> list[str]:
    """The command that runs `command` in the pod's namespaces."""
    return ["sh", str(_CONTAINER), pod.netns, pod.name, *map(str, command)]


class Process:
    """A member of a system; every method may be called in any state.

    While the file `hold` exists, nobody starts it: so a test stops a member for longer than its kubelet would.
    """

    def __init__(self, home: Path, name: str, pod: Pod) -> None:
        self.name, self.pod = name, pod
        self.home = home
        self.log = home / "log" / f"{name}.out"
        self.pidfile = home / "run" / f"{name}.pid"  # "PID START-TIME", which the kubelets' API reads too
        self.hold = home / "run" / f"{name}.hold"

    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return running(self.pidfile)

    def start(self, command: Sequence[object], environment: Mapping[str, str] | None = None) -> None:
        """Start it, unless it runs. Its output is appended to `log`."""
        if self.pid():
            return
        for path in (self.log, self.pidfile):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                inside(self.pod, command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home,
                env={**os.environ, **(environment or {})}, start_new_session=True,
            )  # fmt: skip
        self.pidfile.write_text(f"{child.pid} {_started(child.pid)}\n")
        child.returncode = 0  # it outlives us on purpose, and is found again by its file

    def stop(self, seconds: float = 60, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; SIGKILL where that takes longer than `seconds`."""
        pid = self.pid()
        if pid is None:
            return
        self.signal(how)
        self.signal(signal.SIGCONT)
        deadline = time.monotonic() + seconds
        while self.pid():
            if time.monotonic() > deadline:
                self.signal(signal.SIGKILL)
            time.sleep(0.05)

    def signal(self, which: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if pid := self.pid():
            os.kill(pid, which)

    def exit_code(self) -> int:
        """How it ended, as containers say it; 137 where another process started it."""
        try:
            pid, status = os.waitpid(int(self.pidfile.read_text().split()[0]), os.WNOHANG)
        except (OSError, ValueError):
            return _KILLED
        code = os.waitstatus_to_exitcode(status) if pid else _KILLED
        return code if code >= 0 else 128 - code

    def end_of_log(self, lines: int = 10) -> str:
        """What it said last."""
        if not self.log.exists():
            return "(no output)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def running(pidfile: Path) -> int | None:
    """The process of this file, while it runs; a zombie does not."""
    try:
        pid, started = pidfile.read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if _started(int(pid)) == started else None


def _started(pid: int) -> str | None:
    try:
        rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if rest[0] == "Z" else rest[19]
