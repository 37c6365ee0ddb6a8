"""From the start of the process to its first paint, beside an empty Textual application."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, median
from tests.benchmarks.stage import EMPTY, Stage
from tests.terminal import Terminal


def start(stage: Stage) -> Iterator[Figure]:
    """Runs in pairs, one of each kind after the other, so that what else the machine does hits both."""
    pairs: list[tuple[float, float]] = []
    lost: list[float] = []
    nobody = _dead(stage)
    for _ in range(6 if stage.short else 16):
        empty, ours = empty_paint(stage), _first_paint(stage)
        pairs.append((empty, ours))
        lost.append(_first_paint(stage, KUBECONFIG=nobody) / empty)
    del pairs[0], lost[0]  # the disk cache was cold
    ratio = median([ours / empty for empty, ours in pairs])
    seen = (
        f"{median([ours for _, ours in pairs]) * 1000:.0f} ms, empty app {median([e for e, _ in pairs]) * 1000:.0f} ms"
    )
    yield Figure("start to first paint, of an empty app's", ratio, 1.5, "x", f"{seen}, {len(pairs)} pairs")
    yield Figure("the same with a dead API server", median(lost), 1.5, "x", "nobody answers at the address")


def empty_paint(stage: Stage) -> float:
    """Seconds that the empty application takes."""
    with Terminal(EMPTY, env=stage.env) as empty:
        return empty.first_paint()


def _first_paint(stage: Stage, **extra: str) -> float:
    with stage.console(**extra) as console:
        took = console.first_paint()
        console.until("pilothouse", 10)
        return took


def _dead(stage: Stage) -> str:
    """A kubeconfig whose server's address takes packets and never answers."""
    file = stage.home / "dead.kubeconfig"
    file.write_text(stage.lab.kubeconfig.read_text().replace("127.0.0.1", "10.244.255.254"))
    file.chmod(0o600)
    return str(file)
