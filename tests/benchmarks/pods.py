"""All pods on the screen: from the start until the last one is painted, beside curl; and their memory."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, median
from tests.benchmarks.stage import Stage
from tests.benchmarks.start import empty_paint

_MB = 1e6


def pods(stage: Stage) -> Iterator[Figure]:
    """Runs in turns: the empty application, curl, the console."""
    stage.load(stage.pods)
    runs: list[tuple[float, float, float, float]] = []
    count = stage.count()
    for _ in range(3 if stage.short else 7):
        empty, curl = empty_paint(stage), stage.curl("/api/v1/pods")
        with stage.console("--start", "pods") as console:
            first = console.until(has_rows, 60) - console.started
            everything = console.until(stage.shows_all, 60) - console.started
        runs.append((empty, curl, first, everything))
    empty, curl, first, everything = (median([run[column] for run in runs]) for column in range(4))
    asked = median([run[0] + 2 * run[1] for run in runs])
    parts = f"{count:,} pods; curl {curl:.2f} s, empty app {empty:.2f} s, {len(runs)} runs"
    yield Figure("start to all pods painted", everything, asked, "s", parts)
    yield Figure("start to first rows", first, 1.0, "s", f"{first - empty:.2f} s after an empty app's first paint")


def has_rows(text: str) -> bool:
    """Whether the pods pane shows a row."""
    lines = text.splitlines()
    return any(line.startswith(" pods (") and not line.startswith(" pods (0)") for line in lines) and any(
        "Running" in line for line in lines
    )


def memory(stage: Stage) -> Iterator[Figure]:
    """Fresh processes at two sizes of the cluster; the difference is what a pod costs."""
    small = 500 if stage.short else 2_000
    stage.load(small)
    few, at_few = stage.count(), _resident(stage)
    stage.load(stage.pods)
    many, at_many = stage.count(), _resident(stage)
    yield Figure(f"memory, {many:,} pods live", at_many / _MB, 150.0, "MB", "RSS, median of fresh processes")
    if many == few:
        stage.say("the growth a pod needs a lab that was smaller before: measure memory first")
        return
    growth = (at_many - at_few) / (many - few)
    yield Figure("memory, growth a pod", growth / 1024, 2.0, "KB", f"{few:,} pods: {at_few / _MB:.0f} MB")


def _resident(stage: Stage) -> float:
    sizes: list[float] = []
    for _ in range(2 if stage.short else 3):
        with stage.live_pods() as console:
            sizes.append(console.resident())
    return median(sizes)
