"""The systems on the screen: a start with them, keys over a long list of queues, and one that hangs beside another."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.figure import Figure, median, quantile
from tests.benchmarks.live import key_times, lateness
from tests.benchmarks.stage import Stage
from tests.terminal import PILOTHOUSE, Terminal

QUEUES = 20_000
_CADENCE = 5.0
"""Seconds between two looks at Redis while its pane is open."""
_PANES = ("rabbitmq.queues", "redis.members", "kafka.topics", "pulsar.topics", "zookeeper.members")
_TAIL = 10.0
_WAIT = 180.0
"""Seconds until nothing will come any more, however busy the machine is."""


class Brokers:
    """The simulated servers (`tests.benchmarks.brokers`), and consoles that know them and no cluster."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, path: str) -> None:
        self._process = process
        self._env = {"HOME": str(folder), "PATH": path}
        self._folder = folder

    def tell(self, line: str) -> float:
        """What they answer to a line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline()))

    def console(self, pane: str, *, systems: bool = True, **extra: str) -> Terminal:
        """The console on a pane; without `systems` it is configured for none of the five."""
        config = ("--config", str(self._folder / "config.toml")) if systems else ()
        return Terminal([PILOTHOUSE, "--theme", "dark", *config, "--start", pane], env={**self._env, **extra})


@contextmanager
def served(stage: Stage, queues: int) -> Generator[Brokers]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.brokers", folder, str(queues)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=dict(stage.env)) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield Brokers(process, Path(folder), stage.env["PATH"])
            finally:
                process.stdin.close()
                process.wait(20)


def systems(stage: Stage) -> Iterator[Figure]:
    """See the module."""
    queues = QUEUES // 10 if stage.short else QUEUES
    with served(stage, queues) as brokers:
        yield from _starts(stage, brokers)
        yield from _keys(stage, brokers, queues)
        yield from _hang(stage, brokers)


def _starts(stage: Stage, brokers: Brokers) -> Iterator[Figure]:
    """In turns, with and without them, so that what else the machine does hits both."""
    alone: list[float] = []
    together: list[float] = []
    rows: dict[str, list[float]] = {pane: [] for pane in _PANES}
    for _ in range(3 if stage.short else 8):
        for found, known in ((alone, False), (together, True)):
            with brokers.console("help", systems=known) as console:
                found.append(console.first_paint())
        for pane, took in rows.items():
            with brokers.console(pane) as console:
                took.append(console.until(lambda text, pane=pane: _rows(text, pane) > 0, _WAIT) - console.started)
    note = f"{median(together):.2f} s with them, {median(alone):.2f} s without"
    yield Figure("first paint with systems, of that without", median(together) / median(alone), 1.2, "x", note)
    for pane, took in rows.items():
        yield Figure(
            f"start to first rows, {pane}", median(took), 3.0, "s", f"worst {max(took):.2f} s of {len(took)}", _TAIL
        )


def _keys(stage: Stage, brokers: Brokers, queues: int) -> Iterator[Figure]:
    """While the list is asked for again, page after page."""
    with brokers.console("rabbitmq.queues") as console:
        console.until(lambda text: _rows(text, "rabbitmq.queues") >= queues, _WAIT)
        time.sleep(2)
        brokers.tell("count")
        began = time.monotonic()
        took = key_times(console, 100 if stage.short else 300)
        time.sleep(max(0.0, 30 - (time.monotonic() - began)))
        asked = brokers.tell("count") / (time.monotonic() - began)
    note = f"p50 {median(took) * 1000:.1f} ms, the worst {max(took) * 1000:.0f} ms, {len(took)} keys, {queues:,} queues"
    yield Figure("RabbitMQ queues, key press to paint, p99", quantile(took, 0.99) * 1000, 50.0, "ms", note, _TAIL)
    yield Figure("RabbitMQ, all requests a second", asked, 1.0, "/s", "with members and what rules read, over 30 s")


def _hang(stage: Stage, brokers: Brokers) -> Iterator[Figure]:
    """RabbitMQ takes requests and answers none, while somebody looks at Redis."""
    seconds = 15.0 if stage.short else 60.0
    file = stage.home / "systems-loop"
    file.unlink(missing_ok=True)
    with brokers.console("redis.members", PILOTHOUSE_LOOP_PROBE=str(file)) as console:
        console.until(lambda text: _rows(text, "redis.members") > 0, _WAIT)
        console.press(":")
        console.type("rabbitmq.queues\r")
        console.until(lambda text: _rows(text, "rabbitmq.queues") > 0, _WAIT)
        console.press("esc")
        console.until(lambda text: _rows(text, "redis.members") > 0, _WAIT)
        at = time.monotonic()
        brokers.tell("rabbitmq hang")
        brokers.tell("gap")
        time.sleep(seconds)
        gap = brokers.tell("gap")
        brokers.tell("rabbitmq fine")
    name = "another system while RabbitMQ hangs, longest rest"
    yield Figure(name, gap / _CADENCE, 2.0, "cadences", f"over {seconds:.0f} s; asked is one cadence late at most")
    yield from lateness(file, at, before="systems start", after="while RabbitMQ hangs")


def _rows(text: str, pane: str) -> int:
    """How many rows the pane's title tells; 0 while another pane is there."""
    title = next((line for line in text.splitlines() if line.startswith(f" {pane} (")), "")
    number = title.partition("(")[2].partition(")")[0].rpartition(" of ")[2].replace(",", "")
    return int(number) if number.isdigit() else 0
