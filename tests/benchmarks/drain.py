"""Draining a node with stateless pods, beside `kubectl drain` on the same lab."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.figure import Figure, median
from tests.benchmarks.stage import Stage
from tests.lab.movable import NODE, SPACE, gather, movable
from tests.lab.world.api import Api
from tests.terminal import PILOTHOUSE

_PODS = 30


@dataclass(frozen=True, slots=True)
class _Times:
    """One drain: seconds from the first pod that was told to go to the last one gone, and of the whole command."""

    going: float
    whole: float


def drain(stage: Stage) -> Iterator[Figure]:
    """Turns of kubectl and us: the same pods on the same node, uncordoned in between."""
    stage.calm()
    with stage.lab.api() as api, movable(api, _PODS):
        theirs, ours = _turns(stage, api)
    base, going = median([run.going for run in theirs]), median([run.going for run in ours])
    around = median([run.whole - run.going for run in ours])
    yield Figure("drain of 30 pods, of kubectl drain's", going / base, 1.1, "x", f"{going:.2f} s, kubectl {base:.2f} s")
    whole = median([run.whole for run in theirs])
    yield Figure("everything around the evictions", around, 3.0, "s", f"kubectl's whole command takes {whole:.2f} s")


def _turns(stage: Stage, api: Api) -> tuple[list[_Times], list[_Times]]:
    kubectl = ("kubectl", "drain", NODE, "--ignore-daemonsets", "--delete-emptydir-data", "--force")
    # All replicas are on this node, which kubectl does not mind; we ask for consent to the short outage.
    mine = (PILOTHOUSE, "drain", NODE, "--reason", "benchmark", "--yes", "--decide", "outage")
    theirs: list[_Times] = []
    ours: list[_Times] = []
    for _ in range(2 if stage.short else 4):
        theirs.append(_timed(stage, api, kubectl))
        ours.append(_timed(stage, api, mine))
    return theirs, ours


def _timed(stage: Stage, api: Api, command: tuple[str, ...]) -> _Times:
    """All pods on the node, then the command; seen by a watcher of its own."""
    gather(api, _PODS)
    watcher = _Watcher(stage)
    before = time.monotonic()
    done = subprocess.run(command, env=dict(stage.env), capture_output=True, text=True, check=False, timeout=180)
    whole = time.monotonic() - before
    going = watcher.end()
    if done.returncode or going is None:
        raise AssertionError(f"{command[0]} left pods or failed ({done.returncode}): {done.stdout}{done.stderr}")
    return _Times(going, whole)


class _Watcher:
    """Watches the node's pods from a thread: when the first was told to go, and when the last was gone."""

    def __init__(self, stage: Stage) -> None:
        self._api = stage.lab.api()  # closed by `end`
        self._left: set[str] = set()
        self._first: float | None = None
        self._last: float | None = None
        self._stop = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        selector = f"/api/v1/namespaces/{SPACE}/pods?fieldSelector=spec.nodeName%3D{NODE}"
        pods = self._api.items(selector)
        now = time.monotonic()
        left = {pod["metadata"]["name"] for pod in pods}
        going = any("deletionTimestamp" in pod["metadata"] for pod in pods) or (self._left and left != self._left)
        if self._first is None and going:
            self._first = now
        if self._first is not None and not left and self._last is None:
            self._last = now
        self._left = self._left or left

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self._look()

    def end(self) -> float | None:
        """Seconds between the two; None when a pod is still there."""
        self._stop.set()
        self._thread.join()
        self._api.__exit__()
        return self._last - self._first if self._first is not None and self._last is not None else None
