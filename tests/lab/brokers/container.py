"""A container with a member in it, and what its kubelet remembers of it."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime

from tests.lab.brokers.asking import NOT_YET
from tests.lab.brokers.system import System
from tests.lab.world.api import Object

_BACKOFF = (0, 5, 10, 20, 40)  # seconds before a restart, by crashes in a row; kubelets go from 10 s to 5 minutes
_CALM = 60.0  # so long it must run for its crashes to be forgotten; kubelets take 10 minutes
_FAILURES = 3  # looks in a row without an answer, until it is unready


def timestamp() -> str:
    """Now, as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Container:
    """Keeps one member running, and says how it is."""

    def __init__(self, member: str, system: System) -> None:
        self.member, self.system, self.process = member, system, system.process[member]
        self.meet({})

    def meet(self, known: Object) -> None:
        """Begin with a pod of which the API server knows this status of the container, or nothing as yet."""
        self.restarts, self.last = int(known.get("restartCount", 0)), dict(known.get("lastState", {}))
        self.started = str(known.get("state", {}).get("running", {}).get("startedAt", ""))
        self.crashes, self.failures, self.ready = 0, 0, False
        self.began = self.retry_at = self.probe_at = 0.0

    def keep(self) -> None:
        """Run the member, with a back-off where it keeps dying, and probe it."""
        now = time.monotonic()
        running = self.process.pid()
        if not running and self.started:
            self._note_its_end(now)
        if not self.started and (running or now >= self.retry_at) and not (self.process.hold.exists() and not running):
            if not running:
                self.system.spawn(self.member)
            self.restarts += bool(self.crashes)
            self.began, self.started, self.probe_at = now, timestamp(), 0.0
        if self.started and now >= self.probe_at:
            self.failures = 0 if self._answers() else self.failures + 1
            self.ready = not self.failures or (self.ready and self.failures < _FAILURES)
            self.probe_at = time.monotonic() + (3.0 if self.ready and not self.failures else 0.5)

    def _note_its_end(self, now: float) -> None:
        self.crashes = 1 if now - self.began > _CALM else self.crashes + 1
        self.retry_at = now + self._pause
        code = self.process.exit_code()
        reason = "Error" if code else "Completed"
        ended = {"exitCode": code, "reason": reason, "startedAt": self.started, "finishedAt": timestamp()}
        self.last, self.started, self.ready = {"terminated": ended}, "", False

    @property
    def _pause(self) -> int:
        return _BACKOFF[max(0, min(self.crashes, len(_BACKOFF)) - 1)]

    def _answers(self) -> bool:
        try:
            return self.system.answers(self.member)
        except NOT_YET:
            return False

    def halt(self, how: signal.Signals) -> None:
        """Stop the member, if it runs."""
        if self.process.pid():
            self.system.stop(self.member, how)

    def status(self) -> Object:
        """As the API has it in containerStatuses, without the names."""
        message = f"back-off {self._pause}s restarting failed container"
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        state = {"running": {"startedAt": self.started}} if self.started else waiting
        return {
            "ready": self.ready,
            "started": bool(self.started),
            "restartCount": self.restarts,
            "lastState": self.last,
            "state": state,
        }
