"""The members' output as their pods' logs, in the format that kubelets read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.lab.brokers.pods import Pod, pods
from tests.lab.world.place import Place

_BEGINNING = 20_000  # bytes of what a member said before somebody copied
_AT_ONCE = 1_000_000


def log_of(place: Place, pod: Pod) -> Path:
    """The pod's log, one for all of its containers."""
    return place.root / "brokers" / "log" / f"{pod.name}.log"


def copy_logs(place: Place, systems: Iterable[str]) -> None:
    """Copy what these systems' members say, for ever."""
    marks: dict[Path, int] = {}
    targets = {pod: log_of(place, pod) for pod in pods(place, systems)}
    while True:
        for pod, target in targets.items():
            folder = place.root / "brokers" / pod.system / "log"
            for source in [folder / f"{member}{ending}" for member in pod.members for ending in (".out", ".log")]:
                if source.exists():
                    _copy(source, target, marks)
        time.sleep(0.5)


def _copy(source: Path, target: Path, marks: dict[Path, int]) -> None:
    size = source.stat().st_size
    mark = marks.setdefault(source, max(0, size - _BEGINNING))
    if size > mark:
        with source.open("rb") as file:
            file.seek(mark)
            new = file.read(_AT_ONCE)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        with target.open("a") as file:
            file.writelines(f"{now} stdout F {line}\n" for line in new.decode(errors="replace").splitlines())
        marks[source] = mark + len(new)
    elif size < mark:
        marks[source] = size
