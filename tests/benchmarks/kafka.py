"""A real Kafka with many partitions and groups: what one look at all lags costs it and us, and what stays in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.figure import Figure, median
from tests.benchmarks.kafka_load import AHEAD, END, GROUP, READ
from tests.benchmarks.stage import Stage
from tests.lab.brokers.staged import Staged, have
from tests.terminal import PILOTHOUSE

TOPICS, PARTITIONS, GROUPS = 200, 50, 500
SHORT = (40, 10, 50)
WINDOWS = 12
"""Cycles until every window of a group is full; what comes after should only take the place of what was."""
HALF_AN_HOUR = int(1800 / AHEAD)
_TOOL = "kafka-consumer-groups"


class Client:
    """The process of `kafka_load`, told line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def kafka(stage: Stage) -> Iterator[Figure]:
    """See the module. The brokers stay as they were found, for another run of this with LAB_KEEP=1."""
    size = SHORT if stage.short else (TOPICS, PARTITIONS, GROUPS)
    server = have(stage.lab.place, "kafka")
    with _client(stage, server) as client:
        took = client.tell(_words(size))
        stage.say(f"{size[0]} topics of {size[1]} partitions and {size[2]} groups: made in {took:.0f} s")
        try:
            yield from _cycles(stage, server, client, size)
            yield _memory(stage, client)
        finally:
            client.tell("drop")


@contextmanager
def _client(stage: Stage, server: Staged) -> Generator[Client]:
    names = [f"{pod.short}={pod.address}" for pod in map(server.pod, server.members)]
    command = [sys.executable, "-m", "tests.benchmarks.kafka_load", *names]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=dict(stage.env)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield Client(process)
        finally:
            process.stdin.close()
            process.wait(60)


def _words(size: Sequence[int]) -> str:
    return " ".join(["fill", *map(str, size)])


def _cycles(stage: Stage, server: Staged, client: Client, size: tuple[int, int, int]) -> Iterator[Figure]:
    """Ours, the tool and the headless command in turns; each must have told all groups with their lags."""
    _, partitions, groups = size
    behind = groups * partitions * (END - READ)
    client.tell("cycle")  # connects
    warm: list[float] = []
    tool: list[float] = []
    cold: list[float] = []
    asked = 0
    for _ in range(3 if stage.short else 5):
        told = client.tell("cycle")
        assert (told["groups"], told["lag"], told["faults"]) == (groups, behind, 0), told
        asked = max(asked, *told["requests"].values())
        warm.append(told["seconds"])
        tool.append(_by_tool(server, behind))
        cold.append(_headless(stage, behind))
    count = f"{groups} groups on {size[0] * partitions:,} partitions"
    yield Figure("Kafka, all lags, requests a broker and cycle", asked, 10, "", f"{count}, the most at any broker")
    seen = f"{median(warm):.2f} s, {_TOOL} {median(tool):.1f} s, in turns; {count}"
    yield Figure("Kafka, all lags, of its own tool's time", median(warm) / median(tool), 0.5, "x", seen)
    seen = f"`pilothouse get kafka.groups` {median(cold):.1f} s, with start, search and rows as JSON"
    yield Figure("the same by a new process", median(cold) / median(tool), 0.5, "x", seen)


def _by_tool(server: Staged, behind: int) -> float:
    bootstrap = f"{server.pod('kafka-0').short}:9092"
    before = time.perf_counter()
    done = server.tool("kafka-0", _TOOL, "--bootstrap-server", bootstrap, "--all-groups", "--describe", seconds=600)
    took = time.perf_counter() - before
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith(GROUP)]
    assert sum(int(words[5]) for words in lines) == behind, done.stderr
    return took


def _headless(stage: Stage, behind: int) -> float:
    command = [PILOTHOUSE, "get", "kafka.groups", "--instance", "kafka/my-cluster", "-o", "json", "--timeout", "300"]
    before = time.perf_counter()
    done = subprocess.run(command, env=dict(stage.env), capture_output=True, text=True, check=False)
    took = time.perf_counter() - before
    assert done.returncode == 0, done.stderr
    assert sum(row["lag"] for row in json.loads(done.stdout) if row["name"].startswith(GROUP)) == behind
    return took


def _memory(stage: Stage, client: Client) -> Figure:
    """The client alone, its clock set ahead between cycles: as many samples as half an hour has."""
    cycles = HALF_AN_HOUR // 5 if stage.short else HALF_AN_HOUR
    for _ in range(WINDOWS):
        client.tell("cycle")
    rss = [client.tell("cycle")["rss"] for _ in range(cycles)]
    tenth = max(1, len(rss) // 10)
    first, last = median(rss[:tenth]), median(rss[-tenth:])
    seen = f"{first / 1e6:.0f} MB, then {last / 1e6:.0f} MB after {cycles} cycles, {AHEAD:.0f} s of its clock each"
    return Figure("Kafka, memory after half an hour, of that after warm-up", last / first, 1.1, "x", seen)
